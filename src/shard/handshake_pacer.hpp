#pragma once

#include <weir/base/clock.hpp>

#include <cstdint>

namespace weir {

/// Spaces handshakes: each gets the next free slot of `per_second`, and waits for it; one whose
/// slot is further away than its share of `wait_max` is refused instead, so the queue in front of
/// the server is bounded by rate × wait. No queue object: who waits sleeps until its slot.
///
/// Half of the queue is for those who come back to a session that waits for them: in a storm they
/// pass newcomers. Whoever is refused is told a time of its own, spaced by the same rate, so that a
/// crowd that was refused together does not come back together. Pure.
class handshake_pacer {
public:
    static constexpr milliseconds wait_max{2'000};
    /// Slots that may be used at once after a quiet time.
    static constexpr milliseconds burst{100};
    /// The longest time that is told: past it the crowd is larger than anybody can plan for.
    static constexpr seconds retry_max{60};

    explicit handshake_pacer(double per_second) noexcept;
    void change(double per_second) noexcept;

    enum class who : std::uint8_t { newcomer, returning };
    struct verdict {
        bool admitted = false;
        nanoseconds wait{0};          ///< admitted: sleep that long first
        milliseconds retry_after{0};  ///< refused: when its turn is
    };
    verdict admit(mono_time at, who w = who::newcomer) noexcept;

private:
    nanoseconds step_{0};
    mono_time next_{};
    mono_time promised_{};  ///< the last turn that a refused one was told
};

}  // namespace weir
