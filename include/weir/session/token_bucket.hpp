#pragma once

#include <weir/base/clock.hpp>

#include <cstdint>

namespace weir {

/// A rate limit: `rate` a second with a burst. 8 bytes; time passed in.
class token_bucket {
public:
    struct limit {
        double per_second = 0;  ///< 0: no limit
        double burst = 0;       ///< below 1 counts as 1
    };
    /// How long the debt of charge() takes to come back, at most.
    static constexpr seconds debt_max{10};
    /// Starts full.
    explicit token_bucket(mono_time at) noexcept : full_since_(at) {}
    /// Takes one. Zero: taken. Otherwise nothing was taken, and after that long one can be.
    milliseconds take(limit const& l, mono_time at) noexcept;
    /// Takes more for something that was let in already, beyond what is there if need be: the
    /// next take() waits for it.
    void charge(limit const& l, mono_time at, std::uint32_t tokens) noexcept;
    /// What take() would answer.
    milliseconds wait(limit const& l, mono_time at) const noexcept;

private:
    mono_time full_since_;  ///< when the bucket was, or will be, full
};

}  // namespace weir
