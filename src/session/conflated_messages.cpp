#include <weir/base/assert.hpp>
#include <weir/session/conflated_messages.hpp>
#include <weir/session/held_messages.hpp>

#include <algorithm>

namespace weir {

bool conflated_messages::pass(message const& m, mono_time at) {
    if (interval_.count() == 0) return !keys_.contains(m.key);
    forget_past(at);
    auto found = keys_.find(m.key);
    if (found == keys_.end()) {
        if (keys_.size() >= paced_keys_max) return true;
        found = keys_.try_emplace(m.key).first;
    }
    entry& e = found->second;
    if (e.waiting || at < e.next) return false;
    e.next = at + interval_;
    return true;
}

bool conflated_messages::keep(message_ptr m, mono_time at) {
    // Here, too: to a client that is away or slow nothing passes.
    if (interval_.count() != 0) forget_past(at);
    entry& e = keys_[m->key];
    bool const replaces = e.waiting != nullptr;
    if (replaces) {
        bytes_ -= held_bytes(*e.waiting);
        waiting_.erase(e.where);
    }
    if (!replaces || interval_.count() == 0) e.where = {std::max(at, e.next), ++came_};
    bytes_ += held_bytes(*m);
    e.waiting = std::move(m);
    waiting_.emplace(e.where, &e);
    return replaces;
}

message_ptr const* conflated_messages::front(mono_time at) const noexcept {
    if (waiting_.empty() || waiting_.begin()->first.first > at) return nullptr;
    return &waiting_.begin()->second->waiting;
}

message_ptr conflated_messages::take(mono_time at) {
    if (waiting_.empty() || waiting_.begin()->first.first > at) return nullptr;
    entry& e = *waiting_.begin()->second;
    waiting_.erase(waiting_.begin());
    message_ptr m = std::move(e.waiting);
    bytes_ -= held_bytes(*m);
    if (interval_.count() == 0 || keys_.size() > paced_keys_max) {
        keys_.erase(m->key);
    } else {
        e.next = at + interval_;
    }
    return m;
}

void conflated_messages::lose(message const& m, gap_reason why) {
    if (!lost_) lost_ = loss{.reason = why};
    extend(*lost_, m);
}

void conflated_messages::drop_oldest(gap_reason why) {
    WEIR_ASSERT(!waiting_.empty());
    entry& e = *waiting_.begin()->second;
    waiting_.erase(waiting_.begin());
    message_ptr const m = std::move(e.waiting);
    bytes_ -= held_bytes(*m);
    lose(*m, why);
    if (interval_.count() == 0) keys_.erase(m->key);
}

mono_time conflated_messages::due() const noexcept {
    return waiting_.empty() ? never : waiting_.begin()->first.first;
}

/// A key that may be delivered now anyway needs no memory. Looked at whenever there are twice as
/// many as were left the last time.
void conflated_messages::forget_past(mono_time at) {
    if (keys_.size() < look_again_) return;
    std::erase_if(keys_, [at](auto const& k) { return !k.second.waiting && k.second.next <= at; });
    look_again_ = std::max<std::size_t>(64, 2 * keys_.size());
}

}  // namespace weir
