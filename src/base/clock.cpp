#include <weir/base/clock.hpp>

namespace weir {

now read_clocks() noexcept {
    auto const wall = std::chrono::system_clock::now().time_since_epoch();
    return {std::chrono::steady_clock::now(),
            std::chrono::duration_cast<milliseconds>(wall).count()};
}

}  // namespace weir
