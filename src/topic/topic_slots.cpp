#include <weir/base/assert.hpp>
#include <weir/topic/topic_index.hpp>

#include <algorithm>
#include <utility>

// The slots of a topic: subscribers that a fan-out walks, and those on hold, out of its way. While
// a fan-out is under way no slot changes its number; what is left behind goes when it ends.
namespace weir {
namespace {

/// An array keeps at most four times the room it needs.
constexpr std::size_t slack_max = 4;
constexpr std::size_t slots_kept = 64;

}  // namespace

void topic_index::leave(topic_entry& topic, std::uint32_t slot) {
    --topic.live_;
    --subscriptions_;
    if ((slot & topic_entry::held_bit) != 0) {
        take_held(topic, slot);
    } else {
        take_slot(topic, slot);
    }
    if (topic.live_ == 0 && topic.wanted_) {
        topic.wanted_ = false;
        topic.attached_ = false;
        ++topic.life_;
        broker_.detach(topic.name_);
    }
    if (topic.jobs_ == 0) settle(topic);
}

void topic_index::hold(topic_entry& topic, std::uint32_t slot) {
    if ((slot & topic_entry::held_bit) != 0) return;
    if (topic.slots_[slot].after == topic_entry::on_hold) return;
    pin(topic);
    topic.slots_[slot].after = topic_entry::on_hold;
    ++topic.to_hold_;
    let_go(topic);
}

void topic_index::go_live(topic_entry& topic, std::uint32_t slot, std::uint64_t after) {
    if ((slot & topic_entry::held_bit) == 0) {
        if (topic.slots_[slot].after == topic_entry::on_hold) --topic.to_hold_;
        topic.slots_[slot].after = after;
        return;
    }
    auto const to = static_cast<std::uint32_t>(topic.slots_.size());
    subscriber* const who = topic.held_[slot & ~topic_entry::held_bit];
    topic.slots_.push_back({who, after});
    who->moved(topic, slot, to);
    take_held(topic, slot);
}

/// The last fills the gap, unless a fan-out is under way.
void topic_index::take_slot(topic_entry& topic, std::uint32_t slot) {
    auto& slots = topic.slots_;
    WEIR_ASSERT(slot < slots.size() && slots[slot].who != nullptr);
    if (slots[slot].after == topic_entry::on_hold) --topic.to_hold_;
    if (topic.jobs_ != 0) {
        slots[slot] = {};
        return;
    }
    auto const last = static_cast<std::uint32_t>(slots.size() - 1);
    slots[slot] = slots[last];
    slots.pop_back();
    if (slot != last) slots[slot].who->moved(topic, last, slot);
}

void topic_index::take_held(topic_entry& topic, std::uint32_t slot) {
    auto& held = topic.held_;
    auto const at = slot & ~topic_entry::held_bit;
    WEIR_ASSERT(at < held.size() && held[at] != nullptr);
    if (topic.jobs_ != 0) {
        held[at] = nullptr;
        return;
    }
    auto const last = static_cast<std::uint32_t>(held.size() - 1);
    held[at] = held[last];
    held.pop_back();
    if (at != last) held[at]->moved(topic, last | topic_entry::held_bit, slot);
}

/// Nothing holds the topic: its slots may move, and an empty one may go, unless an answer is due
/// that a later attachment could take for its own.
void topic_index::settle(topic_entry& topic) {
    auto& slots = topic.slots_;
    auto& held = topic.held_;
    if (topic.to_hold_ != 0) set_aside(topic);
    if (slots.size() + held.size() != topic.live_) {
        compact(topic);
        compact_held(topic);
    }
    compact_watchers(topic);
    if (slots.capacity() > std::max(slots_kept, slack_max * slots.size())) slots.shrink_to_fit();
    if (held.capacity() > std::max(slots_kept, slack_max * held.size())) held.shrink_to_fit();
    if (topic.live_ == 0 && topic.answers_due_ == 0) topics_.erase(topics_.find(topic.name_));
}

/// Those on hold leave what a fan-out walks.
void topic_index::set_aside(topic_entry& topic) {
    topic.to_hold_ = 0;
    for (std::uint32_t i = 0; i != topic.slots_.size(); ++i) {
        auto& s = topic.slots_[i];
        if (s.after != topic_entry::on_hold) continue;
        auto const to = static_cast<std::uint32_t>(topic.held_.size()) | topic_entry::held_bit;
        topic.held_.push_back(s.who);
        std::exchange(s, {}).who->moved(topic, i, to);
    }
}

void topic_index::compact_held(topic_entry& topic) {
    auto& held = topic.held_;
    for (std::uint32_t gap = 0;; ++gap) {
        while (!held.empty() && held.back() == nullptr) held.pop_back();
        while (gap < held.size() && held[gap] != nullptr) ++gap;
        if (gap >= held.size()) return;
        auto const last = static_cast<std::uint32_t>(held.size() - 1);
        held[gap] = held[last];
        held.pop_back();
        held[gap]->moved(topic, last | topic_entry::held_bit, gap | topic_entry::held_bit);
    }
}

/// Fills the gaps from the end.
void topic_index::compact(topic_entry& topic) {
    auto& slots = topic.slots_;
    for (std::size_t gap = 0;; ++gap) {
        while (!slots.empty() && slots.back().who == nullptr) slots.pop_back();
        while (gap < slots.size() && slots[gap].who != nullptr) ++gap;
        if (gap >= slots.size()) return;
        auto const last = slots.size() - 1;
        slots[gap] = slots[last];
        slots.pop_back();
        slots[gap].who->moved(topic, static_cast<std::uint32_t>(last),
                              static_cast<std::uint32_t>(gap));
    }
}

}  // namespace weir
