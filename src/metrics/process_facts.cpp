#include "metrics/families.hpp"

#include <dirent.h>
#include <fstream>
#include <iterator>
#include <sstream>
#include <sys/resource.h>
#include <unistd.h>

namespace weir::metrics {
namespace {

using prometheus::MetricType;

/// The fields of /proc/self/stat behind the name, which may hold blanks: [0] is the state.
std::vector<std::string> own_stat() {
    std::ifstream in("/proc/self/stat");
    std::string const text((std::istreambuf_iterator<char>(in)), {});
    auto const end = text.rfind(')');
    if (end == std::string::npos) return {};
    std::istringstream fields(text.substr(end + 1));
    return {std::istream_iterator<std::string>(fields), {}};
}

double boot_time() {
    std::ifstream in("/proc/stat");
    std::string word;
    double value = 0;
    while (in >> word) {
        if (word == "btime" && in >> value) return value;
    }
    return 0;
}

double open_descriptors() {
    auto* const d = ::opendir("/proc/self/fd");
    if (d == nullptr) return 0;
    double n = -3;  // ".", ".." and the one that is looking
    while (::readdir(d) != nullptr) ++n;
    ::closedir(d);
    return n;
}

}  // namespace

void add_process_facts(family_writer& w) {
    auto const stat = own_stat();
    if (stat.size() > 21) {
        auto const ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
        auto const number = [&stat](std::size_t i) { return std::stod(stat[i]); };
        w.value("process_cpu_seconds_total", "CPU time used, user and system.", MetricType::Counter,
                (number(11) + number(12)) / ticks);
        w.value("process_threads", "Number of threads.", MetricType::Gauge, number(17));
        w.value("process_start_time_seconds", "Start time, in seconds since 1970.",
                MetricType::Gauge, boot_time() + number(19) / ticks);
        w.value("process_virtual_memory_bytes", "Size of the address space.", MetricType::Gauge,
                number(20));
        w.value("process_resident_memory_bytes", "Resident memory.", MetricType::Gauge,
                number(21) * static_cast<double>(::sysconf(_SC_PAGESIZE)));
    }
    w.value("process_open_fds", "Open file descriptors.", MetricType::Gauge, open_descriptors());
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        w.value("process_max_fds", "Limit of open file descriptors.", MetricType::Gauge,
                static_cast<double>(limit.rlim_cur));
    }
}

}  // namespace weir::metrics
