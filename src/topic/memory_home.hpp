#pragma once

#include "topic/home_table.hpp"

#include <weir/topic/memory_broker.hpp>

#include <string_view>
#include <utility>

namespace weir {

/// How one memory broker reaches its siblings and the shard it serves.
struct memory_links {
    memory_broker_settings const settings;
    broker_post& post;
    broker_listener& listener;

    template <class Content>
    void send(unsigned shard, Content content) {
        post.post(shard, broker_mail{settings.shard, std::move(content)});
    }
    bool overloaded(unsigned shard) const { return post.backlog(shard) > settings.backlog_max; }
};

/// The part of a memory broker that is the home of topics: answers what this and other shards ask
/// of them, and passes on. Nothing touches a topic after the listener was called: it may have
/// detached, or asked for more.
class memory_home {
public:
    memory_home(memory_links& links, memory_broker_shared& shared, policy_source const& policies)
        : links_(links), topics_(links.settings, shared, policies) {}

    result<position> attach(std::string_view topic, unsigned origin);
    void detach(std::string_view topic, unsigned origin);
    /// Gives the message its place, keeps it and passes it on.
    result<position> publish(publication&& p);
    log_page read(log_query const& q);
    void tick(mono_time at) { topics_.tick(at); }

    home_table& topics() noexcept { return topics_; }
    home_table const& topics() const noexcept { return topics_; }

private:
    /// Null: may be published. Looks at everything that can refuse, before anything is changed.
    result<void> admit(publication const& p, topic_home& home);

    memory_links& links_;
    home_table topics_;
};

/// A publish or a read that finds queues full.
fault queues_full();

}  // namespace weir
