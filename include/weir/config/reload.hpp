#pragma once

#include <weir/config/settings.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace weir::config {

enum class applies : std::uint8_t { now, restart };

/// One option whose value differs. Lists are one change as a whole; a secret shows as changed
/// without its value.
struct change {
    std::string path;
    std::string before;  ///< as YAML on one line, redacted
    std::string after;
    applies when = applies::now;
    bool operator==(change const&) const = default;
};

/// In the order of the option table.
std::vector<change> diff(settings before, settings after);

/// `running` with those options of `wanted` that apply without a restart: what a reload installs.
settings reloadable_part(settings running, settings wanted);

}  // namespace weir::config
