#pragma once

#include <weir/base/error.hpp>
#include <weir/base/observer.hpp>
#include <weir/message/events.hpp>
#include <weir/message/message.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

/// A publish on its way to the place that orders its topic.
struct publication {
    std::string topic;
    std::string event;
    std::string payload;
    std::string key;
    std::string from;
    std::string dedupe;  ///< empty: none. With `scope`: executed once in the dedupe window
    std::string scope;   ///< whose dedupe id it is: a user, an API key or a session
    session_id exclude;
    bool is_volatile = false;
    wall_ms time = 0;
    mono_time received{};
};

/// As stored_bytes() of the message that it becomes.
std::size_t stored_bytes(publication const& p) noexcept;

/// Names one publish between broker::publish and broker_listener::on_published; the caller's own.
using publish_ticket = std::uint64_t;

/// Names one read(), snapshot or members() call until it is answered; the caller's own.
using read_ticket = std::uint64_t;

/// What is asked of a topic's log or state. Pages are in ascending order of offsets.
struct log_query {
    enum class what : std::uint8_t {
        after,   ///< the oldest that follow `at`
        before,  ///< the newest in front of `at`; without `at`: the newest of all
        state,   ///< of the state (the newest message of each key), those behind at.offset
    };
    std::string topic;
    what kind = what::after;
    std::optional<position> at{};
    std::uint32_t messages_max = 100;  ///< of one page
    std::size_t bytes_max = 1 << 20;   ///< likewise; a page has at least one message
};

struct log_page {
    position head;  ///< the topic's newest message when the page was made
    std::vector<message_ptr> messages;
    /// What `after` asked for and is not there; it lies in front of the first of `messages`, and
    /// has the reason for which the newest of it went. With reason `epoch`: the query's `at` is of
    /// another epoch or does not exist yet. Then `after` and `state` give what they have from its
    /// beginning, and `before` nothing; the range of `after` is what the present epoch had in front
    /// of it.
    std::optional<loss> missing;
    bool more = false;  ///< the page's bounds cut it; ask on from its last (first) offset
};

/// What a broker tells the shard it serves. All calls come on the shard's thread, possibly from
/// inside the call that caused them.
class broker_listener {
public:
    /// Answers attach(), once each, and before any message of the topic. Messages that follow
    /// have offsets above `at.offset`. A fault: the shard is not attached.
    virtual void on_attached(std::string_view topic, result<position> at) = 0;
    /// Answers publish(), once each. Success: the broker holds the message.
    virtual void on_published(publish_ticket ticket, result<position> at) = 0;
    /// The next message of an attached topic, in the topic's order.
    virtual void on_message(message_ptr m) = 0;
    /// Answers read(), once each, and in the topic's order: on an attached topic on_message() has
    /// brought everything up to `page.head` before, and what follows comes after. So a reader that
    /// has taken all of a page whose `more` is false goes on with on_message() without a hole.
    virtual void on_read(read_ticket ticket, result<log_page> page) = 0;
    /// Answers members(), once each, in order with the changes: those up to the page's version came
    /// before, later ones have versions above it. Such a change may say again what the page has.
    virtual void on_members(read_ticket ticket, result<presence_page> page) = 0;
    /// The next change in an attached topic's presence.
    virtual void on_presence(presence_change_ptr change) = 0;

protected:
    ~broker_listener() = default;
};

class broker_admin;

/// What keeps a broker going, beside its calls. On the thread of its shard.
class broker_upkeep {
public:
    /// The policies are to be asked for again: logs and states follow as they are next used.
    virtual void policies_changed() = 0;
    /// Passes on what has arrived for this shard, at most so many items. True: more waits.
    virtual bool work(std::size_t at_most) = 0;
    /// Does what waits for time, in bounded portions. Call about once a second while wants_ticks();
    /// ages and windows are as exact as that.
    virtual void on_tick(mono_time at) = 0;
    virtual bool wants_ticks() const noexcept = 0;

protected:
    ~broker_upkeep() = default;
};

/// Where the order of topics is made. One instance a shard, used on its thread only; instances of
/// one broker agree among themselves. Every implementation passes tests/topic/broker_conformance.
///
/// Order: calls of one shard about one topic take effect in the order they were made.
/// Faults of attach: `limit_reached` (topics). Of publish: `limit_reached` (topics, keys of a
/// state, bytes kept), `unavailable` (queues full, too many dedupe ids; `retry_after` set),
/// `conflict` (the dedupe id was used with another event, payload or key), with outcome
/// `not_stored`. Of read() and members(): `unavailable`. A topic that nobody knows is not made by
/// them: it has an empty log, no members, and a zero position as its head.
class broker {
public:
    virtual ~broker() = default;
    /// Declares this shard's interest. At most once until detach().
    virtual void attach(std::string_view topic) = 0;
    /// Ends it; messages already on their way may still come and are the listener's to ignore, and
    /// so may the answer of attach(). Does nothing where that attach is refused.
    virtual void detach(std::string_view topic) = 0;
    /// A publish whose dedupe id was used in the window is not executed: it gets the first answer.
    virtual void publish(publication p, publish_ticket ticket) = 0;
    virtual void read(log_query q, read_ticket ticket) = 0;
    /// One more, one less connection of a user of this shard in a topic, whether it is attached or
    /// not. `info`: JSON or empty; the newest counts.
    virtual void enter(std::string_view topic, std::string_view user, std::string_view info) = 0;
    virtual void exit(std::string_view topic, std::string_view user) = 0;
    virtual void members(std::string_view topic, std::uint32_t max, read_ticket ticket) = 0;

    virtual broker_admin& admin() noexcept = 0;
    virtual broker_upkeep& upkeep() noexcept = 0;
};

}  // namespace weir
