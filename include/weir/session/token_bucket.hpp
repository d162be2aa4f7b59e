#pragma once

#include <weir/base/clock.hpp>

#include <cstdint>

namespace weir {

/// A rate limit: `rate` a second with a burst. 16 bytes; time passed in.
class token_bucket {
public:
    struct limit {
        double per_second = 0;  ///< 0: no limit
        double burst = 0;
    };
    /// Starts full.
    explicit token_bucket(mono_time at) noexcept;
    /// Takes one. Zero: taken. Otherwise nothing was taken, and after that long one can be.
    milliseconds take(limit const& l, mono_time at) noexcept;

private:
    mono_time full_since_;       ///< when the bucket was, or will be, full
};

}  // namespace weir
