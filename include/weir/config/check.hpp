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

/// What the daemon's code decides by itself, told by whoever knows it, so that the words here say
/// what will happen. Zero: unknown, then nothing is said.
struct daemon_facts {
    std::uint64_t descriptors_aside = 0;  ///< that it needs beside one a connection
    milliseconds drain_spread{0};         ///< over which limits.connections clients are sent away
};

/// `weir check`: what the daemon will do with these settings, for a person: listeners, who can
/// connect, the rules in their order, limits with their arithmetic, warnings. Ends with a line
/// feed; holds no secrets. `from.ok()` is required.
std::string explain(loaded const& from, machine const& on, daemon_facts const& facts = {});

}  // namespace weir::config
