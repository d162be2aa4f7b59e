#pragma once

#include "shard/client.hpp"

#include <string>

namespace weir {

/// What the feed of one subscription sees of its client, topic and shard. Made for one call.
class client::feed_link final : public feed_port {
public:
    /// `d`: the delivery that the call is about, whose encoded frame is shared.
    feed_link(client& c, subscription& s, follower& f, delivery* d = nullptr) noexcept
        : client_(c), topic_(*s.topic), follower_(f), delivery_(d) {}

    outbox level() const override;
    mono_time time() const override;
    topic_policy const& policy() const override;
    bool excluded(session_id const& whom) const override;
    bool may_wait(std::size_t bytes) const override;
    bool push(message_ptr const& m) override;
    bool push_gap(loss const& what) override;
    bool push_position(position const& at) override;
    void answer(join_answer const& a) override;
    void refuse(fault const& why) override;
    void read(log_query q) override;
    void hold() override;
    void go_live(std::uint64_t after) override;
    void use_tail() override;
    void release_tail() override;
    topic_tail const* tail() const override;
    void want_work() override;
    void wake_at(mono_time when) override;
    void close_slow() override;
    void dropped(drop_reason why, std::uint64_t count) override;
    void lags(bool yes) override;

private:
    /// The vector of subscriptions may have moved.
    subscription& own() const;

    client& client_;
    topic_entry& topic_;
    follower& follower_;
    delivery* delivery_;
};

}  // namespace weir
