#include "topic/dedupe_window.hpp"

#include <weir/base/assert.hpp>

#include <array>
#include <cstring>

namespace weir {

dedupe_window::~dedupe_window() {
    taken_.fetch_sub(ids_.size(), std::memory_order_relaxed);
}

dedupe_window::print dedupe_window::print_of(publication const& p) const {
    print out;
    // With its lengths in front, no id of one scope and topic is that of another.
    out.id.reserve(p.scope.size() + p.dedupe.size() + p.topic.size() + 24);
    out.id.append(std::to_string(p.scope.size())).append(1, ' ');
    out.id.append(std::to_string(p.dedupe.size())).append(1, ' ');
    out.id.append(p.scope).append(p.dedupe).append(p.topic);
    std::array<std::uint64_t, 3> const parts{hash_(p.event), hash_(p.payload), hash_(p.key)};
    static_assert(sizeof parts == 24);
    std::array<char, sizeof parts> bytes{};
    std::memcpy(bytes.data(), parts.data(), sizeof parts);
    out.content = hash_(std::string_view(bytes.data(), bytes.size()));
    return out;
}

std::pair<dedupe_window::verdict, position> dedupe_window::look_up(print const& what) const {
    auto const known = ids_.find(what.id);
    if (known == ids_.end()) return {verdict::fresh, {}};
    if (known->second.content != what.content) return {verdict::other_content, {}};
    return {verdict::repeated, known->second.at};
}

bool dedupe_window::remember(print what, position const& at, nanoseconds now) {
    expire(now, 2);  // so that what is overdue cannot grow
    if (!take_place()) return false;
    auto const [known, fresh] = ids_.try_emplace(std::move(what.id), entry{what.content, at, now});
    WEIR_ASSERT(fresh);
    known->second.text.set(known->first.capacity() + 1);
    by_age_.push_back(&*known);
    return true;
}

std::size_t dedupe_window::expire(nanoseconds now, std::size_t at_most) {
    std::size_t removed = 0;
    while (removed != at_most && !by_age_.empty() &&
           now - by_age_.front()->second.since >= window_) {
        ids_.erase(ids_.find(by_age_.front()->first));
        by_age_.pop_front();
        ++removed;
    }
    if (removed != 0) taken_.fetch_sub(removed, std::memory_order_relaxed);
    return removed;
}

bool dedupe_window::take_place() noexcept {
    auto taken = taken_.load(std::memory_order_relaxed);
    while (taken < ids_max_) {
        if (taken_.compare_exchange_weak(taken, taken + 1, std::memory_order_relaxed)) return true;
    }
    return false;
}

}  // namespace weir
