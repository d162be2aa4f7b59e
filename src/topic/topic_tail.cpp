#include <weir/base/assert.hpp>
#include <weir/topic/policy.hpp>
#include <weir/topic/topic_tail.hpp>

namespace weir {
namespace {

/// A node of the map, and its allocator's part.
constexpr std::size_t entry_bytes = 128;

}  // namespace

void topic_tail::append(message_ptr const& m) {
    WEIR_ASSERT(m->at.offset > head_.offset);
    head_ = m->at;
    bool const keeps = !m->is_volatile || kind_.keeps_volatile;
    if (keeps && kind_.conflates) replace(*m);
    kept k;
    k.at = m->received;
    k.bytes = entry_bytes;
    if (keeps) {
        k.what = m;
        k.bytes += stored_bytes(*m);
    } else {
        k.exclude = m->exclude;
    }
    bytes_ += k.bytes;
    auto const at = entries_.emplace_hint(entries_.end(), m->at.offset, std::move(k));
    if (keeps && kind_.conflates) by_key_.emplace(at->second.what->key, at);
    trim(m->received);
}

/// The older message with that key goes; the message itself keeps the view's text until then.
void topic_tail::replace(message const& m) {
    auto const known = by_key_.find(m.key);
    if (known == by_key_.end()) return;
    auto const old = known->second;
    by_key_.erase(known);
    bytes_ -= old->second.bytes;
    entries_.erase(old);
}

topic_tail::item topic_tail::next(std::uint64_t after) const noexcept {
    auto const at = entries_.upper_bound(after);
    if (at == entries_.end()) return {0, nullptr};
    return {at->first, &at->second};
}

/// At least the newest message stays, however large it is.
void topic_tail::trim(mono_time at) {
    auto const too_old = [&] {
        return bounds_.age.count() != 0 && at - entries_.begin()->second.at > bounds_.age;
    };
    while (entries_.size() > 1 &&
           (entries_.size() > bounds_.messages || bytes_ > bounds_.bytes || too_old())) {
        drop_oldest();
    }
}

void topic_tail::drop_oldest() {
    auto const oldest = entries_.begin();
    kept const& k = oldest->second;
    base_ = oldest->first;
    bytes_ -= k.bytes;
    if (k.what) {
        if (!k.what->key.empty() && k.what->payload == "null") removal_trimmed_ = base_;
        if (kind_.conflates) by_key_.erase(k.what->key);
    }
    entries_.erase(oldest);
}

}  // namespace weir
