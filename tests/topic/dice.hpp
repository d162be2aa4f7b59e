#pragma once

#include <cstddef>
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

/// Random steps that are the same for a seed on every machine.
class dice {
public:
    explicit dice(std::uint64_t seed) : engine_(seed) {}
    /// 0 … n-1
    std::size_t below(std::size_t n) { return static_cast<std::size_t>(engine_() % n); }
    bool one_in(std::size_t n) { return below(n) == 0; }
    template <class Range>
    auto& pick(Range& from) {
        return from[below(from.size())];
    }

private:
    std::mt19937_64 engine_;
};

}  // namespace weir
