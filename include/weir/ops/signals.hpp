#pragma once

#include <cstdint>

namespace weir::ops {

enum class signal_action : std::uint8_t { none, reload, drain, stop };

/// What a signal asks of the daemon. SIGTERM and SIGINT drain; SIGINT during a drain stops at once;
/// SIGHUP reloads, but not any more during a drain.
signal_action action_of(int signal, bool draining) noexcept;

}  // namespace weir::ops
