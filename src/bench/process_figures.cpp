#include "bench/process_figures.hpp"

#include <filesystem>
#include <fstream>
#include <sched.h>
#include <sstream>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <system_error>
#include <unistd.h>

namespace weir::bench {

cpu_time cpu_of(pid_t pid) {
    std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
    std::string text((std::istreambuf_iterator<char>(in)), {});
    auto const name_end = text.rfind(')');  // a name may hold blanks and brackets
    if (name_end == std::string::npos) return {};
    std::istringstream fields(text.substr(name_end + 2));
    std::string skipped;
    for (int i = 0; i != 11; ++i) fields >> skipped;  // state to cmajflt
    double user = 0;
    double system = 0;
    fields >> user >> system;
    auto const ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
    return {user / ticks, system / ticks};
}

namespace {

std::uint64_t kilobytes_of(pid_t pid, std::string_view name) {
    std::ifstream in("/proc/" + std::to_string(pid) + "/smaps_rollup");
    std::string line;
    while (std::getline(in, line)) {
        if (line.starts_with(name)) return std::stoull(line.substr(name.size())) * 1024;
    }
    return 0;
}

}  // namespace

std::uint64_t private_dirty_of(pid_t pid) {
    return kilobytes_of(pid, "Private_Dirty:");
}

std::uint64_t resident_of(pid_t pid) {
    return kilobytes_of(pid, "Rss:");
}

std::size_t descriptors_of(pid_t pid) {
    std::error_code error;
    std::size_t n = 0;
    std::filesystem::directory_iterator all("/proc/" + std::to_string(pid) + "/fd", error);
    for (; !error && all != std::filesystem::directory_iterator(); all.increment(error)) ++n;
    return n;
}

std::size_t raise_descriptors() noexcept {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    ::getrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur;
}

bool keep_to_cpu(int cpu) noexcept {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<std::size_t>(cpu), &set);
    return ::sched_setaffinity(0, sizeof set, &set) == 0;
}

}  // namespace weir::bench
