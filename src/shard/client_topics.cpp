#include "shard/client_extras.hpp"
#include "shard/encoded_message.hpp"
#include "shard/feed_link.hpp"
#include "shard/shard.hpp"

#include <weir/base/assert.hpp>
#include <weir/transport/frame_writer.hpp>

#include <algorithm>
#include <utility>

// A client's subscriptions: how they begin and end, and where a message goes that comes for one.
namespace weir {

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

// How subscriptions begin and end

void client::subscribe(std::string_view topic, subscribe_options const& with) {
    bool const past = with.since || with.last != 0 || with.state;
    joined_inside_ = false;
    auto const [entry, slot] = shard_.index_of_topics().join(topic, *this, !past);
    if (entry == nullptr) return;  // refused; joined() has said so
    subscription& s = add(*entry, slot);
    s.by_server = with.by_server;
    s.wants_presence = with.presence;
    if (past) more_of(s).feed.begin_with(with);
    pace(s, with.rate);
    if (joined_inside_) begin(s, entry->tail());
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
    if (!s.more) return answer(s, {.at = at});
    feed_link link(*this, s, *s.more);
    s.more->feed.joined(link, at);
}

void client::answer(subscription& s, join_answer const& a) {
    join_answer told = a;
    told.conflating = conflates(s);
    if (a.what && a.what->missing) at(shard_.counts().gaps, a.what->missing->reason).add();
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
        if (s.more->feed.behind()) shard_.counts().lagging.sub();
        if (s.more->feed.in_tail()) topic_index::release_tail(*s.topic);
        count_waiting(*s.more, 0);
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

void client::review_rules() {
    for (subscription& s : subscriptions_) {
        pace(s, s.more ? s.more->rate_wish : 0);
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
    if (!away && has_room() && !(s->more && s->more->feed.missed_presence())) {
        if (!d.cache) d.cache = std::make_shared<encoded_message>();
        auto& cache = *static_cast<encoded_message*>(d.cache.get());
        return push(shard_.frame_of(d.what(), cache, session_.speaks()));
    }
    // Versions follow one another, so whoever asks anew after the gap has missed nothing.
    more_of(*s).feed.miss_presence(!away);
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

}  // namespace weir
