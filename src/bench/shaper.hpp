#pragma once

#include <weir/base/clock.hpp>
#include <weir/base/dice.hpp>
#include <weir/bench/disturbance.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weir::bench {

/// Decides which bytes of one direction of a proxied connection may pass when. Pure; holds at most
/// `room_max` bytes. Idle and undisturbed it owns nothing.
class shaper {
public:
    explicit shaper(std::size_t room_max) : room_max_(room_max) {}

    /// Latency, slice, bandwidth and stall begin, or `heal` ends them all.
    void disturb(disturbance const& d, mono_time now);
    /// Ends one of them.
    void end(disturbance_kind kind, mono_time now);

    /// How many bytes may be read and pushed now.
    std::size_t room() const noexcept;
    bool stalled() const noexcept { return stalled_; }
    /// Bytes pass as they come.
    bool plain() const noexcept;
    bool empty() const noexcept { return held_.size() == passed_; }
    std::size_t held() const noexcept { return held_.size() - passed_; }

    /// Takes bytes that were read; at most room() of them.
    void push(std::string_view bytes, mono_time now, dice& chance);
    /// What may be written now; empty: nothing.
    std::string_view ready(mono_time now);
    /// The first `n` bytes of ready() were written.
    void pass(std::size_t n, mono_time now);
    /// When ready() has more than now without a push; `never`: not by itself.
    mono_time next(mono_time now) const;

private:
    struct mark {
        mono_time due;
        std::uint64_t end;  ///< in bytes since the beginning
    };
    void earn(mono_time now);

    std::size_t room_max_;
    std::string held_;
    std::size_t passed_ = 0;   ///< of held_
    std::uint64_t taken_ = 0;  ///< bytes that passed since the beginning
    std::vector<mark> marks_;  ///< of bytes that are held back by latency
    std::chrono::microseconds delay_{0}, jitter_{0};
    std::size_t slice_ = 0;
    std::chrono::microseconds slice_delay_{0};
    mono_time slice_due_{};
    std::size_t rate_ = 0;  ///< bytes a second
    double credit_ = 0;     ///< bytes
    mono_time earned_{};
    bool stalled_ = false;
};

}  // namespace weir::bench
