#pragma once

#include <weir/base/error.hpp>
#include <weir/message/events.hpp>
#include <weir/message/message.hpp>
#include <weir/topic/broker.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace weir {

/// One topic as its broker knows it.
struct broker_topic {
    std::string name;
    position at;
    std::size_t messages = 0;    ///< in its log
    std::size_t bytes = 0;       ///< of log and state, by stored_bytes()
    std::size_t state_keys = 0;  ///< a `last` state has one
    std::size_t members = 0;     ///< users, when the topic has presence
};

/// What operators ask a broker: lists, facts, pages, and clearing what is kept. One for each
/// broker instance, used on the thread of its shard only.
///
/// Every answer is called once: on the same thread, inside the call or later. A fault
/// (`unavailable`) means that the broker does not know now; an empty optional means that the topic
/// does not exist. Ask about a topic at the instance that broker_family::shard_for() names. If the
/// broker goes away first, the answers are destroyed without being called.
class broker_admin {
public:
    template <class R>
    using answer = std::function<void(result<R>)>;

    /// Up to `max` topics after the name `after`, in the order of names, of those that this
    /// instance lists. Each topic is listed by exactly one instance of a process.
    virtual void list(std::string after, std::size_t max,
                      answer<std::vector<broker_topic>> done) = 0;
    virtual void facts(std::string topic, answer<std::optional<broker_topic>> done) = 0;
    /// As broker::read().
    virtual void read(log_query q, answer<std::optional<log_page>> done) = 0;
    /// As broker::members().
    virtual void members(std::string topic, std::uint32_t max,
                         answer<std::optional<presence_page>> done) = 0;
    /// Removes what is kept; epoch and offsets go on. The answer says whether there was anything.
    virtual void clear_history(std::string topic, answer<std::optional<bool>> done) = 0;
    virtual void clear_state(std::string topic, answer<std::optional<bool>> done) = 0;

protected:
    ~broker_admin() = default;
};

}  // namespace weir
