#pragma once

#include <weir/base/clock.hpp>

#include <optional>

namespace weir {

/// Spaces handshakes: each gets the next free slot of `per_second`, and waits for it; one whose
/// slot is further away than `wait_max` is refused instead, so the queue in front of the server is
/// bounded by rate × wait. No queue object: who waits sleeps until its slot. Pure.
class handshake_pacer {
public:
    static constexpr milliseconds wait_max{2'000};
    /// Slots that may be used at once after a quiet time.
    static constexpr milliseconds burst{100};

    explicit handshake_pacer(double per_second) noexcept;
    void change(double per_second) noexcept;

    struct verdict {
        bool admitted = false;
        nanoseconds wait{0};          ///< admitted: sleep that long first
        milliseconds retry_after{0};  ///< refused: when a slot may be free
    };
    verdict admit(mono_time at) noexcept;

private:
    nanoseconds step_{0};
    mono_time next_{};
};

}  // namespace weir
