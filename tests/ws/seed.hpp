#pragma once

#include "kit/seed.hpp"

#include <cstddef>
#include <random>

namespace weir::ws {

using random_source = std::mt19937_64;

/// From 0 to `most`.
inline std::size_t pick(random_source& random, std::size_t most) {
    return std::uniform_int_distribution<std::size_t>(0, most)(random);
}

}  // namespace weir::ws
