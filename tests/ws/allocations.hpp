#pragma once

#include <cstddef>

namespace weir::ws {

/// What this thread's operator new handed out since the last reset; the test binary replaces it.
struct allocations {
    std::size_t count = 0;
    std::size_t live_bytes = 0;
    std::size_t peak_bytes = 0;
};
allocations& counted() noexcept;

}  // namespace weir::ws
