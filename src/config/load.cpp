#include "config/combination.hpp"
#include "config/merge.hpp"
#include "config/secret_files.hpp"

#include <weir/config/load.hpp>
#include <weir/config/option.hpp>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

// POSIX declares it nowhere that every C library agrees on.
extern char** environ;

namespace weir::config {
namespace {

struct descriptor {
    int fd;
    ~descriptor() {
        if (fd >= 0) ::close(fd);
    }
};

fault cannot_read(int error) {
    return {errc::unavailable, std::strerror(error)};
}

}  // namespace

settings default_settings() {
    static settings const defaults = [] {
        settings s;
        set_defaults(options(), &s);
        return s;
    }();
    return defaults;
}

settings development_settings() {
    settings s = default_settings();
    s.listen.public_listener.address = "127.0.0.1";
    s.listen.internal_listener.address = "127.0.0.1";
    s.auth.anonymous = true;
    // Everything comes from this machine, so a limit per address would be one for all clients.
    auto& l = s.limits;
    l.connections_per_ip = l.connections;
    l.handshakes_per_ip_per_second = l.handshakes_per_second;
    l.http_requests_per_ip_per_second = 1'000'000;
    s.session.detached.per_ip = s.session.detached.total;

    // Topics that have everything, so that every message of the protocol can be tried.
    topic_rule every = s.topics.front();
    every.subscribe = every.publish = access{.anyone = true};
    every.history = {.messages = 1000, .bytes = 1024 * 1024, .age = std::chrono::hours(1)};
    every.state = {.kind = state_kind::keyed, .keys = 1000};
    every.presence = true;
    // The demo page's cursors: only the newest of each counts, and only now.
    topic_rule cursors = s.topics.front();
    cursors.match = "demo.cursors";
    cursors.subscribe = cursors.publish = access{.anyone = true};
    cursors.slow = slow_kind::conflate;
    cursors.presence = true;
    s.topics = {cursors, every};
    return s;
}

result<file_content> read_file(std::string const& path, std::size_t most) {
    descriptor const file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (file.fd < 0) return cannot_read(errno);
    struct stat about{};
    if (::fstat(file.fd, &about) != 0) return cannot_read(errno);
    if (S_ISDIR(about.st_mode)) return cannot_read(EISDIR);

    file_content out;
    out.others_may_read = S_ISREG(about.st_mode) && (about.st_mode & S_IROTH) != 0;
    char block[16 * 1024];
    while (true) {
        ssize_t const n = ::read(file.fd, block, sizeof block);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return cannot_read(errno);
        if (n == 0) return out;
        if (out.bytes.size() + static_cast<std::size_t>(n) > most) {
            return fault{errc::too_large, "larger than " + std::to_string(most) + " bytes"};
        }
        out.bytes.append(block, static_cast<std::size_t>(n));
    }
}

environment read_environment() {
    environment out;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        std::string_view const text(*entry);
        std::size_t const equals = text.find('=');
        if (!text.starts_with("WEIR_") || equals == std::string_view::npos) continue;
        out.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    return out;
}

std::string credentials_directory() {
    char const* const directory = std::getenv("CREDENTIALS_DIRECTORY");
    return directory == nullptr ? std::string() : std::string(directory);
}

namespace {

/// Everything after the file, the same for every way of getting it.
void finish(loaded& out, merge& sources_so_far, fault_list& faults, sources const& from,
            bool file_read) {
    sources_so_far.variables(from.variables);
    sources_so_far.assignments(from.assignments);
    read_secret_files(out.values, out.origins, from, faults);
    // Without the file most values are not those that were meant.
    if (file_read) check_combinations(out.values, out.origins, faults);
    if (out.development) check_development(out.values, out.origins, faults);
    out.faults = faults.take();
}

}  // namespace

loaded load(sources const& from) {
    if (from.file) {
        auto const text = from.read(*from.file, file_bytes_max);
        if (text) return load_text(*from.file, text->bytes, from);
        loaded out;
        out.faults.push_back({severity::error, *from.file, 0, 0, {}, text.error().message});
        return out;
    }
    loaded out;
    out.development = true;
    out.values = development_settings();
    fault_list faults;
    merge all(out.values, out.origins, faults);
    finish(out, all, faults, from, true);
    return out;
}

loaded load_text(std::string_view name, std::string_view text, sources const& from) {
    loaded out;
    out.values = default_settings();
    fault_list faults;
    merge all(out.values, out.origins, faults);
    bool file_read = false;
    if (text.size() <= file_bytes_max) {
        file_read = all.file(name, text);
    } else {
        faults.add(severity::error, {layer::file, std::string(name), 0, 0}, {},
                   "larger than " + std::to_string(file_bytes_max) + " bytes");
    }
    finish(out, all, faults, from, file_read);
    return out;
}

}  // namespace weir::config
