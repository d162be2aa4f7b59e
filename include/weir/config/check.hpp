#pragma once

#include <weir/config/load.hpp>

#include <cstdint>
#include <string>

namespace weir::config {

/// What the machine offers, for the arithmetic. 0: unknown, then nothing is said.
struct machine {
    unsigned cores = 0;
    std::uint64_t descriptors = 0;   ///< RLIMIT_NOFILE
    std::uint64_t memory_bytes = 0;  ///< that the daemon may use
};

/// `weir check`: what the daemon will do with these settings, for a person: listeners, who can
/// connect, the rules in their order, limits with their arithmetic, warnings. Ends with a line
/// feed; holds no secrets. `from.ok()` is required.
std::string explain(loaded const& from, machine const& on);

}  // namespace weir::config
