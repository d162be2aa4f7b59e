#pragma once

#include <weir/base/observer.hpp>
#include <weir/topic/broker.hpp>
#include <weir/topic/policy.hpp>

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>

namespace weir {

/// Messages that a shard has taken from its broker and not yet passed on to all its subscribers.
/// Written by that shard, read by every broker of the process.
struct fan_out_backlog {
    std::atomic<std::size_t> messages{0};
    std::atomic<std::size_t> bytes{0};  ///< by stored_bytes()
};

/// What a broker needs of the shard that it serves. All of it outlives the broker.
struct broker_site {
    unsigned shard = 0;
    broker_listener& listener;
    policy_source const& policies;
    observer& counts;  ///< the broker writes `topics`, `history_bytes` and its own `limited`
    fan_out_backlog const& backlog;
    std::function<void()> wake;  ///< from any thread: broker_upkeep::work() is to be called soon
};

/// All brokers of a process: one for each shard, which agree among themselves. Created before the
/// shards, and outlives them.
class broker_family {
public:
    virtual ~broker_family() = default;
    /// Once for each shard, before the first thread starts.
    virtual std::unique_ptr<broker> make(broker_site site) = 0;
    /// The shard whose broker is asked about that topic: broker_admin answers there, and a publish
    /// has the shortest way from there. From any thread.
    virtual unsigned shard_for(std::string_view topic) const noexcept = 0;
};

}  // namespace weir
