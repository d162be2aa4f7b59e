#include "shard/client_extras.hpp"
#include "shard/encoded_message.hpp"
#include "shard/shard.hpp"

#include <weir/base/assert.hpp>
#include <weir/transport/frame_writer.hpp>

#include <algorithm>
#include <utility>

// A client's subscriptions: how they begin and end, and where a message goes that comes for one.
namespace weir {
namespace {

/// Of the newest messages that a subscription may begin with.
constexpr std::uint32_t last_max = 1000;

nanoseconds interval_of(double rate) noexcept {
    return rate > 0 ? nanoseconds(static_cast<std::int64_t>(1e9 / rate)) : nanoseconds(0);
}

/// The slower of what the rule and the subscriber want; 0: neither wants any.
double slower(double a, double b) noexcept {
    if (a <= 0 || b <= 0) return std::max(a, b);
    return std::min(a, b);
}

}  // namespace

/// Every topic with a subscriber is in the index, so its name is looked up there.
client::subscription* client::find(std::string_view topic) const noexcept {
    topic_entry const* const entry = shard_.index_of_topics().find(topic);
    return entry != nullptr ? find(*entry) : nullptr;
}

client::subscription* client::find(topic_entry const& topic) const noexcept {
    auto& all = const_cast<std::vector<subscription>&>(subscriptions_);
    if (all.size() > scanned_max) {
        auto const at = extras_->by_topic.find(&topic);
        return at != extras_->by_topic.end() ? &all[at->second] : nullptr;
    }
    auto const at = std::find_if(all.begin(), all.end(),
                                 [&](subscription const& s) { return s.topic == &topic; });
    return at != all.end() ? &*at : nullptr;
}

client::subscription& client::add(topic_entry& topic, std::uint32_t slot) {
    subscription& s = subscriptions_.emplace_back(subscription{.topic = &topic, .slot = slot});
    auto const count = subscriptions_.size();
    if (count == scanned_max + 1) {
        for (std::uint32_t i = 0; i != count; ++i) {
            extras().by_topic.emplace(subscriptions_[i].topic, i);
        }
    } else if (count > scanned_max) {
        extras_->by_topic.emplace(&topic, static_cast<std::uint32_t>(count - 1));
    }
    shard_.counts().subscriptions.add();
    return s;
}

follower& client::more_of(subscription& s) {
    if (!s.more) {
        s.more = std::make_unique<follower>();
        ++followers_;
    }
    return *s.more;
}

/// A subscription for which nothing waits any more needs no follower.
void client::settle(subscription& s) {
    if (!s.more) return;
    follower& f = *s.more;
    if (f.start && f.start->done()) f.start.reset();
    if (f.held && f.held->empty()) f.held.reset();
    if (!f.idle()) return;
    s.more.reset();
    --followers_;
}

// How subscriptions begin and end

void client::subscribe(std::string_view topic, subscribe_options const& with) {
    bool const past = with.since || with.last != 0 || with.state;
    joined_inside_ = false;
    auto const [entry, slot] = shard_.index_of_topics().join(topic, *this, !past);
    if (entry == nullptr) return;  // refused; joined() has said so
    subscription& s = add(*entry, slot);
    s.by_server = with.by_server;
    s.wants_presence = with.presence;
    if (past) {
        more_of(s).start = std::make_unique<subscription_start>();
        s.more->start->wish = with;
    }
    pace(s, with.rate);
    if (joined_inside_) begin(s, entry->tail());
}

void client::pace(subscription& s, double rate) {
    topic_policy const& policy = shard_.index_of_topics().policy(*s.topic);
    double const at_most = slower(policy.rate, rate);
    if (at_most <= 0) {
        if (s.more && s.more->paced) s.more->paced = false;
        return settle(s);
    }
    follower& f = more_of(s);
    f.paced = true;
    if (!f.conflated || f.conflated->empty()) {
        f.conflated = std::make_unique<conflated_messages>(interval_of(at_most));
    }
}

void client::joined(topic_entry& topic, result<position> const& at) {
    subscription* const s = find(topic);
    if (at) {
        if (s == nullptr) {
            joined_inside_ = true;
        } else {
            begin(*s, *at);
        }
        return;
    }
    std::string const name(topic.name());
    if (s != nullptr) forget(*s);
    session_.on_joined(name, at.error());
}

/// The broker has let the topic in: what was asked for of its past is read before the answer.
void client::begin(subscription& s, position const& at) {
    if (!s.more || !s.more->start) return answer(s, {.at = at});
    subscribe_options const& wish = s.more->start->wish;
    if (!wish.since && wish.last == 0) return read_state(s);
    log_query q;
    q.kind = wish.since ? log_query::what::after : log_query::what::before;
    q.at = wish.since;
    q.messages_max = wish.since ? page_messages : std::min(wish.last, last_max);
    // References to what the log holds anyway; what does not fit the outbox is read again later.
    q.bytes_max = wish.since ? room_bytes() : ~std::size_t{0};
    ask(s, std::move(q));
}

/// The newest of each key, or of all, are enough for this subscriber.
bool client::conflates(subscription const& s) const {
    topic_policy const& policy = shard_.index_of_topics().policy(*s.topic);
    return (s.more && s.more->paced) ||
           (policy.slow == slow_policy::conflate && !policy.history.kept());
}

void client::answer(subscription& s, join_answer const& a) {
    join_answer told = a;
    told.conflating = conflates(s);
    session_.on_joined(s.topic->name(), told);
    watch(s);
    show(s);  // after the answer: the change it makes is news to the subscriber, too
}

/// Told of presence as it wishes; from its answer on.
void client::watch(subscription& s) {
    if (s.wants_presence == s.watches || !s.topic->attached()) return;
    s.watches = s.wants_presence;
    if (s.watches) {
        topic_index::watch(*s.topic, *this);
    } else {
        topic_index::unwatch(*s.topic, *this);
    }
}

join_answer client::change(std::string_view topic, subscribe_options const& with) {
    subscription& s = *find(topic);
    s.wants_presence = with.presence;
    if (s.answered()) watch(s);
    pace(s, with.rate);
    return {.at = s.topic->tail(), .conflating = conflates(s)};
}

void client::unsubscribe(std::string_view topic) {
    if (subscription* const s = find(topic)) take_out(*s);
}

void client::take_out(subscription& s) {
    hide(s);
    if (s.watches) topic_index::unwatch(*s.topic, *this);
    topic_entry& topic = *s.topic;
    auto const slot = s.slot;
    forget(s);
    shard_.index_of_topics().leave(topic, slot);
}

/// The index does not have it, or is about to be told.
void client::forget(subscription& s) {
    if (s.more) {
        if (s.more->lagging) shard_.counts().lagging.sub();
        --followers_;
    }
    auto const at = static_cast<std::uint32_t>(&s - subscriptions_.data());
    bool const in_table = subscriptions_.size() > scanned_max;
    if (in_table) extras_->by_topic.erase(s.topic);
    if (&s != &subscriptions_.back()) {
        s = std::move(subscriptions_.back());
        if (in_table) extras_->by_topic[s.topic] = at;
    }
    subscriptions_.pop_back();
    if (in_table && subscriptions_.size() == scanned_max) extras_->by_topic = {};
    shard_.counts().subscriptions.sub();
}

void client::leave_all() {
    while (!subscriptions_.empty()) take_out(subscriptions_.back());
    subscriptions_.shrink_to_fit();
}

bool client::subscribed(std::string_view topic) const {
    return find(topic) != nullptr;
}

std::vector<session_port::topic_name> client::topics() const {
    std::vector<topic_name> all;
    all.reserve(subscriptions_.size());
    for (subscription const& s : subscriptions_) {
        all.push_back({std::string(s.topic->name()), s.by_server});
    }
    return all;
}

void client::moved(topic_entry& topic, std::uint32_t from, std::uint32_t to) {
    subscription* const s = find(topic);
    WEIR_ASSERT(s != nullptr && s->slot == from);
    s->slot = to;
}

// Presence: who is counted is whoever has a connection and a name.

void client::show(subscription& s) {
    if (s.present || !transport_ || session_.user().empty() || !s.topic->attached()) return;
    if (shard_.counting_waits()) return;  // review_presence() comes
    if (!shard_.index_of_topics().policy(*s.topic).presence) return;
    s.present = true;
    shard_.enter(s.topic->name(), session_.user());
}

void client::hide(subscription& s) {
    if (!std::exchange(s.present, false)) return;
    shard_.exit(s.topic->name(), session_.user());
}

void client::review_presence() {
    for (subscription& s : subscriptions_) {
        if (!shard_.index_of_topics().policy(*s.topic).presence) {
            hide(s);
        } else if (s.answered()) {
            show(s);
        }
    }
}

void client::presence_changed(topic_entry& topic, presence_delivery& d) {
    subscription* const s = find(topic);
    if (s == nullptr || !session_.is_alive() || session_.is_ruined()) return;
    bool const away = transport_ == nullptr || closing_;
    if (!away && has_room() && !(s->more && s->more->missed_presence)) {
        if (!d.cache) d.cache = std::make_shared<encoded_message>();
        auto& cache = *static_cast<encoded_message*>(d.cache.get());
        return push(shard_.frame_of(d.what(), cache, session_.speaks()));
    }
    // Versions follow one another, so whoever asks anew after the gap has missed nothing.
    follower& f = more_of(*s);
    if (!f.missed_presence) f.missed_why = away ? gap_reason::detached : gap_reason::slow;
    f.missed_presence = true;
}

// Where a message goes

/// The hot path: whoever keeps up gets a reference.
void client::deliver(delivery& d) {
    message const& m = d.what();
    if (!m.exclude.empty() && m.exclude == session_.id()) return;
    session_.on_delivered(shard_.turn().at());
    if (followers_ != 0 || !transport_ || closing_ ||
        session_.frames().outbox_bytes() > shard_.marks().low) {
        if (subscription* const s = find(d.topic())) deliver_otherwise(*s, d);
        return;
    }
    push(frame_of(d));
}

/// Encoded once for all subscribers of this shard that speak the same dialect.
frame_ref const& client::frame_of(delivery& d) {
    return shard_.frame_of(d.what(), encoded(d), session_.speaks());
}

/// Somebody who is away, reads slowly, or wants the newest only.
void client::deliver_otherwise(subscription& s, delivery& d) {
    if (!session_.is_alive() || session_.is_ruined()) return;
    message const& m = d.what();
    topic_policy const& policy = shard_.index_of_topics().policy(*s.topic);
    bool const away = !transport_ || closing_;
    mono_time const at = shard_.turn().at().mono;

    if (s.more && s.more->paced) {
        if (!away && has_room() && s.more->conflated->pass(m, at) && try_push(frame_of(d))) return;
        if (away && m.is_volatile) return lose_volatile(s, m);
        return hold_back(s, d);
    }
    if (policy.history.kept()) {
        // The log is its buffer: from here on it is a position.
        if (!away && session_.frames().outbox_bytes() <= shard_.marks().high &&
            try_push(frame_of(d))) {
            return;
        }
        return lag(s, {m.at.epoch, m.at.offset - 1});
    }
    bool const waits = s.more && !s.more->idle();
    // Where it conflates, a slow client gets the newest of each key, volatile or not.
    bool const too_slow = !policy.conflates() && (waits || !has_room());
    if (m.is_volatile && (away || too_slow)) return lose_volatile(s, m);
    if (!waits) {
        // Where it is too much for an outbox, this closes the connection.
        if (policy.slow == slow_policy::disconnect && !away) return push(frame_of(d));
        auto const mark = away ? shard_.marks().full : shard_.marks().low;
        bool const fits = session_.frames().outbox_bytes() + m.payload.size() < mark;
        if (fits && try_push(frame_of(d))) return;
    }
    hold_back(s, d);
}

/// Not collected, but told, also where it conflates: it may be the newest of its key.
void client::lose_volatile(subscription& s, message const& m) {
    bool const away = !transport_ || closing_;
    auto const why = away ? gap_reason::detached : gap_reason::slow;
    follower& f = more_of(s);
    if (f.conflated) {
        f.conflated->lose(m, why);
    } else {
        if (!f.held) f.held = std::make_unique<held_messages>();
        f.held->lose(m, why);
    }
    at_dropped(drop_reason::volatile_message);
}

/// Topics without history: beside the outbox, in the order or by key as the rule says.
void client::hold_back(subscription& s, delivery& d) {
    message_ptr const& m = d.shared();
    topic_policy const& policy = shard_.index_of_topics().policy(*s.topic);
    bool const away = !transport_ || closing_;
    follower& f = more_of(s);
    if (f.paced || policy.conflates()) {
        if (!f.conflated) f.conflated = std::make_unique<conflated_messages>(nanoseconds(0));
        if (f.conflated->keep(m, shard_.turn().at().mono)) at_dropped(drop_reason::conflated);
        if (f.paced && f.conflated->due() < extras().pace_due) {
            extras().pace_due = f.conflated->due();
            rearm();
        }
    } else {
        if (!f.held) f.held = std::make_unique<held_messages>();
        f.held->add(m);
    }
    auto const why = away ? gap_reason::detached : gap_reason::slow;
    std::size_t const others = session_.frames().outbox_bytes() + held_total() - f.bytes();
    while (others + f.bytes() > shard_.marks().full && f.bytes() != 0) {
        if (f.held && f.held->has_message()) {
            if (policy.slow == slow_policy::disconnect && !away) {
                return session_.close(close_reason::slow_consumer);
            }
            f.held->drop_oldest(why);
        } else {
            f.conflated->drop_oldest(why);
        }
        at_dropped(away ? drop_reason::detached : drop_reason::slow);
    }
}

void client::lag(subscription& s, position const& place) {
    follower& f = more_of(s);
    if (!f.lagging) shard_.counts().lagging.add();
    f.lagging = true;
    f.place = place;
    topic_index::hold(*s.topic, s.slot);
    want_feed();
}

void client::at_dropped(drop_reason why) noexcept {
    at(shard_.counts().dropped, why).add();
}

std::size_t client::held_total() const noexcept {
    std::size_t total = 0;
    for (subscription const& s : subscriptions_) {
        if (s.more) total += s.more->bytes();
    }
    return total;
}

}  // namespace weir
