#include "shard/handshake_pacer.hpp"

#include <algorithm>

namespace weir {

handshake_pacer::handshake_pacer(double per_second) noexcept {
    change(per_second);
}

void handshake_pacer::change(double per_second) noexcept {
    step_ =
        per_second > 0 ? nanoseconds(static_cast<std::int64_t>(1e9 / per_second)) : nanoseconds(0);
}

handshake_pacer::verdict handshake_pacer::admit(mono_time at) noexcept {
    if (step_.count() == 0) return {.admitted = true};
    mono_time const earliest = at - std::max<nanoseconds>(burst, step_);
    mono_time const slot = std::max(next_, earliest) + step_;
    nanoseconds const wait = slot > at ? slot - at : nanoseconds(0);
    if (wait > wait_max) {
        // A second more than the queue is long, so that the refused do not all arrive with it full.
        auto const after = std::chrono::ceil<milliseconds>(wait - wait_max) + seconds(1);
        return {.retry_after = after};
    }
    next_ = slot;
    return {.admitted = true, .wait = wait};
}

}  // namespace weir
