#include <weir/ops/available_memory.hpp>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace weir::ops {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t no_limit = std::numeric_limits<std::uint64_t>::max();

std::optional<std::uint64_t> number_in(std::string_view text) {
    std::uint64_t n = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
    if (error != std::errc{}) return std::nullopt;  // "max": no limit
    return n;
}

/// The least limit on the way from `group` up to the mount point of its hierarchy. In a container
/// the path may name groups that are not visible there; then the visible root holds the limit.
std::uint64_t least_limit(fs::path const& mount, std::string_view group, char const* file) {
    std::uint64_t least = no_limit;
    fs::path below = fs::path(group).relative_path();
    for (;;) {
        std::ifstream in(mount / below / file);
        std::string line;
        if (std::getline(in, line)) least = std::min(least, number_in(line).value_or(no_limit));
        if (below.empty()) return least;
        below = below.parent_path();
    }
}

bool names_memory(std::string_view controllers) {
    while (!controllers.empty()) {
        auto const end = std::min(controllers.find(','), controllers.size());
        if (controllers.substr(0, end) == "memory") return true;
        controllers.remove_prefix(std::min(end + 1, controllers.size()));
    }
    return false;
}

/// From /proc/self/cgroup: "0::/path" is version 2, "9:memory:/path" is version 1.
std::uint64_t cgroup_limit(fs::path const& root) {
    std::uint64_t least = no_limit;
    std::ifstream in(root / "proc/self/cgroup");
    for (std::string line; std::getline(in, line);) {
        auto const first = line.find(':');
        auto const second = line.find(':', first + 1);
        if (second == std::string::npos) continue;
        std::string_view const controllers =
            std::string_view(line).substr(first + 1, second - first - 1);
        std::string_view const group = std::string_view(line).substr(second + 1);
        if (controllers.empty()) {
            least = std::min(least, least_limit(root / "sys/fs/cgroup", group, "memory.max"));
        } else if (names_memory(controllers)) {
            least = std::min(
                least, least_limit(root / "sys/fs/cgroup/memory", group, "memory.limit_in_bytes"));
        }
    }
    return least;
}

std::uint64_t machine_memory(fs::path const& root) {
    std::ifstream in(root / "proc/meminfo");
    std::string name, unit;
    std::uint64_t kilobytes = 0;
    while (in >> name >> kilobytes) {
        if (name == "MemTotal:") return kilobytes * 1024;
        std::getline(in, unit);
    }
    return 0;
}

}  // namespace

std::uint64_t available_memory(fs::path const& root) {
    std::uint64_t const machine = machine_memory(root);
    std::uint64_t const group = cgroup_limit(root);
    if (machine == 0) return group == no_limit ? 0 : group;
    return std::min(machine, group);
}

std::uint64_t memory_limit_bytes(std::uint64_t option, std::uint64_t available) noexcept {
    if (option > 100) return option;
    return available == 0 ? no_limit : available / 100 * option;
}

}  // namespace weir::ops
