#include "shard/client_extras.hpp"
#include "shard/encoded_message.hpp"
#include "shard/shard.hpp"

#include <weir/transport/frame_writer.hpp>

#include <algorithm>
#include <utility>

// What is sent when the outbox has room: the past of a subscription that begins, the log to one
// that lags, what was held back. Where a subscription has caught up it goes live, in the same
// moment in which the log had no more for it (broker_listener::on_read).
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
    auto const count = subscriptions_.size();
    for (std::size_t i = 0; i != count && done < budget && has_room(); ++i) {
        subscription& s = subscriptions_[(feed_next_ + i) % count];
        if (s.more) done += feed(s, budget - done);
    }
    ++feed_next_;  // another one is first the next time
    if (done >= budget && has_room()) want_feed();
    return done;
}

std::size_t client::feed(subscription& s, std::size_t budget) {
    follower& f = *s.more;
    if (f.start && !f.start->answered) return 0;
    if (f.missed_presence && push_gap(s.topic->name(), {.reason = f.missed_why})) {
        f.missed_presence = false;
    }
    std::size_t done = f.start ? feed_start(s, budget) : 0;
    if (f.start && !f.start->done()) return done;
    if (f.held) done += feed_held(s, budget - std::min(budget, done));
    if (f.conflated) done += feed_conflated(s);
    if (f.lagging) {
        read_log(s);  // may have ended inside: `s.more` is looked at anew
        ++done;
    }
    settle(s);
    return done;
}

std::size_t client::feed_start(subscription& s, std::size_t budget) {
    subscription_start& start = *s.more->start;
    std::size_t done = 0;
    while (start.sent != start.first.size() && done < budget && has_room()) {
        if (!push_message(start.first[start.sent])) break;
        ++start.sent;
        ++done;
    }
    return done;
}

std::size_t client::feed_held(subscription& s, std::size_t budget) {
    held_messages& held = *s.more->held;
    std::size_t done = 0;
    while (!held.empty() && done < budget && has_room()) {
        if (auto const* const lost = std::get_if<loss>(&held.front())) {
            if (!push_gap(s.topic->name(), *lost)) break;
        } else if (!push_message(std::get<message_ptr>(held.front()))) {
            break;
        }
        held.take();
        ++done;
    }
    return done;
}

std::size_t client::feed_conflated(subscription& s) {
    conflated_messages& waiting = *s.more->conflated;
    mono_time const at = shard_.turn().at().mono;
    std::size_t done = 0;
    if (waiting.has_loss() && has_room() && push_gap(s.topic->name(), *waiting.lost())) {
        waiting.take_loss();
    }
    while (has_room()) {
        message_ptr const* const next = waiting.front(at);
        if (next == nullptr || !push_message(*next)) break;
        waiting.take(at);
        ++done;
    }
    if (s.more->paced && waiting.due() > at && waiting.due() < extras().pace_due) {
        extras_->pace_due = waiting.due();
        rearm();
    }
    return done;
}

void client::read_log(subscription& s) {
    follower& f = *s.more;
    if (f.read != 0) return;
    log_query q;
    q.kind = log_query::what::after;
    q.at = f.place;
    q.messages_max = page_messages;
    q.bytes_max = room_bytes();
    ask(s, std::move(q));
}

/// One read of a subscription is under way at a time.
void client::ask(subscription& s, log_query q) {
    q.topic = s.topic->name();
    s.more->read = next_read_ += 2;
    extras().reads.emplace(s.more->read, s.topic);
    shard_.read(std::move(q), slot_, s.more->read);
}

/// Odd tickets are the client's own reads; the session's are even.
void client::on_read(std::uint32_t ticket, result<log_page> page) {
    if ((ticket & 1) == 0) return session_.on_read(ticket, std::move(page), shard_.turn().at());
    auto const asked = extras().reads.extract(ticket);
    if (asked.empty()) return;
    subscription* const s = find(*asked.mapped());
    if (s == nullptr || !s->more || s->more->read != ticket) return;  // unsubscribed meanwhile
    s->more->read = 0;
    if (s->more->start && !s->more->start->answered) return begin_page(*s, page);
    if (page)
        take_page(*s, *page, true);
    else
        want_feed();
}

/// The first page of a subscription that asked for a past: now it can be answered.
void client::begin_page(subscription& s, result<log_page>& page) {
    if (!page) {
        std::string const name(s.topic->name());
        fault const why = page.error();
        take_out(s);
        return session_.on_joined(name, why);
    }
    subscription_start& start = *s.more->start;
    subscribe_options const& wish = start.wish;
    topic_policy const& policy = shard_.index_of_topics().policy(*s.topic);
    bool const of_state = start.of_state || (!wish.since && wish.last == 0);
    if (!of_state) {
        receipt told{
            .from = page->head.offset + 1, .to = page->head.offset, .missing = page->missing};
        if (wish.since) {
            bool const known =
                wish.since->epoch == page->head.epoch && wish.since->offset <= page->head.offset;
            told.from = known ? wish.since->offset + 1 : 1;
        } else if (!page->messages.empty()) {
            told.from = page->messages.front()->at.offset;
        }
        start.what = told;
        if (page->missing) at(shard_.counts().gaps, page->missing->reason).add();
        if (page->missing && wish.state && policy.state != state_kind::none) {
            // Too old for the log: the state stands for what is missing.
            start.of_state = true;
            return read_state(s);
        }
    }
    start.answered = true;
    join_answer told{.at = page->head,
                     .recovered = !start.what || !start.what->missing,
                     .what = start.what,
                     .state = {}};
    if (of_state) told.state = page->messages.size();
    answer(s, told);
    if (!s.more || s.more->start.get() != &start) return;
    if (of_state) {
        start.first = std::move(page->messages);
        page->messages.clear();
    }
    if (policy.history.kept()) {
        bool const first = !of_state && !page->messages.empty();
        lag(s,
            first ? position{page->head.epoch, page->messages.front()->at.offset - 1} : page->head);
        if (!of_state) take_page(s, *page, false);
    } else {
        topic_index::go_live(*s.topic, s.slot, page->head.offset);
        settle(s);
    }
    want_feed();
}

void client::read_state(subscription& s) {
    log_query q;
    q.kind = log_query::what::state;
    q.messages_max = ~std::uint32_t{0};
    q.bytes_max = ~std::size_t{0};
    ask(s, std::move(q));
}

/// What the log gave to a subscription that lags. `tells`: what is missing becomes a gap here; at
/// its begin the receipt has said it.
void client::take_page(subscription& s, log_page const& page, bool tells) {
    follower& f = *s.more;
    if (tells && page.missing) {
        if (!push_gap(s.topic->name(), *page.missing)) return;
        if (page.missing->to != 0) f.place = {page.head.epoch, page.missing->to};
    }
    for (message_ptr const& m : page.messages) {
        if (session_.frames().outbox_bytes() > shard_.marks().high || !push_message(m)) {
            return;  // as the outbox drains, on from here
        }
        f.place = m->at;
    }
    if (page.more) return want_feed();
    // The index was given everything up to the page's head, and nothing since.
    f.lagging = false;
    shard_.counts().lagging.sub();
    topic_index::go_live(*s.topic, s.slot, page.head.offset);
    settle(s);
}

bool client::push_message(message_ptr const& m) {
    if (!m->exclude.empty() && m->exclude == session_.id()) return true;
    return try_push(shard_.frame_of(m, session_.speaks()));
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
