#pragma once

#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>

namespace weir::ws {

/// A fresh seed for each run, or WEIR_TEST_SEED to repeat one. Say it in a SCOPED_TRACE.
inline std::uint64_t test_seed() {
    static std::uint64_t const seed = [] {
        if (char const* fixed = std::getenv("WEIR_TEST_SEED"))
            return std::strtoull(fixed, nullptr, 10);
        return static_cast<unsigned long long>(std::random_device{}());
    }();
    return seed;
}

inline std::string seed_trace() {
    return "WEIR_TEST_SEED=" + std::to_string(test_seed());
}

using random_source = std::mt19937_64;

/// From 0 to `most`.
inline std::size_t pick(random_source& random, std::size_t most) {
    return std::uniform_int_distribution<std::size_t>(0, most)(random);
}

}  // namespace weir::ws
