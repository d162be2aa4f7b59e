#include <weir/async/timing_wheel.hpp>
#include <weir/base/assert.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

namespace weir {
namespace {

constexpr int slot_bits = 6;
constexpr std::size_t slots = std::size_t{1} << slot_bits;
// 2^30 ticks: 124 days of 10 ms. A later deadline waits in the last level and is put back each time
// its slot comes round.
constexpr std::size_t levels = 5;
constexpr std::int64_t tick_max = std::int64_t{1} << 62;

void make_ring(wheel_link& head) noexcept {
    head.wheel_next = head.wheel_previous = &head;
}

bool is_empty(wheel_link const& head) noexcept {
    return head.wheel_next == &head;
}

void push_back(wheel_link& head, wheel_link& e) noexcept {
    e.wheel_previous = head.wheel_previous;
    e.wheel_next = &head;
    head.wheel_previous->wheel_next = &e;
    head.wheel_previous = &e;
}

void remove(wheel_link& e) noexcept {
    e.wheel_previous->wheel_next = e.wheel_next;
    e.wheel_next->wheel_previous = e.wheel_previous;
    e.wheel_next = e.wheel_previous = nullptr;
}

// All of `from` to the end of `to`.
void splice(wheel_link& to, wheel_link& from) noexcept {
    if (is_empty(from)) return;
    to.wheel_previous->wheel_next = from.wheel_next;
    from.wheel_next->wheel_previous = to.wheel_previous;
    from.wheel_previous->wheel_next = &to;
    to.wheel_previous = from.wheel_previous;
    make_ring(from);
}

}  // namespace

void wheel_entry::unlink() noexcept {
    if (!is_set()) return;
    remove(*this);
    --*wheel_size_;
}

struct timing_wheel::state {
    struct level {
        std::array<wheel_link, slots> heads;
        std::uint64_t occupied = 0;  // a set bit may stand for a slot that has emptied since
    };
    struct step {
        std::int64_t tick = tick_max;  // when this slot is to be opened
        std::size_t depth = 0;
        std::size_t slot = 0;
    };

    static wheel_entry& entry_of(wheel_link& l) noexcept { return static_cast<wheel_entry&>(l); }
    void insert(wheel_entry& e) noexcept;
    step next_step() const noexcept;
    void open(step const& s) noexcept;
    static void release_all(wheel_link& head) noexcept {
        while (!is_empty(head)) entry_of(*head.wheel_next).unlink();
    }

    mono_time start;
    nanoseconds grain;
    std::size_t size = 0;
    std::int64_t elapsed = 0;  // every tick up to this one has been opened
    std::array<level, levels> wheel;
    wheel_link late;  // set for the past: the next advance takes them
    wheel_link due;   // taken, not run yet
};

// The level is where the deadline's tick first differs from the present one, so an entry moves down
// once a level at most.
void timing_wheel::state::insert(wheel_entry& e) noexcept {
    if (e.tick_ <= elapsed) return push_back(late, e);
    auto const different = static_cast<std::uint64_t>(elapsed ^ e.tick_);
    auto const depth = std::min<std::size_t>(
        static_cast<std::size_t>(std::bit_width(different) - 1) / slot_bits, levels - 1);
    auto const slot = static_cast<std::size_t>(e.tick_ >> (slot_bits * depth)) % slots;
    push_back(wheel[depth].heads[slot], e);
    wheel[depth].occupied |= std::uint64_t{1} << slot;
}

timing_wheel::state::step timing_wheel::state::next_step() const noexcept {
    step best;
    for (std::size_t depth = 0; depth < levels; ++depth) {
        if (wheel[depth].occupied == 0) continue;
        auto const shift = static_cast<int>(slot_bits * depth);
        auto const present = static_cast<std::size_t>(elapsed >> shift) % slots;
        // The present slot itself is a whole turn away, so counting starts behind it.
        auto const first = static_cast<int>((present + 1) % slots);
        auto const skip = std::countr_zero(std::rotr(wheel[depth].occupied, first));
        auto const tick = ((elapsed >> shift) + 1 + skip) << shift;
        if (tick < best.tick) {
            best = {tick, depth, (present + 1 + static_cast<std::size_t>(skip)) % slots};
        }
    }
    return best;
}

void timing_wheel::state::open(step const& s) noexcept {
    elapsed = s.tick;
    wheel_link taken;
    make_ring(taken);
    splice(taken, wheel[s.depth].heads[s.slot]);
    wheel[s.depth].occupied &= ~(std::uint64_t{1} << s.slot);
    while (!is_empty(taken)) {
        wheel_entry& e = entry_of(*taken.wheel_next);
        remove(e);
        if (e.tick_ <= elapsed) {
            push_back(due, e);
        } else {
            insert(e);
        }
    }
}

timing_wheel::timing_wheel(mono_time start, milliseconds grain)
    : state_(std::make_unique<state>()) {
    WEIR_ASSERT(grain.count() > 0);
    state_->start = start;
    state_->grain = grain;
    for (auto& l : state_->wheel) std::ranges::for_each(l.heads, make_ring);
    make_ring(state_->late);
    make_ring(state_->due);
}

timing_wheel::~timing_wheel() {
    for (auto& l : state_->wheel) std::ranges::for_each(l.heads, state::release_all);
    state::release_all(state_->late);
    state::release_all(state_->due);
}

void timing_wheel::set(wheel_entry& e, mono_time when) noexcept {
    e.unlink();
    if (when <= state_->start) {
        e.tick_ = 0;
    } else {
        // Rounded up, so that nothing is early. Both ends of mono_time are safe: the difference is
        // positive and steady_clock starts after its epoch.
        auto const whole = (when - state_->start) / state_->grain;
        bool const exact = state_->start + whole * state_->grain == when;
        e.tick_ = std::min<std::int64_t>(whole + (exact ? 0 : 1), tick_max);
    }
    e.wheel_size_ = &state_->size;
    ++state_->size;
    state_->insert(e);
}

void timing_wheel::cancel(wheel_entry& e) noexcept {
    e.unlink();
}

bool timing_wheel::advance(mono_time at, std::size_t budget) {
    auto& s = *state_;
    splice(s.due, s.late);
    if (at > s.start) {
        std::int64_t const present = (at - s.start) / s.grain;
        for (auto step = s.next_step(); step.tick <= present; step = s.next_step()) s.open(step);
        s.elapsed = std::max(s.elapsed, present);
    }
    for (; budget > 0 && !is_empty(s.due); --budget) {
        wheel_entry& e = state::entry_of(*s.due.wheel_next);
        e.unlink();
        e.on_deadline(at);
    }
    return !is_empty(s.due);
}

std::size_t timing_wheel::size() const noexcept {
    return state_->size;
}

}  // namespace weir
