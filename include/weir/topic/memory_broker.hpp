#pragma once

#include <weir/base/observer.hpp>
#include <weir/topic/broker.hpp>
#include <weir/topic/broker_admin.hpp>
#include <weir/topic/policy.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace weir {

/// What memory brokers of different shards say to each other.
struct broker_mail {
    struct attach {
        std::string topic;
    };
    struct attached {
        std::string topic;
        result<position> at;
    };
    struct detach {
        std::string topic;
    };
    struct publish {
        publication what;
        publish_ticket ticket;
    };
    struct published {
        publish_ticket ticket;
        result<position> at;
    };
    struct deliver {
        message_ptr what;
    };
    struct read {
        log_query what;
        read_ticket ticket;
    };
    struct page {
        read_ticket ticket;
        result<log_page> what;
    };
    struct enter {
        std::string topic, user, info;
    };
    struct exit {
        std::string topic, user;
    };
    struct members {
        std::string topic;
        std::uint32_t max;
        read_ticket ticket;
    };
    struct members_page {
        read_ticket ticket;
        result<presence_page> what;
    };
    struct presence {
        presence_change_ptr what;
    };
    /// Room is needed, and the log that gives way first is there.
    struct give_way {};
    unsigned from = 0;  ///< the shard that sent it
    std::variant<attach, attached, detach, publish, published, deliver, read, page, enter, exit,
                 members, members_page, presence, give_way>
        content;
};

/// What a mail counts in the bytes of a queue; a message or publish by stored_bytes().
std::size_t mail_bytes(broker_mail const& mail) noexcept;

/// How much waits for a shard.
struct shard_backlog {
    std::size_t messages = 0;
    std::size_t bytes = 0;
};

class memory_broker;

/// How a memory broker reaches its siblings: first in, first out for each pair of shards.
class broker_post {
public:
    virtual void post(unsigned shard, broker_mail mail) = 0;
    /// Mail that waits for a shard. From any shard.
    virtual shard_backlog mail_waiting(unsigned shard) const = 0;
    /// The same, and the messages whose fan-out is not done there. From any shard.
    virtual shard_backlog backlog(unsigned shard) const = 0;
    /// Hands waiting mail of `shard` to its broker, at most so many. True: more waits.
    virtual bool bring(unsigned shard, memory_broker& to, std::size_t at_most) = 0;

protected:
    ~broker_post() = default;
};

struct memory_broker_settings {
    unsigned shard = 0;
    unsigned shards = 1;                 ///< at most 256
    std::size_t topics_max = 1'000'000;  ///< of all shards together
    /// Above either, publishes that would reach the shard are refused.
    std::size_t backlog_messages_max = 100'000;
    std::size_t backlog_bytes_max = std::size_t{64} << 20;
    milliseconds dedupe_window{300'000};
    std::size_t dedupe_max = 1'000'000;       ///< ids remembered, of all shards together
    std::size_t history_bytes_max = 1 << 30;  ///< logs and states of all shards together
};

/// What all instances of one memory broker share: how much there is. Outlives them.
struct memory_broker_shared {
    std::atomic<std::size_t> topics{0};
    std::atomic<std::size_t> topics_refused{0};  ///< since the start
    /// Of logs and states, by stored_bytes(), and what is reserved for them. Never above the bound.
    std::atomic<std::size_t> history_bytes{0};
    std::atomic<std::size_t> dedupe_ids{0};
    /// Of each shard: when the log that gives way first there was last published to.
    static constexpr std::int64_t no_log = std::numeric_limits<std::int64_t>::max();
    struct alignas(64) shard_logs {
        std::atomic<std::int64_t> oldest{no_log};
        std::atomic<bool> asked{false};  ///< a broker_mail::give_way is on its way there
    };
    std::array<shard_logs, 256> logs;
};

/// Orders topics inside the process: each has a home shard by hash, which keeps its epoch and
/// offset and knows which shards are interested. Forgets everything on restart. Pure: no threads,
/// no sockets, time passed in. What concerns a topic at home is answered inside the call, without
/// mail; broker_admin answers for topics at home only, inside the call.
///
/// A topic exists from its first attach or publish. It is forgotten, with its epoch, when it was
/// quiet for a minute, or sooner when the limit of topics needs its place: without interest and
/// members, with nothing in its log and state, and not before its history's age has passed since
/// its last message, so that a position at its head is still known as long as one in its log would
/// be. When the limit is reached and no topic is quiet, those without interest and members are
/// forgotten with all they keep, the longest unused first.
///
/// What is kept is bounded by each topic's policy and by `history_bytes_max` for all shards, which
/// is never passed: room is reserved before a message is stored. The oldest messages of the longest
/// unpublished topics give way, whichever shard they are at home on: with several shards from
/// fifteen sixteenths of the bound on, by mail, so that there is room when it is needed. If there
/// is none all the same, logs at home here give way; after those a state that would grow is
/// refused, and a message is not kept in its log. What makes a state smaller is always taken. A
/// message in a log and a state counts twice.
///
/// Presence: a user is in a topic from the first of its connections, on whatever shard, until 10 s
/// after the last is gone. Changes are told at once after a quiet second, else with the next tick.
/// A topic holds 100,000 members, a page 1000 and a change 1000. enter() does nothing in a topic
/// whose policy has no presence; when the policy loses it, everybody leaves.
///
/// It counts in the observer: `topics` and `history_bytes` of the topics at home, and `limited` by
/// `state_keys`, `history_bytes`, `dedupe`, `presence` and `backlog`.
class memory_broker final : public broker {
public:
    memory_broker(memory_broker_settings settings, memory_broker_shared& shared,
                  broker_post& siblings, broker_listener& listener, policy_source const& policies,
                  observer& counts);
    ~memory_broker() override;

    void attach(std::string_view topic) override;
    void detach(std::string_view topic) override;
    void publish(publication p, publish_ticket ticket) override;
    void read(log_query q, read_ticket ticket) override;
    void enter(std::string_view topic, std::string_view user, std::string_view info) override;
    void exit(std::string_view topic, std::string_view user) override;
    void members(std::string_view topic, std::uint32_t max, read_ticket ticket) override;
    broker_admin& admin() noexcept override;
    broker_upkeep& upkeep() noexcept override;

    /// Mail from a sibling.
    void on_mail(broker_mail mail);

    static unsigned home_of(std::string_view topic, unsigned shards) noexcept;

private:
    struct state;
    std::unique_ptr<state> state_;
};

}  // namespace weir
