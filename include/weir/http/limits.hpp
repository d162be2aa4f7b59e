#pragma once

#include <cstddef>

namespace weir::http {

/// Bounds of a message's head.
struct limits {
    std::size_t header_bytes = 16 * 1024;  ///< start line and all header lines; more is 431
    std::size_t target_bytes = 8 * 1024;   ///< more is 414
    std::size_t headers = 100;             ///< lines; more is 431
};

/// What a handler takes as a body unless it says otherwise.
inline constexpr std::size_t small_body_bytes = 16 * 1024;

}  // namespace weir::http
