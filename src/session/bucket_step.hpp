#pragma once

#include <weir/session/token_bucket.hpp>

#include <algorithm>

namespace weir {

/// What taking one token from a bucket comes to. A bucket is one point in time, when it is full
/// again; a token missing from it moves that point by the time in which one comes back.
struct bucket_step {
    milliseconds wait{0};  ///< zero: it can be taken, and the bucket is then full at `full`
    mono_time full{};
};

inline bucket_step step_bucket(mono_time full_since, token_bucket::limit const& l,
                               mono_time at) noexcept {
    if (!(l.per_second > 0)) return {milliseconds(0), full_since};
    // Clamped so that no configuration can overflow the clock: one in 11 days, three years deep.
    constexpr double interval_max = 1e15;
    constexpr double depth_max = 1e17;
    double const interval = std::clamp(1e9 / l.per_second, 1.0, interval_max);
    double const depth = std::min((std::max(l.burst, 1.0) - 1) * interval, depth_max);
    nanoseconds const each(static_cast<std::int64_t>(interval));
    nanoseconds const room(static_cast<std::int64_t>(depth));
    mono_time const from = std::max(full_since, at);
    nanoseconds const missing = from - at;
    if (missing <= room) return {milliseconds(0), from + each};
    return {std::chrono::ceil<milliseconds>(missing - room), full_since};
}

}  // namespace weir
