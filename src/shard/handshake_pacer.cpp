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

handshake_pacer::verdict handshake_pacer::admit(mono_time at, who w) noexcept {
    if (step_.count() == 0) return {.admitted = true};
    mono_time const earliest = at - std::max<nanoseconds>(burst, step_);
    mono_time const slot = std::max(next_, earliest) + step_;
    nanoseconds const wait = slot > at ? slot - at : nanoseconds(0);
    if (wait > (w == who::returning ? wait_max : wait_max / 2)) {
        // A second from now at least, and behind everybody who was told a turn before.
        promised_ = std::max({promised_ + step_, slot, at + seconds(1)});
        nanoseconds turn = promised_ - at;
        // More than can be planned for: they are spread over the later half of it, by their number.
        if (turn > retry_max) turn = retry_max / 2 + turn % (retry_max / 2);
        return {.retry_after = std::chrono::ceil<milliseconds>(turn)};
    }
    next_ = slot;
    return {.admitted = true, .wait = wait};
}

}  // namespace weir
