#pragma once

#include <weir/async/poller.hpp>
#include <weir/async/timing_wheel.hpp>
#include <weir/base/clock.hpp>
#include <weir/base/observer.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

namespace weir {

class turn;

/// Embedded in a connection: its place on the dirty list (has something to send) and on the ready
/// list (has more to read than its budget allowed) or the list of the leaving.
///
/// flush() and resume_reading() come at most once a turn; either may mark, park or destroy any
/// item, itself too.
class turn_item {
public:
    virtual void flush() = 0;
    virtual void resume_reading() = 0;

protected:
    turn_item() = default;
    virtual ~turn_item();  ///< leaves its lists

    bool is_parked() const noexcept { return ready_at_ != 0; }

private:
    friend class turn;
    turn* turn_ = nullptr;        ///< set while it is on a list
    std::uint32_t dirty_at_ = 0;  ///< index + 1; 0: not on the list
    std::uint32_t ready_at_ = 0;  ///< in one of the two lists of those to be read
};

/// Limits that transports keep. A shard has one copy; every transport reads it when it needs it, so
/// that a reload reaches the connections that are there already.
struct transport_limits {
    std::size_t message_bytes = 64 * 1024;  ///< largest message, inflated
    std::size_t deflate_min_bytes = 256;    ///< smaller bodies are sent as they are
};

/// One turn of a shard's loop, which Asio does not have by itself: everything that became dirty
/// in it is flushed once at its end, reading is budgeted, and what is left over resumes by a post,
/// so that timers and other connections get their share. Also holds what all connections of the
/// shard use one at a time: the read scratch, inflater and deflaters. On the shard's thread only.
///
/// A turn is a batch of events from the poller, or a post. Its order: reading (in a post: those
/// parked before it, the leaving after all others), one slice of work, then the flush. What is
/// marked, parked or left over after its place in that order belongs to the next turn, which a post
/// starts, so nothing here can keep the loop from its timers.
class turn {
public:
    static constexpr std::size_t read_budget_bytes = 64 * 1024;  ///< a connection, a turn
    /// A flush or a round of resumed reading that takes longer leaves the rest to the next turn.
    static constexpr milliseconds slice{5};

    /// `clocks` is what at() reads; tests pass their own.
    turn(boost::asio::any_io_executor executor, timing_wheel& wheel, observer& counts,
         now (*clocks)() noexcept = read_clocks);
    turn(turn const&) = delete;
    turn& operator=(turn const&) = delete;
    ~turn();

    void start();
    void stop();

    /// Flushed at the end of this turn. Outside a poll the first one posts that end.
    void mark_dirty(turn_item& i);
    /// More to read: resumes in the next turn.
    void park_ready(turn_item& i);
    /// The same for one whose peer has hung up: it is read behind all that have not. When thousands
    /// are cut at once, a message that comes meanwhile must not stand behind all their ends. As
    /// long as further events may wait with the kernel, only a few are read a turn.
    void park_leaving(turn_item& i);
    /// Asked before reading because of an event: false when this turn's events have had their slice
    /// of time; park then.
    bool may_read() noexcept;
    /// Runs in each turn before the flush; returns true when it has more to do (a post follows).
    /// For the fan-out queue.
    void set_work(std::function<bool()> work);
    /// Asks for a turn (work or flush) although no event caused one.
    void request();

    /// The clocks as of this turn; outside a turn, as of this call.
    now const& at() noexcept;
    poller& descriptors() noexcept;
    timing_wheel& wheel() noexcept;
    observer& counts() noexcept;
    transport_limits const& limits() const noexcept;
    void change(transport_limits const& limits);
    std::span<char> scratch() noexcept;  ///< at least 64 KiB

    struct codec;  ///< inflater and deflaters, private to the module
    codec& codecs() noexcept;

private:
    struct state;
    friend class turn_item;
    std::shared_ptr<state> state_;  ///< shared with the post under way
};

}  // namespace weir
