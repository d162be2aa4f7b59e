#include "shard/registry.hpp"

#include <weir/base/assert.hpp>

#include <algorithm>

namespace weir {

std::optional<client_slot> registry::reserve() {
    if (full()) return std::nullopt;
    ++used_;
    if (free_.empty()) {
        places_.emplace_back();
        return client_slot{static_cast<std::uint32_t>(places_.size() - 1), 0};
    }
    auto const index = free_.back();
    free_.pop_back();
    return client_slot{index, places_[index].generation};
}

void registry::put(client_slot slot, std::unique_ptr<client> c) {
    WEIR_ASSERT(!places_[slot.index].held);
    places_[slot.index].held = std::move(c);
}

client* registry::find(client_slot slot) const noexcept {
    if (slot.index >= places_.size()) return nullptr;
    place const& p = places_[slot.index];
    return p.generation == slot.generation ? p.held.get() : nullptr;
}

client* registry::find(session_id const& id, std::uint32_t index) const noexcept {
    client* const c = index < places_.size() ? places_[index].held.get() : nullptr;
    return c != nullptr && c->is_indexed() && c->session().id() == id ? c : nullptr;
}

std::unique_ptr<client> registry::take(client_slot slot) {
    WEIR_ASSERT(slot.index < places_.size());
    place& p = places_[slot.index];
    WEIR_ASSERT(p.generation == slot.generation);
    p.generation = (p.generation + 1) & ((1U << generation_bits) - 1);
    free_.push_back(slot.index);
    --used_;
    return std::move(p.held);
}

void registry::index(client& c) {
    if (!c.session().user().empty()) by_user_[c.session().user()].push_back(&c);
}

void registry::unindex(client& c) {
    auto const all = by_user_.find(c.session().user());
    if (all == by_user_.end()) return;
    std::erase(all->second, &c);
    if (all->second.empty()) by_user_.erase(all);
}

}  // namespace weir
