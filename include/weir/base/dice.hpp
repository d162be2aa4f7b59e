#pragma once

#include <cmath>
#include <cstdint>

namespace weir {

/// 64 well-mixed bits of a number (the finalizer of SplitMix64).
constexpr std::uint64_t mix(std::uint64_t z) noexcept {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

/// Chance that is the same everywhere for the same seed: the standard's distributions are not.
class dice {
public:
    explicit constexpr dice(std::uint64_t seed) noexcept : state_(seed) {}

    constexpr std::uint64_t roll() noexcept { return mix(state_ += 0x9e3779b97f4a7c15U); }
    /// 0 to n - 1; 0 where n is 0.
    constexpr std::uint64_t below(std::uint64_t n) noexcept { return n == 0 ? 0 : roll() % n; }
    /// From 0 up to, but not including, 1.
    constexpr double part() noexcept { return static_cast<double>(roll() >> 11) * 0x1.0p-53; }
    constexpr double between(double low, double high) noexcept {
        return low + (high - low) * part();
    }
    /// How long until the next of events that come `rate` times a second, in seconds.
    double wait(double rate) noexcept { return -std::log(1.0 - part()) / rate; }

private:
    std::uint64_t state_;
};

}  // namespace weir
