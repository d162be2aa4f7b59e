// What a home keeps of its topics: policies, bytes, and work that waits for time.

#include "topic/home_table.hpp"

#include <weir/base/assert.hpp>

#include <algorithm>
#include <limits>
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
    home.keep_.reset();
}

bool home_table::has_room(topic_keep const& keep, publication const& p) const {
    if (keep.policy.state == state_kind::none || !logs_.empty()) return true;
    return shared_.history_bytes.load(std::memory_order_relaxed) +
               keep.state.growth(p.key, p.payload, stored_bytes(p)) <=
           bytes_bound();
}

void home_table::store(topic_keep& keep, message_ptr const& m) {
    keep.log.append(m, clock_);
    keep.state.apply(m);
    if (keep.policy.history.kept()) keep.known_until_ = clock_ + keep.policy.history.age;
    logs_.remove(keep);
    kept_changed(keep);
    if (over_bound()) trim_to_bound(std::numeric_limits<std::size_t>::max());
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
    kept_changed(*keep);
}

void home_table::tell_all(topic_home& home) {
    auto* const keep = keep_of(home);
    if (keep == nullptr || !keep->presence) return;
    tell(*keep);
    kept_changed(*keep);
}

presence_page home_table::members(topic_home const& home, std::size_t max) const {
    if (!home.keep_ || !home.keep_->presence) return {};
    return home.keep_->presence->page(max);
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

void home_table::kept_changed(topic_keep& keep) {
    auto const bytes = keep.log.bytes() + keep.state.bytes();
    // Differences of unsigned numbers add up right, whichever is larger.
    shared_.history_bytes.fetch_add(bytes - keep.counted_, std::memory_order_relaxed);
    bytes_ += bytes - keep.counted_;
    keep.counted_ = bytes;
    counts_.history_bytes.set(bytes_);
    if (keep.log.size() == 0) {
        logs_.remove(keep);
    } else if (!keep.linked()) {
        logs_.append(keep);
    }
    // An entry that is early only costs a look; a full log must not move it with each message.
    if (auto const due = next_due(keep); due < keep.due_) schedule(keep, due);
    settle(*keep.home);
}

std::size_t home_table::bytes_bound() const noexcept {
    auto const all = settings_.history_bytes_max;
    return bytes_ < all / settings_.shards ? all + all / 16 : all;
}

bool home_table::over_bound() const noexcept {
    return shared_.history_bytes.load(std::memory_order_relaxed) > bytes_bound();
}

/// Each message that goes was appended once, so this is O(1) for a message over its life.
std::size_t home_table::trim_to_bound(std::size_t at_most) {
    std::size_t removed = 0;
    while (removed != at_most && over_bound() && !logs_.empty()) {
        auto& keep = logs_.front();
        keep.log.drop_oldest();
        at(counts_.limited, limit_kind::history_bytes).add();
        ++removed;
        kept_changed(keep);
    }
    return removed;
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
