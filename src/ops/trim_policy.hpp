#pragma once

#include <weir/base/clock.hpp>

#include <algorithm>
#include <cstddef>

namespace weir {

/// When freed memory is given back to the system. The allocator keeps what is freed between blocks
/// in use, so after a wave of traffic the process stays as large as the wave made it. Looking
/// through the whole heap takes time, so it is done only when there is much to find, and not
/// often. Pure; one thread.
class trim_policy {
public:
    static constexpr std::size_t worthwhile_bytes = 4 * 1024 * 1024;
    static constexpr seconds interval{5};

    /// True: trim now. Call twice a second; `peak` is the most that was used since then.
    bool look(std::size_t used, std::size_t peak, mono_time at) noexcept {
        peak_ = std::max({peak_, peak, used});
        std::size_t const freed = peak_ - used;
        if (freed < worthwhile_bytes || freed < used / 8) return false;
        if (trimmed_at_ != never && at - trimmed_at_ < interval) return false;
        trimmed_at_ = at;
        peak_ = used;
        return true;
    }

private:
    std::size_t peak_ = 0;
    mono_time trimmed_at_ = never;
};

}  // namespace weir
