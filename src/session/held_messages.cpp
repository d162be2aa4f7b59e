#include <weir/base/assert.hpp>
#include <weir/session/held_messages.hpp>

#include <algorithm>
#include <utility>

namespace weir {
namespace {

/// Three strings' and the message's own fields, the shared count, and the reference here.
constexpr std::size_t overhead_bytes = sizeof(message) + 64;

}  // namespace

std::size_t held_bytes(message const& m) noexcept {
    return overhead_bytes + m.topic.size() + m.event.size() + m.payload.size() + m.key.size() +
           m.from.size();
}

void extend(loss& into, message const& m) noexcept {
    if (into.count == 0 || m.at.offset < into.from) into.from = m.at.offset;
    into.to = std::max(into.to, m.at.offset);
    ++into.count;
}

void held_messages::add(message_ptr m) {
    bytes_ += held_bytes(*m);
    ++messages_;
    items_.emplace_back(std::move(m));
}

void held_messages::lose(message const& m, gap_reason why) {
    loss* last = items_.empty() ? nullptr : std::get_if<loss>(&items_.back());
    if (last == nullptr || last->reason != why) {
        items_.emplace_back(loss{.reason = why});
        last = &std::get<loss>(items_.back());
    }
    extend(*last, m);
}

void held_messages::drop_oldest(gap_reason why) {
    auto const first = std::find_if(items_.begin(), items_.end(), [](item const& i) {
        return std::holds_alternative<message_ptr>(i);
    });
    WEIR_ASSERT(first != items_.end());
    message_ptr const m = std::get<message_ptr>(std::move(*first));
    bytes_ -= held_bytes(*m);
    --messages_;
    loss lost{.reason = why};
    extend(lost, *m);
    *first = lost;
    // It joins the loss in front of it, and the one behind.
    auto at = first;
    auto const join = [&](auto one, auto next) {
        loss& a = std::get<loss>(*one);
        loss const* const b = std::get_if<loss>(&*next);
        if (b == nullptr || a.reason != b->reason) return false;
        a.from = std::min(a.from, b->from);
        a.to = std::max(a.to, b->to);
        a.count += b->count;
        return true;
    };
    if (at + 1 != items_.end() && join(at, at + 1)) at = items_.erase(at + 1) - 1;
    if (at != items_.begin() && std::holds_alternative<loss>(*(at - 1)) && join(at - 1, at)) {
        items_.erase(at);
    }
}

held_messages::item held_messages::take() {
    WEIR_ASSERT(!items_.empty());
    item first = std::move(items_.front());
    items_.pop_front();
    if (auto const* const m = std::get_if<message_ptr>(&first)) {
        bytes_ -= held_bytes(**m);
        --messages_;
    }
    return first;
}

}  // namespace weir
