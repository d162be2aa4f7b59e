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

/// A limit as times. Not for one without a rate.
struct bucket_shape {
    nanoseconds each{0};  ///< in which one token comes back
    nanoseconds room{0};  ///< in which all but one do
};

inline bucket_shape shape_of(token_bucket::limit const& l) noexcept {
    // Clamped so that no configuration can overflow the clock: one in 11 days, three years deep.
    constexpr double interval_max = 1e15;
    constexpr double depth_max = 1e17;
    double const interval = std::clamp(1e9 / l.per_second, 1.0, interval_max);
    double const depth = std::min((std::max(l.burst, 1.0) - 1) * interval, depth_max);
    return {nanoseconds(static_cast<std::int64_t>(interval)),
            nanoseconds(static_cast<std::int64_t>(depth))};
}

inline bucket_step step_bucket(mono_time full_since, token_bucket::limit const& l,
                               mono_time at) noexcept {
    if (!(l.per_second > 0)) return {milliseconds(0), full_since};
    auto const [each, room] = shape_of(l);
    mono_time const from = std::max(full_since, at);
    nanoseconds const missing = from - at;
    if (missing <= room) return {milliseconds(0), from + each};
    return {std::chrono::ceil<milliseconds>(missing - room), full_since};
}

/// Takes `tokens` whether they are there or not; answers when the bucket is full then.
inline mono_time charge_bucket(mono_time full_since, token_bucket::limit const& l, mono_time at,
                               std::uint32_t tokens) noexcept {
    if (!(l.per_second > 0)) return full_since;
    auto const [each, room] = shape_of(l);
    mono_time const from = std::max(full_since, at);
    mono_time const most = std::max(from, at + room + token_bucket::debt_max);
    double const wanted = static_cast<double>(each.count()) * tokens;
    double const left = static_cast<double>((most - from).count());
    return wanted >= left ? most : from + each * tokens;
}

}  // namespace weir
