#pragma once

#include <weir/topic/broker.hpp>
#include <weir/topic/policy.hpp>

#include <atomic>
#include <cstdint>
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
    unsigned from = 0;  ///< the shard that sent it
    std::variant<attach, attached, detach, publish, published, deliver> content;
};

/// How a memory broker reaches its siblings: first in, first out for each pair of shards.
class broker_post {
public:
    virtual void post(unsigned shard, broker_mail mail) = 0;
    /// What waits for that shard: its mails, and for the asker's own shard, which gets none, the
    /// messages whose fan-out is not done (topic_index::backlog). Above
    /// memory_broker_settings::backlog_max publishes that would reach it are refused.
    virtual std::size_t backlog(unsigned shard) const = 0;

protected:
    ~broker_post() = default;
};

struct memory_broker_settings {
    unsigned shard = 0;
    unsigned shards = 1;                 ///< at most 256
    std::size_t topics_max = 1'000'000;  ///< of all shards together
    std::size_t backlog_max = 100'000;
    milliseconds dedupe_window{300'000};
    std::size_t dedupe_max = 1'000'000;       ///< ids remembered, of all shards together
    std::size_t history_bytes_max = 1 << 30;  ///< logs and states of all shards together
};

/// What all instances of one memory broker share: how many topics exist. Outlives them.
struct memory_broker_shared {
    std::atomic<std::size_t> topics{0};
};

/// Orders topics inside the process: each has a home shard by hash, which keeps its epoch and
/// offset and knows which shards are interested. Forgets everything on restart. Pure: no threads,
/// no sockets, time passed in. What concerns a topic at home is answered inside the call, without
/// mail.
///
/// A topic exists from its first attach or publish. Without interest it is forgotten, with its
/// epoch, when it was quiet for a minute, or sooner when the limit of topics needs its place.
class memory_broker final : public broker {
public:
    memory_broker(memory_broker_settings settings, memory_broker_shared& shared,
                  broker_post& siblings, broker_listener& listener, policy_source const& policies);
    ~memory_broker() override;

    void attach(std::string_view topic) override;
    void detach(std::string_view topic) override;
    void publish(publication p, publish_ticket ticket) override;
    void read(log_query q, read_ticket ticket) override;
    void enter(std::string_view topic, std::string_view user, std::string_view info) override;
    void exit(std::string_view topic, std::string_view user) override;
    void members(std::string_view topic, std::uint32_t max, read_ticket ticket) override;

    /// The source answers otherwise from now on: logs and states follow as they are next used.
    void policies_changed();

    /// Mail from a sibling.
    void on_mail(broker_mail mail);
    /// Forgets topics without interest that were quiet for a while. Call about once a second.
    void on_tick(mono_time at);

    /// Topics whose home is here.
    std::size_t topics() const noexcept;
    /// Logs and states kept here.
    std::size_t history_bytes() const noexcept;
    /// For the server API: interest and position of a topic whose home is here.
    struct topic_facts {
        std::string name;
        position at;
        unsigned interested_shards = 0;
    };
    /// Up to `max` topics after the name `after`, in name order.
    std::vector<topic_facts> list(std::string_view after, std::size_t max) const;
    /// The newest position of a topic whose home is here; none: not known here.
    std::optional<position> find(std::string_view topic) const;

    static unsigned home_of(std::string_view topic, unsigned shards) noexcept;

private:
    struct state;
    std::unique_ptr<state> state_;
};

}  // namespace weir
