#include <weir/session/subscription_feed.hpp>

#include <algorithm>
#include <utility>

// Where a subscription gets from what it is behind: the log, the tail and the state of its topic.
namespace weir {

/// Nothing is delivered before the past was sent, so it begins behind.
void subscription_feed::joined(feed_port& port, position const& at) {
    if (!start_) return port.answer({.at = at});
    behind_ = true;
    place_ = at;
    in_tail_ = !port.policy().history.kept();
    if (in_tail_) port.use_tail();
    port.lags(true);
    subscribe_options const& wish = start_->wish;
    if (!wish.since && wish.last == 0) return read_state(port);
    log_query q;
    q.kind = wish.since ? log_query::what::after : log_query::what::before;
    q.at = wish.since;
    q.messages_max = wish.since ? page_messages : std::min(wish.last, last_max);
    // References to what the log holds anyway; what does not fit the outbox is read again later.
    q.bytes_max = wish.since ? port.level().room() : ~std::size_t{0};
    reading_ = true;
    port.read(std::move(q));
}

void subscription_feed::on_page(feed_port& port, result<log_page>&& page) {
    reading_ = false;
    if (start_) {
        if (!page) return port.refuse(page.error());
        return first_page(port, std::move(*page));
    }
    if (!page) return port.want_work();
    if (stage_) {
        stage_->page = std::move(page->messages);
        stage_->next = 0;
        stage_->more = page->more;
        port.want_work();
    } else if (behind_ && !in_tail_) {
        take_page(port, *page, true);
    }
}

/// Now the subscription can be answered.
void subscription_feed::first_page(feed_port& port, log_page&& page) {
    beginning& b = *start_;
    subscribe_options const& wish = b.wish;
    topic_policy const& policy = port.policy();
    bool const of_state = b.of_state || (!wish.since && wish.last == 0);
    if (!of_state) {
        receipt told{.from = page.head.offset + 1, .to = page.head.offset, .missing = page.missing};
        if (wish.since) {
            bool const known =
                wish.since->epoch == page.head.epoch && wish.since->offset <= page.head.offset;
            told.from = known ? wish.since->offset + 1 : 1;
        } else if (!page.messages.empty()) {
            told.from = page.messages.front()->at.offset;
        }
        b.what = told;
        if (page.missing && wish.state && policy.state != state_kind::none) {
            // Too old for the log: the state stands for what is missing.
            b.of_state = true;
            return read_state(port);
        }
    }
    join_answer told{
        .at = page.head, .recovered = !b.what || !b.what->missing, .what = b.what, .state = {}};
    if (of_state) told.state = page.messages.size();
    start_.reset();
    place_ = page.head;
    told_ = of_state || told.what ? 0 : page.head.offset;
    port.answer(told);
    if (of_state) {
        begin_state(port, std::move(page));
    } else {
        if (!page.messages.empty()) place_.offset = page.messages.front()->at.offset - 1;
        if (in_tail_ && !page.messages.empty()) {  // the rule has got a history meanwhile
            in_tail_ = false;
            port.release_tail();
        }
        if (!in_tail_) return take_page(port, page, false);
    }
    port.want_work();
}

// The state is sent in pages, in the order of offsets. What is newer than its first page is not
// sent from it: that follows from the log or the tail, with the removals.

/// The first page is all of the state, so that its size can be told; what does not fit the outbox
/// is not kept, but read again.
void subscription_feed::begin_state(feed_port& port, log_page&& page) {
    auto& all = page.messages;
    std::size_t left = port.level().room();
    std::size_t kept = 0;
    for (; kept != all.size() && kept != page_messages; ++kept) {
        std::size_t const size = stored_bytes(*all[kept]);
        if (kept != 0 && size > left) break;
        left -= std::min(size, left);
    }
    stage_ = std::make_unique<state_stage>();
    stage_->after = {page.head.epoch, 0};
    stage_->upto = page.head.offset;
    stage_->more = kept != all.size();
    stage_->page.assign(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(kept));
}

void subscription_feed::read_state(feed_port& port) {
    log_query q;
    q.kind = log_query::what::state;
    q.messages_max = stage_ ? page_messages : ~std::uint32_t{0};
    q.bytes_max = stage_ ? port.level().room() : ~std::size_t{0};
    if (stage_) q.at = stage_->after;
    reading_ = true;
    port.read(std::move(q));
}

/// True: all of it is sent.
bool subscription_feed::work_state(feed_port& port, std::size_t budget, std::size_t& done) {
    state_stage& s = *stage_;
    if (reading_) return false;
    while (s.next != s.page.size()) {
        message_ptr const& m = s.page[s.next];
        if (m->at.offset > s.upto) {
            s.more = false;
            break;
        }
        if (done >= budget) {
            port.want_work();
            return false;
        }
        if (!port.level().has_room() || !take(port, m)) return false;
        s.after.offset = m->at.offset;
        if (s.gap && s.gap->count != 0) --s.gap->count;
        ++s.next;
        ++done;
    }
    if (s.more) {
        read_state(port);
        return false;
    }
    auto const finished = std::move(stage_);
    if (finished->gap && finished->gap->count != 0) lose(*finished->gap);
    return push_losses(port);
}

void subscription_feed::read_log(feed_port& port) {
    log_query q;
    q.kind = log_query::what::after;
    q.at = place_;
    q.messages_max = page_messages;
    q.bytes_max = port.level().room();
    reading_ = true;
    port.read(std::move(q));
}

/// What the log gave. `tells`: what is missing becomes a gap here; at its beginning the receipt has
/// said it.
void subscription_feed::take_page(feed_port& port, log_page const& page, bool tells) {
    if (!port.level().attached) return;  // read again when it is back
    if (page.missing) {
        if (tells) losses_.push_back(*page.missing);
        place_ = page.head;
        if (!page.messages.empty()) place_.offset = page.messages.front()->at.offset - 1;
        if (!push_losses(port)) return;
    }
    for (message_ptr const& m : page.messages) {
        auto const level = port.level();
        if (level.filled > level.high || (!port.excluded(m->exclude) && !take(port, m))) {
            return;  // as the outbox drains or what waits goes, on from here
        }
        place_ = m->at;
        note_position(port);
    }
    if (page.more) return port.want_work();
    // The index was given everything up to the page's head, and nothing since.
    catch_up(port, page.head.offset);
}

bool subscription_feed::work_tail(feed_port& port, std::size_t budget, std::size_t& done) {
    for (;;) {
        topic_tail const& tail = *port.tail();
        if (place_.offset < tail.base()) {
            if (!pass_trimmed(port, tail)) return false;
            continue;
        }
        auto const [offset, e] = tail.next(place_.offset);
        if (e == nullptr || e->what) {
            if (!push_losses(port)) return false;
            if (e == nullptr) {
                catch_up(port, tail.head().offset);
                return true;
            }
        }
        if (done >= budget) {
            port.want_work();
            return false;
        }
        if (!port.level().has_room()) return false;
        if (e->what) {
            if (!port.excluded(e->what->exclude) && !take(port, e->what)) return false;
        } else if (!port.excluded(e->exclude)) {
            lose({.from = offset, .to = offset, .count = 1, .reason = reason_at(offset)});
            port.dropped(drop_reason::volatile_message, 1);
        }
        place_.offset = offset;
        ++done;
    }
}

/// What the tail does not have any more. False: on later, or not at all.
bool subscription_feed::pass_trimmed(feed_port& port, topic_tail const& tail) {
    loss lost{.from = place_.offset + 1, .to = tail.base(), .reason = reason_at(tail.base())};
    topic_policy const& policy = port.policy();
    if (policy.state != state_kind::none) {
        // The state has the newest of each key, but not what was removed or replaced.
        bool const harmless = conflates(policy) && tail.removal_trimmed() < lost.from;
        lost.count = lost.to - place_.offset;
        stage_ = std::make_unique<state_stage>();
        stage_->after = place_;
        stage_->upto = lost.to;
        if (!harmless) stage_->gap = lost;
        place_.offset = lost.to;
        read_state(port);
        return false;
    }
    if (lost.reason == gap_reason::slow && policy.slow == slow_policy::disconnect) {
        port.close_slow();
        return false;
    }
    if (!tail.conflates()) {
        lost.count = lost.to - place_.offset;
        bool const away = lost.reason == gap_reason::detached;
        port.dropped(away ? drop_reason::detached : drop_reason::slow, lost.count);
    }
    if (lost.reason == gap_reason::slow && lost.from <= away_to_) {
        loss away = lost;
        away.reason = gap_reason::detached;
        away.to = away_to_;
        if (away.count != 0) away.count = away.to + 1 - away.from;
        if (lost.count != 0) lost.count -= away.count;
        lost.from = away.to + 1;
        lose(away);
    }
    lose(lost);
    place_.offset = lost.to;
    return true;
}

}  // namespace weir
