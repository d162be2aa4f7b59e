#pragma once

#include <weir/base/error.hpp>
#include <weir/message/message.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace weir {

/// A publish on its way to the place that orders its topic.
struct publication {
    std::string topic;
    std::string event;
    std::string payload;
    std::string key;
    std::string from;
    session_id exclude;
    bool is_volatile = false;
    wall_ms time = 0;
    mono_time received{};
};

/// Names one publish between broker::publish and broker_listener::on_published; the caller's own.
using publish_ticket = std::uint64_t;

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

protected:
    ~broker_listener() = default;
};

/// Where the order of topics is made. One instance a shard, used on its thread only; instances of
/// one broker agree among themselves. Every implementation passes tests/topic/broker_conformance.
///
/// Order: calls of one shard about one topic take effect in the order they were made.
/// Faults of attach: `limit_reached` (topics). Of publish: `limit_reached`, `unavailable`
/// (queues full; `retry_after` set, outcome `not_stored`).
class broker {
public:
    virtual ~broker() = default;
    /// Declares this shard's interest. At most once until detach().
    virtual void attach(std::string_view topic) = 0;
    /// Ends it; messages already on their way may still come and are the listener's to ignore, and
    /// so may the answer of attach(). Does nothing where that attach is refused.
    virtual void detach(std::string_view topic) = 0;
    virtual void publish(publication p, publish_ticket ticket) = 0;
};

}  // namespace weir
