#pragma once

#include "topic/dedupe_window.hpp"
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
    observer& counts;

    template <class Content>
    void send(unsigned shard, Content content) {
        post.post(shard, broker_mail{settings.shard, std::move(content)});
    }
    /// For what is to be answered there.
    bool mail_full(unsigned shard) const { return above_bounds(post.mail_waiting(shard)); }
    /// For what is to be passed on to its subscribers.
    bool backlog_full(unsigned shard) const { return above_bounds(post.backlog(shard)); }
    void count(limit_kind which) { at(counts.limited, which).add(); }

private:
    bool above_bounds(shard_backlog const& now) const noexcept {
        return now.messages > settings.backlog_messages_max ||
               now.bytes > settings.backlog_bytes_max;
    }
};

/// The part of a memory broker that is the home of topics: answers what this and other shards ask
/// of them, and passes on. Nothing touches a topic after the listener was called: it may have
/// detached, or asked for more.
class memory_home {
public:
    memory_home(memory_links& links, memory_broker_shared& shared, policy_source const& policies)
        : links_(links),
          topics_(links.settings, shared, policies, links.counts),
          dedupe_(links.settings.dedupe_window, links.settings.dedupe_max, shared.dedupe_ids) {}

    result<position> attach(std::string_view topic, unsigned origin);
    void detach(std::string_view topic, unsigned origin);
    /// Gives the message its place, keeps it and passes it on.
    result<position> publish(publication&& p);
    log_page read(log_query const& q);
    void enter(std::string_view topic, std::string_view user, std::string_view info);
    void exit(std::string_view topic, std::string_view user);
    /// Every interested shard was told of all changes up to the page's version.
    presence_page members(std::string_view topic, std::uint32_t max);
    void tick(mono_time at);

    home_table& topics() noexcept { return topics_; }
    home_table const& topics() const noexcept { return topics_; }

private:
    result<position> order(publication&& p, topic_home& home);
    /// Looks at all that can refuse, but for the dedupe ids, before anything is changed.
    result<void> admit(publication const& p, topic_home& home);
    void tell_news();

    memory_links& links_;
    home_table topics_;
    dedupe_window dedupe_;
};

/// A publish, read or members() that finds queues full.
fault queues_full();

}  // namespace weir
