#include <weir/base/assert.hpp>
#include <weir/session/conflated_messages.hpp>
#include <weir/topic/policy.hpp>

#include <algorithm>
#include <vector>

namespace weir {
namespace {

/// A node of the table with its string, one of the queue, and their allocator's part.
std::size_t key_bytes(std::string const& key) noexcept {
    return 224 + key.size();
}

}  // namespace

conflated_messages::entry& conflated_messages::entry_of(std::string const& key) {
    auto const [at, fresh] = keys_.try_emplace(key);
    if (fresh) bytes_ += key_bytes(key);
    return at->second;
}

void conflated_messages::forget(keys::iterator key) {
    bytes_ -= key_bytes(key->first);
    keys_.erase(key);
}

bool conflated_messages::pass(message const& m, mono_time at, bool remembers) {
    if (interval_.count() == 0) return !keys_.contains(m.key);
    forget_past(at);
    if (!remembers && !keys_.contains(m.key)) return true;
    entry& e = entry_of(m.key);
    if (e.waiting || at < e.last + interval_) return false;
    e.last = at;
    return true;
}

bool conflated_messages::keep(message_ptr m, mono_time at) {
    // Here, too: to a client that is slow nothing passes.
    if (interval_.count() != 0) forget_past(at);
    entry& e = entry_of(m->key);
    bool const replaces = e.waiting != nullptr;
    if (replaces) {
        bytes_ -= stored_bytes(*e.waiting);
        waiting_.erase(e.where);
    }
    if (!replaces || interval_.count() == 0) e.where = {std::max(at, e.last + interval_), ++came_};
    bytes_ += stored_bytes(*m);
    e.waiting = std::move(m);
    waiting_.emplace(e.where, &e);
    return replaces;
}

std::size_t conflated_messages::growth(message const& m) const {
    auto const known = keys_.find(m.key);
    if (known == keys_.end()) return key_bytes(m.key) + stored_bytes(m);
    auto const before = known->second.waiting ? stored_bytes(*known->second.waiting) : 0;
    return stored_bytes(m) > before ? stored_bytes(m) - before : 0;
}

message_ptr const* conflated_messages::front(mono_time at) const noexcept {
    if (waiting_.empty() || waiting_.begin()->first.first > at) return nullptr;
    return &waiting_.begin()->second->waiting;
}

message_ptr conflated_messages::take(mono_time at) {
    if (front(at) == nullptr) return nullptr;
    entry& e = *waiting_.begin()->second;
    waiting_.erase(waiting_.begin());
    message_ptr m = std::move(e.waiting);
    bytes_ -= stored_bytes(*m);
    if (interval_.count() == 0) {
        forget(keys_.find(m->key));
    } else {
        e.last = at;
    }
    return m;
}

void conflated_messages::set_interval(nanoseconds interval, mono_time at) {
    interval_ = interval;
    std::vector<entry*> all;
    for (auto const& [where, e] : waiting_) all.push_back(e);
    std::sort(all.begin(), all.end(), [](entry const* a, entry const* b) {
        return a->waiting->at.offset < b->waiting->at.offset;
    });
    waiting_.clear();
    for (entry* const e : all) {
        // All that may go at once get the same time, so that their numbers order them.
        e->where = {std::max(interval.count() == 0 ? at : e->last + interval, at), ++came_};
        waiting_.emplace(e->where, e);
    }
    if (interval.count() != 0) return;
    for (auto k = keys_.begin(); k != keys_.end();) {
        auto const here = k++;
        if (!here->second.waiting) forget(here);
    }
}

mono_time conflated_messages::due() const noexcept {
    return waiting_.empty() ? never : waiting_.begin()->first.first;
}

std::uint64_t conflated_messages::lowest() const noexcept {
    WEIR_ASSERT(!waiting_.empty());
    std::uint64_t least = ~std::uint64_t{0};
    for (auto const& [where, e] : waiting_) least = std::min(least, e->waiting->at.offset);
    return least;
}

/// A key that may be delivered now anyway needs no memory. Looked at whenever there are twice as
/// many as were left the last time.
void conflated_messages::forget_past(mono_time at) {
    if (keys_.size() < look_again_) return;
    for (auto k = keys_.begin(); k != keys_.end();) {
        auto const here = k++;
        if (!here->second.waiting && here->second.last + interval_ <= at) forget(here);
    }
    look_again_ = std::max<std::size_t>(64, 2 * keys_.size());
}

}  // namespace weir
