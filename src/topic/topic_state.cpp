#include "topic/topic_state.hpp"

#include <weir/base/assert.hpp>

#include <utility>

namespace weir {

bool topic_state::touches(std::string_view key) const noexcept {
    return kind_ == state_kind::last || (kind_ == state_kind::keyed && !key.empty());
}

bool topic_state::removes(std::string_view payload) const noexcept {
    return kind_ == state_kind::keyed && payload == "null";
}

/// A `last` state is one slot, whatever the keys.
std::string_view topic_state::slot(std::string_view key) const noexcept {
    return kind_ == state_kind::last ? std::string_view{} : key;
}

void topic_state::set_policy(state_kind kind, std::uint32_t keys_max) {
    if (kind != kind_) clear();
    kind_ = kind;
    keys_max_ = keys_max;
}

bool topic_state::admits(std::string_view key, std::string_view payload) const {
    if (kind_ != state_kind::keyed || key.empty() || removes(payload)) return true;
    return by_key_.size() < keys_max_ || by_key_.contains(key);
}

std::size_t topic_state::growth(std::string_view key, std::string_view payload,
                                std::size_t size) const {
    if (!touches(key) || removes(payload)) return 0;
    auto const known = by_key_.find(slot(key));
    if (known == by_key_.end()) return size;
    auto const before = stored_bytes(*known->second->second);
    return size > before ? size - before : 0;
}

void topic_state::apply(message_ptr const& m) {
    if (!touches(m->key)) return;
    auto known = by_key_.extract(slot(m->key));
    if (!known.empty()) {
        bytes_ -= stored_bytes(*known.mapped()->second);
        by_offset_.erase(known.mapped());
    }
    if (removes(m->payload)) return;
    auto const [at, fresh] = by_offset_.emplace(m->at.offset, m);
    WEIR_ASSERT(fresh);
    bytes_ += stored_bytes(*m);
    // The view in the table must be of the message that stays.
    if (known.empty()) {
        by_key_.emplace(slot(m->key), at);
    } else {
        known.key() = slot(m->key);
        known.mapped() = at;
        by_key_.insert(std::move(known));
    }
}

void topic_state::clear() {
    by_key_ = {};
    by_offset_.clear();
    bytes_ = 0;
}

log_page topic_state::read(log_query const& q, position const& head) const {
    log_page page;
    page.head = head;
    std::uint64_t behind = 0;
    if (q.at && (q.at->epoch != head.epoch || q.at->offset > head.offset)) {
        page.missing = loss{.reason = gap_reason::epoch};
    } else if (q.at) {
        behind = q.at->offset;
    }
    page_fill fill(q);
    for (auto at = by_offset_.upper_bound(behind); at != by_offset_.end(); ++at) {
        if (!fill.takes(*at->second)) {
            page.more = true;
            break;
        }
        page.messages.push_back(at->second);
    }
    return page;
}

}  // namespace weir
