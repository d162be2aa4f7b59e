#pragma once

#include <chrono>
#include <cstdint>

namespace weir {

/// Monotonic time, for every duration and deadline. Passed in, so tests own it.
using mono_time = std::chrono::steady_clock::time_point;

/// Milliseconds since the Unix epoch, for what people and tokens mean by time. Never for order.
using wall_ms = std::int64_t;

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

inline constexpr mono_time never = mono_time::max();

/// One look at both clocks. A shard takes one at each turn of its loop and hands it down.
struct now {
    mono_time mono;
    wall_ms wall = 0;
};
now read_clocks() noexcept;

}  // namespace weir
