#include <weir/session/subscription_feed.hpp>

#include <algorithm>
#include <utility>

namespace weir {
namespace {

nanoseconds interval_of(double rate) noexcept {
    if (rate <= 0) return nanoseconds(0);
    double const at_most =
        static_cast<double>(nanoseconds(subscription_feed::interval_max).count());
    return nanoseconds(static_cast<std::int64_t>(std::clamp(1e9 / rate, 1.0, at_most)));
}

}  // namespace

void subscription_feed::begin_with(subscribe_options const& wish) {
    start_ = std::make_unique<beginning>(beginning{.wish = wish});
}

void subscription_feed::set_rate(feed_port& port, double rate) {
    nanoseconds const wanted = interval_of(rate);
    mono_time const at = port.time();
    if (!pacer_) {
        if (wanted.count() != 0) pacer_ = std::make_unique<conflated_messages>(wanted);
        return;
    }
    if (pacer_->interval() == wanted) return;
    pacer_->set_interval(wanted, at);
    // Without a rate offsets do not jump: what waits goes before that is said, if there is room.
    if (wanted.count() == 0 && port.level().attached && push_losses(port)) send_due(port);
    if (wanted.count() == 0 && pacer_->empty()) pacer_.reset();
    if (!pacer_) position_due_ = never;
    arm(port);
}

/// A message of a live subscription. What cannot be given now waits by key where that was agreed
/// on; else the subscription falls behind, and reads it later.
void subscription_feed::on_message(feed_port& port, message_ptr const& m) {
    if (behind_) return;
    auto const level = port.level();
    topic_policy const& policy = port.policy();
    if (!level.attached || !losses_.empty()) return fall_behind(port, *m);
    if (paces() || by_rule(policy)) {
        if (level.has_room() ? take(port, m) : keep(port, m)) {
            place_ = m->at;
            return note_position(port);
        }
        return fall_behind(port, *m);
    }
    if (pacer_ && pacer_->empty()) pacer_.reset();
    if (pacer_) return fall_behind(port, *m);  // the rate was dropped: what waits goes first
    bool queues = true;
    if (policy.history.kept()) {
        queues = level.filled <= level.high;
    } else if (m->is_volatile) {
        queues = level.has_room();
    } else if (policy.slow == slow_policy::drop_oldest) {
        queues = level.filled + m->payload.size() < level.low;
    }
    if (queues && port.push(m)) return;
    bool const disconnects = !policy.history.kept() && policy.slow == slow_policy::disconnect;
    if (disconnects && !m->is_volatile) return port.close_slow();
    fall_behind(port, *m);
}

void subscription_feed::fall_behind(feed_port& port, message const& m) {
    behind_ = true;
    in_tail_ = !port.policy().history.kept();
    place_ = {m.at.epoch, m.at.offset - 1};
    if (!port.level().attached) away_to_ = ~std::uint64_t{0};
    port.hold();
    if (in_tail_) port.use_tail();
    port.lags(true);
    port.want_work();
}

void subscription_feed::on_attached(feed_port& port) {
    topic_tail const* const tail = in_tail_ ? port.tail() : nullptr;
    away_to_ = tail != nullptr ? tail->head().offset : 0;
    port.want_work();
}

void subscription_feed::miss_presence(bool attached) {
    if (!missed_presence_) missed_why_ = attached ? gap_reason::slow : gap_reason::detached;
    missed_presence_ = true;
}

/// There is room: into the outbox, or by key until its time has come. False: neither, for now.
bool subscription_feed::take(feed_port& port, message_ptr const& m) {
    bool const conflating = paces() || by_rule(port.policy());
    if (!conflating) return (!pacer_ || pacer_->empty()) && port.push(m);
    if (!pacer_) pacer_ = std::make_unique<conflated_messages>(nanoseconds(0));
    // A key for which there is no memory is not paced.
    bool const remembers = port.may_wait(pacer_->growth(*m));
    if (pacer_->pass(*m, port.time(), remembers)) return port.push(m);
    return keep(port, m);
}

bool subscription_feed::keep(feed_port& port, message_ptr const& m) {
    if (!pacer_) pacer_ = std::make_unique<conflated_messages>(nanoseconds(0));
    if (!port.may_wait(pacer_->growth(*m))) return false;
    if (pacer_->keep(m, port.time())) port.dropped(drop_reason::conflated, 1);
    arm(port);
    return true;
}

/// Losses side by side are one.
void subscription_feed::lose(loss const& what) {
    if (!losses_.empty()) {
        loss& last = losses_.back();
        if (last.reason == what.reason && last.to + 1 == what.from) {
            last.to = what.to;
            last.count = last.count != 0 && what.count != 0 ? last.count + what.count : 0;
            return;
        }
    }
    losses_.push_back(what);
}

bool subscription_feed::push_losses(feed_port& port) {
    std::size_t told = 0;
    while (told != losses_.size() && port.level().has_room() && port.push_gap(losses_[told])) {
        ++told;
    }
    losses_.erase(losses_.begin(), losses_.begin() + static_cast<std::ptrdiff_t>(told));
    return losses_.empty();
}

std::size_t subscription_feed::work(feed_port& port, std::size_t budget) {
    if (start_ || !port.level().attached) return 0;
    if (!push_losses(port)) return 0;
    if (missed_presence_) {
        if (!port.push_gap({.reason = missed_why_})) return 0;
        missed_presence_ = false;
    }
    if (pacer_) {
        send_due(port);
        tell_position(port);
        arm(port);
        if (pacer_->empty() && !paces() && !by_rule(port.policy())) pacer_.reset();
    }
    std::size_t done = 0;
    if (stage_ && !work_state(port, budget, done)) return done;
    if (!behind_ || reading_ || !port.level().has_room()) return done;
    if (in_tail_) {
        work_tail(port, budget, done);
    } else {
        read_log(port);
        ++done;
    }
    return done;
}

/// What waits by key and may go now.
void subscription_feed::send_due(feed_port& port) {
    mono_time const at = port.time();
    while (port.level().has_room()) {
        message_ptr const* const next = pacer_->front(at);
        if (next == nullptr || !port.push(*next)) return;
        pacer_->take(at);
        note_position(port);
    }
}

/// Where something waits for its time, somebody wakes it then.
void subscription_feed::arm(feed_port& port) {
    if (!port.level().has_room()) return;  // work() comes when there is some
    if (pacer_ && pacer_->due() != never) port.wake_at(pacer_->due());
    if (position_due_ != never) port.wake_at(position_due_);
}

/// A client of a paced subscription cannot know by the offsets what it has: it is told.
void subscription_feed::note_position(feed_port& port) {
    if (!paces() || position_due_ != never || !port.policy().history.kept()) return;
    position_due_ = port.time() + position_interval;
    arm(port);
}

void subscription_feed::tell_position(feed_port& port) {
    if (position_due_ > port.time() || !port.level().has_room()) return;
    if (stage_ || !losses_.empty()) return;  // that is older
    position_due_ = never;
    position safe = place_;
    if (!pacer_->empty()) {
        safe.offset = std::min(safe.offset, pacer_->lowest() - 1);
        note_position(port);
    }
    if (safe.offset <= told_) return;
    if (port.push_position(safe)) told_ = safe.offset;
}

/// Nothing of the log or the tail is left: on with what is delivered.
void subscription_feed::catch_up(feed_port& port, std::uint64_t head) {
    behind_ = false;
    place_.offset = std::max(place_.offset, head);
    port.lags(false);
    port.go_live(head);
    if (std::exchange(in_tail_, false)) port.release_tail();
    note_position(port);
}

}  // namespace weir
