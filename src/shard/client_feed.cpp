#include "shard/client_extras.hpp"
#include "shard/encoded_message.hpp"
#include "shard/feed_link.hpp"
#include "shard/shard.hpp"

#include <weir/transport/frame_writer.hpp>

#include <algorithm>
#include <utility>

// What is sent when the outbox has room or a time has come: each subscription that is not simply
// live decides it in its feed (subscription_feed); this is the wiring.
namespace weir {

void client::want_feed() {
    if (feed_wanted_ || !transport_ || closing_) return;
    feed_wanted_ = true;
    shard_.want_feed(slot_);
}

bool client::has_room() const noexcept {
    return session_.frames().outbox_bytes() < shard_.marks().middle;
}

std::size_t client::room_bytes() const noexcept {
    auto const filled = session_.frames().outbox_bytes();
    return filled < shard_.marks().middle ? shard_.marks().middle - filled : 0;
}

std::size_t client::feed(std::size_t budget) {
    feed_wanted_ = false;
    if (!transport_ || closing_) return 0;
    push_losses();
    std::size_t done = 0;
    auto const count = followers_ != 0 ? subscriptions_.size() : 0;
    for (std::size_t i = 0; i != count && done < budget && has_room() && !closing_; ++i) {
        subscription& s = subscriptions_[(feed_next_ + i) % count];
        if (!s.more) continue;
        feed_link link(*this, s, *s.more);
        done += s.more->feed.work(link, budget - done);
        settle(s);
    }
    ++feed_next_;  // another one is first the next time
    if (done >= budget && has_room()) want_feed();
    return done;
}

follower& client::more_of(subscription& s) {
    if (!s.more) {
        s.more = std::make_unique<follower>();
        ++followers_;
    }
    return *s.more;
}

/// What waits by key is counted like the outbox; a subscription for which nothing waits needs no
/// follower.
void client::settle(subscription& s) {
    if (!s.more) return;
    count_waiting(*s.more, s.more->feed.bytes());
    if (!s.more->feed.idle()) return;
    s.more.reset();
    --followers_;
}

void client::count_waiting(follower& f, std::size_t bytes) {
    if (bytes == f.counted) return;
    shard_.counts().outbox_bytes.add(bytes - f.counted);  // wraps where it shrinks: a sum
    waiting_bytes_ += bytes - f.counted;
    f.counted = bytes;
}

/// Odd tickets are the client's own reads; the session's are even.
void client::on_read(std::uint32_t ticket, result<log_page> page) {
    if ((ticket & 1) == 0) return session_.on_read(ticket, std::move(page), shard_.turn().at());
    auto const asked = extras().reads.extract(ticket);
    if (asked.empty()) return;
    subscription* s = find(*asked.mapped());
    if (s == nullptr || !s->more || s->more->read != ticket) return;  // unsubscribed meanwhile
    topic_entry& topic = *s->topic;
    s->more->read = 0;
    feed_link link(*this, *s, *s->more);
    s->more->feed.on_page(link, std::move(page));
    s = find(topic);  // it may have been refused
    if (s != nullptr) settle(*s);
}

/// A message that is not simply pushed: the client is detached or slow, or gets the newest only.
void client::deliver_otherwise(subscription& s, delivery& d) {
    if (!session_.is_alive() || session_.is_ruined()) return;
    if (s.more) {
        feed_link link(*this, s, *s.more, &d);
        s.more->feed.on_message(link, d.shared());
        return settle(s);
    }
    follower fresh;
    feed_link link(*this, s, fresh, &d);
    fresh.feed.on_message(link, d.shared());
    if (fresh.feed.idle()) return;
    more_of(s) = std::move(fresh);
    settle(s);
}

/// By the rule and the client's wish, whichever is lower.
void client::pace(subscription& s, double wish) {
    double const rule = shard_.index_of_topics().policy(*s.topic).rate;
    double const rate = rule <= 0 || wish <= 0 ? std::max(rule, wish) : std::min(rule, wish);
    if (rate <= 0 && !s.more) return;
    follower& f = more_of(s);
    f.rate_wish = wish;
    feed_link link(*this, s, f);
    f.feed.set_rate(link, rate);
    settle(s);
}

bool client::conflates(subscription const& s) const {
    topic_policy const& policy = shard_.index_of_topics().policy(*s.topic);
    return s.more ? s.more->feed.conflates(policy) : subscription_feed::by_rule(policy);
}

void client::feeds_attached() {
    for (subscription& s : subscriptions_) {
        if (!s.more) continue;
        feed_link link(*this, s, *s.more);
        s.more->feed.on_attached(link);
    }
}

bool client::push_gap(std::string_view topic, loss const& what) {
    std::string& text = shard_.environment().scratch;
    text.clear();
    session_.dialect().encode_gap(text, topic, what);
    if (text.empty()) return true;
    if (!try_push(frame_in(session_.dialect(), text, true))) return false;
    at(shard_.counts().gaps, what.reason).add();
    return true;
}

/// Of reserved topics, that no subscription stands for.
void client::push_losses() {
    if (!extras_) return;
    auto& lost = extras_->lost;
    while (!lost.empty() && has_room() && push_gap(lost.front().first, lost.front().second)) {
        lost.erase(lost.begin());
    }
}

}  // namespace weir
