#include "shard/feed_link.hpp"

#include "shard/client_extras.hpp"
#include "shard/shard.hpp"

#include <weir/base/assert.hpp>
#include <weir/message/json_position.hpp>
#include <weir/transport/frame_writer.hpp>

#include <algorithm>
#include <utility>

namespace weir {

client::subscription& client::feed_link::own() const {
    subscription* const s = client_.find(topic_);
    WEIR_ASSERT(s != nullptr);
    return *s;
}

feed_port::outbox client::feed_link::level() const {
    auto const& marks = client_.shard_.marks();
    return {.attached = client_.transport_ != nullptr && !client_.closing_,
            .filled = client_.session_.frames().outbox_bytes(),
            .low = marks.low,
            .middle = marks.middle,
            .high = marks.high};
}

mono_time client::feed_link::time() const {
    return client_.shard_.turn().at().mono;
}

topic_policy const& client::feed_link::policy() const {
    return client_.shard_.index_of_topics().policy(topic_);
}

bool client::feed_link::excluded(session_id const& whom) const {
    return !whom.empty() && whom == client_.session_.id();
}

/// All subscriptions of a session together: a quarter of its outbox.
bool client::feed_link::may_wait(std::size_t bytes) const {
    auto const all = client_.waiting_bytes_ - follower_.counted + follower_.feed.bytes();
    return all + bytes <= client_.shard_.marks().low;
}

bool client::feed_link::push(message_ptr const& m) {
    bool const delivered = delivery_ != nullptr && delivery_->shared() == m;
    return client_.try_push(delivered ? client_.frame_of(*delivery_)
                                      : client_.shard_.frame_of(m, client_.session_.speaks()));
}

bool client::feed_link::push_gap(loss const& what) {
    return client_.push_gap(topic_.name(), what);
}

bool client::feed_link::push_position(position const& at) {
    if (client_.session_.speaks() != native_json) return true;
    std::string& text = client_.shard_.environment().scratch;
    text.clear();
    encode_json_position(text, topic_.name(), at);
    return client_.try_push(make_text_frame(text, true));
}

void client::feed_link::answer(join_answer const& a) {
    client_.answer(own(), a);
}

void client::feed_link::refuse(fault const& why) {
    client& c = client_;
    std::string const name(topic_.name());
    fault const told = why;
    c.take_out(own());
    c.session_.on_joined(name, told);
}

/// Odd tickets are the client's own reads; the session's are even.
void client::feed_link::read(log_query q) {
    q.topic = topic_.name();
    auto const ticket = client_.next_read_ += 2;
    follower_.read = ticket;
    client_.extras().reads.emplace(ticket, &topic_);
    client_.shard_.read(std::move(q), client_.slot_, ticket);
}

void client::feed_link::hold() {
    client_.shard_.index_of_topics().hold(topic_, own().slot);
}

void client::feed_link::go_live(std::uint64_t after) {
    client_.shard_.index_of_topics().go_live(topic_, own().slot, after);
}

void client::feed_link::use_tail() {
    client_.shard_.index_of_topics().use_tail(topic_);
}

void client::feed_link::release_tail() {
    topic_index::release_tail(topic_);
}

topic_tail const* client::feed_link::tail() const {
    return topic_index::tail_of(topic_);
}

void client::feed_link::want_work() {
    client_.want_feed();
}

void client::feed_link::wake_at(mono_time when) {
    mono_time& due = client_.extras().pace_due;
    if (when >= due) return;
    due = when;
    client_.rearm();
}

void client::feed_link::close_slow() {
    client_.session_.close(close_reason::slow_consumer);
}

void client::feed_link::dropped(drop_reason why, std::uint64_t count) {
    at(client_.shard_.counts().dropped, why).add(count);
}

void client::feed_link::lags(bool yes) {
    auto& lagging = client_.shard_.counts().lagging;
    if (yes) {
        lagging.add();
    } else {
        lagging.sub();
    }
}

}  // namespace weir
