#pragma once

#include "kit/seed.hpp"

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>

namespace weir {

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
