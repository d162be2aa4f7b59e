#pragma once

#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>

namespace weir {

/// A fresh seed for each run, or WEIR_TEST_SEED to repeat one. Say it in a SCOPED_TRACE.
inline std::uint64_t test_seed() {
    static std::uint64_t const seed = [] {
        char const* const wanted = std::getenv("WEIR_TEST_SEED");
        return wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : std::random_device{}();
    }();
    return seed;
}
inline std::string seed_trace() {
    return "WEIR_TEST_SEED=" + std::to_string(test_seed());
}

}  // namespace weir
