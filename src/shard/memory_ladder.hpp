#pragma once

#include <weir/base/observer.hpp>

#include <array>
#include <cstddef>

namespace weir {

/// What is done as memory fills up (ADR 0018): five steps, each from its share of the limit on, and
/// until usage has fallen by `slack` below that share. So a step is not left and taken again with
/// each message, and one that frees memory frees enough to last for a while. Pure.
class memory_ladder {
public:
    static constexpr auto begins = memory_step_begins;
    static constexpr std::size_t slack = 5;  ///< hundredths, too

    /// Facts in. Answers whether any step is on.
    bool look(std::size_t used, std::size_t limit) noexcept;

    bool on(memory_step s) const noexcept { return on_[static_cast<std::size_t>(s)]; }
    bool any() const noexcept { return on_[0]; }
    /// How many bytes have to go until that step is over; 0 while it is not on.
    std::size_t excess(memory_step s) const noexcept;
    /// The last look() began the step, or ended it.
    bool began(memory_step s) const noexcept { return on(s) && !was(s); }
    bool ended(memory_step s) const noexcept { return !on(s) && was(s); }

private:
    bool was(memory_step s) const noexcept { return was_[static_cast<std::size_t>(s)]; }

    std::array<bool, memory_step_count> on_{};
    std::array<bool, memory_step_count> was_{};
    std::size_t used_ = 0;
    std::size_t limit_ = 0;
};

}  // namespace weir
