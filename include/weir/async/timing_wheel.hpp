#pragma once

#include <weir/base/clock.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>

namespace weir {

/// A place in one of a wheel's circular lists. Private to the wheel.
struct wheel_link {
    wheel_link* wheel_next = nullptr;
    wheel_link* wheel_previous = nullptr;
};

/// A deadline kept in a wheel: embed it in what it wakes. Not in a wheel when fresh or expired.
/// Leaves its wheel when it dies.
class wheel_entry : private wheel_link {
public:
    wheel_entry() = default;
    wheel_entry(wheel_entry const&) = delete;
    wheel_entry& operator=(wheel_entry const&) = delete;

    /// The deadline passed. The entry is out of the wheel by then and may be set again.
    virtual void on_deadline(mono_time at) = 0;
    bool is_set() const noexcept { return wheel_next != nullptr; }

protected:
    virtual ~wheel_entry() { unlink(); }

private:
    friend class timing_wheel;
    void unlink() noexcept;
    std::size_t* wheel_size_ = nullptr;  ///< the count of the wheel it is in
    std::int64_t tick_ = 0;
};

/// Very many deadlines at a coarse grain: set, move and cancel are O(1) and allocate nothing. A
/// hierarchical wheel; `grain` is how late a deadline may be noticed. Single-threaded; its owner
/// calls advance() from one timer.
class timing_wheel {
public:
    timing_wheel(mono_time start, milliseconds grain);
    ~timing_wheel();

    /// Moves it when it is set already. `when` in the past means the next advance.
    void set(wheel_entry& e, mono_time when) noexcept;
    void cancel(wheel_entry& e) noexcept;
    /// Runs everything due, in the order of the deadlines as far as the grain tells them apart, at
    /// most `budget` entries. True: more is due now. Costs what is due, however long ago the last
    /// call was.
    bool advance(mono_time at, std::size_t budget = ~std::size_t{0});
    /// How many are set.
    std::size_t size() const noexcept;

private:
    struct state;
    std::unique_ptr<state> state_;
};

}  // namespace weir
