// What a home keeps of its topics: policies, bytes, and work that waits for time.

#include "topic/home_table.hpp"

#include <weir/base/assert.hpp>

#include <algorithm>
#include <utility>

namespace weir {
namespace {

bool keeps_something(topic_policy const& p) noexcept {
    return p.history.kept() || p.state != state_kind::none || p.presence;
}

}  // namespace

void home_table::look_up_policy(topic_home& home) {
    home.policy_as_of_ = policies_as_of_;
    auto const policy = policies_.policy_of(home.name());
    // The versions of a presence go on for as long as there may be somebody who knows them.
    bool const had_presence = home.keep_ && home.keep_->presence;
    if (!keeps_something(policy) && !had_presence) {
        if (home.keep_) dissolve(home);
    } else if (!home.keep_) {
        home.keep_ = std::make_unique<topic_keep>(home, policy, home.head.offset);
        return;
    } else if (auto& keep = *home.keep_; keep.policy != policy) {
        keep.policy = policy;
        keep.log.set_policy(policy.history);
        keep.state.set_policy(policy.state, policy.state_keys);
        if (had_presence && !policy.presence) {
            keep.presence->clear(clock_);
            tell(keep);
        }
        kept_changed(keep);
    }
    settle(home);
}

void home_table::dissolve(topic_home& home) {
    auto& keep = *home.keep_;
    keep.log.clear();
    keep.state.clear();
    kept_changed(keep);
    schedule(keep, nanoseconds::max());
    unused_.remove(keep);
    home.keep_.reset();
}

bool home_table::reserve(topic_keep const& keep, publication const& p) {
    auto const size = stored_bytes(p);
    auto const state = keep.state.growth(p.key, p.payload, size);
    auto const log = keep.policy.history.kept() ? size : 0;
    log_has_room_ = true;
    while (!take_bytes(log + state)) {
        if (!logs_.empty()) {
            drop_oldest();
            continue;
        }
        log_has_room_ = false;
        if (take_bytes(state)) break;
        return false;
    }
    return true;
}

bool home_table::take_bytes(std::size_t n) noexcept {
    auto taken = shared_.history_bytes.load(std::memory_order_relaxed);
    do {
        if (n != 0 &&
            (n > settings_.history_bytes_max || taken > settings_.history_bytes_max - n)) {
            return false;
        }
    } while (
        !shared_.history_bytes.compare_exchange_weak(taken, taken + n, std::memory_order_relaxed));
    reserved_ = n;
    return true;
}

void home_table::release() noexcept {
    shared_.history_bytes.fetch_sub(std::exchange(reserved_, 0), std::memory_order_relaxed);
}

void home_table::store(topic_keep& keep, message_ptr const& m) {
    if (log_has_room_) {
        keep.log.append(m, clock_);
    } else {
        keep.log.pass_over(*m);
        at(counts_.limited, limit_kind::history_bytes).add();
    }
    keep.state.apply(m);
    if (keep.policy.history.kept()) keep.known_until_ = clock_ + keep.policy.history.age;
    keep.published_ = m->received;
    logs_.remove(keep);
    kept_changed(keep, std::exchange(reserved_, 0));
    work_due(removed_a_message);
}

log_page home_table::read(topic_home& home, log_query q) {
    auto const* const keep = keep_of(home);
    // What is said of a topic that is not there: all that ever came is behind it.
    if (q.at == position{}) q.at->epoch = home.head.epoch;
    if (q.kind == log_query::what::state) {
        return keep != nullptr ? keep->state.read(q, home.head)
                               : topic_state(state_kind::none, 0).read(q, home.head);
    }
    return keep != nullptr ? keep->log.read(q, home.head, clock_)
                           : topic_log(home.head.offset, {}).read(q, home.head, clock_);
}

void home_table::clear_history(topic_home& home) {
    if (!home.keep_) return;
    home.keep_->log.clear();
    kept_changed(*home.keep_);
}

void home_table::clear_state(topic_home& home) {
    if (!home.keep_) return;
    home.keep_->state.clear();
    kept_changed(*home.keep_);
}

bool home_table::enter(topic_home& home, std::string_view user, std::string_view info) {
    auto* const keep = keep_of(home);
    if (keep == nullptr || !keep->policy.presence) return true;
    if (!keep->presence) keep->presence = std::make_unique<topic_presence>();
    if (!keep->presence->enter(user, info, clock_)) return false;
    if (keep->presence->flush_due(clock_)) tell(*keep);
    kept_changed(*keep);
    return true;
}

void home_table::exit(topic_home& home, std::string_view user) {
    auto* const keep = keep_of(home);
    if (keep == nullptr || !keep->presence) return;
    keep->presence->exit(user, clock_);
    if (keep->presence->flush_due(clock_)) tell(*keep);
    kept_changed(*keep);
}

presence_page home_table::members(topic_home& home, std::size_t max) {
    auto* const keep = keep_of(home);
    if (keep == nullptr || !keep->presence) return {};
    return keep->presence->page(max);
}

void home_table::tell(topic_keep& keep) {
    for (auto& change : keep.presence->flush(keep.home->name(), clock_)) {
        if (!keep.home->interest.empty()) {
            news_.push_back({keep.home->interest, std::move(change)});
        }
    }
}

std::optional<home_table::news> home_table::take_news() {
    if (news_.empty()) return std::nullopt;
    auto first = std::move(news_.front());
    news_.pop_front();
    return first;
}

void home_table::kept_changed(topic_keep& keep, std::size_t reserved) {
    auto const bytes = keep.log.bytes() + keep.state.bytes();
    // Differences of unsigned numbers add up right, whichever is larger.
    shared_.history_bytes.fetch_add(bytes - keep.counted_ - reserved, std::memory_order_relaxed);
    bytes_ += bytes - keep.counted_;
    keep.counted_ = bytes;
    counts_.history_bytes.set(bytes_);
    if (keep.log.size() == 0) {
        logs_.remove(keep);
    } else if (ring_link<by_last_publish>& log = keep; !log.linked()) {
        logs_.append(keep);
    }
    tell_oldest();
    // An entry that is early only costs a look; a full log must not move it with each message.
    if (auto const due = next_due(keep); due < keep.due_) schedule(keep, due);
    settle(*keep.home);
}

void home_table::tell_oldest() noexcept {
    auto const oldest = logs_.empty() ? memory_broker_shared::no_log
                                      : logs_.front().published_.time_since_epoch().count();
    if (oldest == oldest_told_) return;
    oldest_told_ = oldest;
    shared_.logs[settings_.shard].oldest.store(oldest, std::memory_order_relaxed);
}

std::size_t home_table::high_mark() const noexcept {
    auto const all = settings_.history_bytes_max;
    return settings_.shards == 1 ? all : all - all / 16;
}

std::size_t home_table::low_mark() const noexcept {
    return high_mark() - settings_.history_bytes_max / 64;
}

bool home_table::first_to_give_way() const noexcept {
    for (unsigned i = 0; i != settings_.shards; ++i) {
        if (shared_.logs[i].oldest.load(std::memory_order_relaxed) < oldest_told_) return false;
    }
    return !logs_.empty();
}

std::optional<unsigned> home_table::whom_to_ask() noexcept {
    if (shared_.history_bytes.load(std::memory_order_relaxed) <= high_mark()) return std::nullopt;
    if (first_to_give_way()) {
        give_way();
        return std::nullopt;
    }
    unsigned oldest = settings_.shard;
    auto when = oldest_told_;
    for (unsigned i = 0; i != settings_.shards; ++i) {
        auto const there = shared_.logs[i].oldest.load(std::memory_order_relaxed);
        if (there >= when) continue;
        when = there;
        oldest = i;
    }
    if (oldest == settings_.shard) return std::nullopt;
    if (shared_.logs[oldest].asked.exchange(true, std::memory_order_relaxed)) return std::nullopt;
    return oldest;
}

/// Each message that goes was appended once, so this is O(1) for a message over its life.
void home_table::give_way() {
    shared_.logs[settings_.shard].asked.store(false, std::memory_order_relaxed);
    for (auto left = removed_a_tick; left != 0 && first_to_give_way(); --left) {
        if (shared_.history_bytes.load(std::memory_order_relaxed) <= low_mark()) return;
        drop_oldest();
    }
}

void home_table::drop_oldest() {
    auto& keep = logs_.front();
    keep.log.drop_oldest();
    at(counts_.limited, limit_kind::history_bytes).add();
    kept_changed(keep);
}

nanoseconds home_table::next_due(topic_keep const& keep) const noexcept {
    auto due = keep.log.next_expiry();
    if (clock_ < keep.known_until_) due = std::min(due, keep.known_until_);
    if (keep.presence) due = std::min(due, keep.presence->next_due());
    return due;
}

void home_table::schedule(topic_keep& keep, nanoseconds due) {
    if (due == keep.due_) return;
    if (keep.due_ != nanoseconds::max()) due_.erase({keep.due_, &keep});
    keep.due_ = due;
    if (due != nanoseconds::max()) due_.emplace(due, &keep);
}

/// A topic that is looked at costs as much as a message or member that goes.
void home_table::work_due(std::size_t budget) {
    while (budget != 0 && !due_.empty() && due_.begin()->first <= clock_) {
        auto& keep = *due_.begin()->second;
        --budget;
        budget -= keep.log.expire(clock_, budget);
        if (keep.presence) {
            budget -= keep.presence->expire(clock_, budget);
            if (keep.presence->flush_due(clock_)) tell(keep);
        }
        schedule(keep, next_due(keep));
        kept_changed(keep);
    }
}

void home_table::policies_changed() {
    if (++policies_as_of_ == 0) policies_as_of_ = 1;
    reviewed_to_.emplace();
}

/// Topics that nobody uses would keep by the old policy for ever.
void home_table::review_policies() {
    auto at = in_order_.upper_bound(std::string_view(*reviewed_to_));
    for (auto left = reviewed_a_tick; left != 0; --left, ++at) {
        if (at == in_order_.end()) {
            reviewed_to_.reset();
            return;
        }
        keep_of(**at);
        *reviewed_to_ = (*at)->name();
    }
}

}  // namespace weir
