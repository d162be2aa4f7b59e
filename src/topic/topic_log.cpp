#include "topic/topic_log.hpp"

#include "topic/page_fill.hpp"

#include <weir/base/assert.hpp>

#include <algorithm>
#include <utility>

namespace weir {
namespace {

bool too_old(nanoseconds at, nanoseconds now, milliseconds age) noexcept {
    return age != milliseconds{0} && now - at >= age;
}

}  // namespace

void topic_log::append(message_ptr m, nanoseconds at) {
    WEIR_ASSERT(m->at.offset == head_ + 1);
    ++head_;
    if (!policy_.kept()) {
        newest_gone_ = gap_reason::trimmed;
        return;
    }
    bytes_ += stored_bytes(*m);
    entries_.push_back({std::move(m), at});
    trim();
}

void topic_log::pass_over(message const& m) {
    WEIR_ASSERT(m.at.offset == head_ + 1);
    clear();
    ++head_;
    newest_gone_ = gap_reason::trimmed;
}

std::size_t topic_log::expire(nanoseconds now, std::size_t at_most) {
    std::size_t removed = 0;
    while (removed != at_most && size() != 0 && too_old(entries_[first_].at, now, policy_.age)) {
        remove_oldest(gap_reason::expired);
        ++removed;
    }
    return removed;
}

nanoseconds topic_log::next_expiry() const noexcept {
    if (size() == 0 || policy_.age == milliseconds{0}) return nanoseconds::max();
    return entries_[first_].at + policy_.age;
}

void topic_log::drop_oldest() {
    WEIR_ASSERT(size() != 0);
    remove_oldest(gap_reason::trimmed);
}

void topic_log::clear() {
    if (size() != 0) newest_gone_ = gap_reason::trimmed;
    entries_ = {};
    first_ = bytes_ = 0;
}

void topic_log::set_policy(history_policy const& policy) {
    policy_ = policy;
    trim();
}

void topic_log::trim() {
    while (size() > policy_.messages || (policy_.bytes != 0 && bytes_ > policy_.bytes)) {
        remove_oldest(gap_reason::trimmed);
    }
}

void topic_log::remove_oldest(gap_reason why) {
    auto& oldest = entries_[first_++];
    bytes_ -= stored_bytes(*oldest.what);
    oldest.what.reset();
    newest_gone_ = why;
    if (first_ < entries_.size() - first_) return;
    entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
    if (entries_.size() < entries_.capacity() / 4) entries_.shrink_to_fit();
}

std::size_t topic_log::first_live(nanoseconds now) const noexcept {
    auto const begin = entries_.begin() + static_cast<std::ptrdiff_t>(first_);
    auto const live = std::partition_point(
        begin, entries_.end(), [&](entry const& e) { return too_old(e.at, now, policy_.age); });
    return static_cast<std::size_t>(live - entries_.begin());
}

log_page topic_log::read(log_query const& q, position const& head, nanoseconds now) const {
    WEIR_ASSERT(head.offset == head_);
    log_page page;
    page.head = head;
    auto const live = first_live(now);
    if (q.kind == log_query::what::after) {
        read_after(q, live, page);
    } else {
        read_before(q, live, page);
    }
    return page;
}

void topic_log::read_after(log_query const& q, std::size_t live, log_page& page) const {
    auto next = live;
    auto const oldest = offset_of(live);
    if (q.at && (q.at->epoch != page.head.epoch || q.at->offset > head_)) {
        page.missing = loss{.reason = gap_reason::epoch};
        if (oldest > 1) {
            page.missing->from = 1;
            page.missing->to = page.missing->count = oldest - 1;
        }
    } else if (q.at) {
        auto const wanted = q.at->offset + 1;
        if (wanted < oldest) {
            page.missing = loss{.from = wanted,
                                .to = oldest - 1,
                                .count = oldest - wanted,
                                .reason = live != first_ ? gap_reason::expired : newest_gone_};
        } else {
            next = index_of(wanted);
        }
    }
    page_fill fill(q);
    for (; next != entries_.size(); ++next) {
        if (!fill.takes(*entries_[next].what)) {
            page.more = true;
            return;
        }
        page.messages.push_back(entries_[next].what);
    }
}

void topic_log::read_before(log_query const& q, std::size_t live, log_page& page) const {
    auto end = entries_.size();
    if (q.at && q.at->epoch != page.head.epoch) {
        page.missing = loss{.reason = gap_reason::epoch};
        return;
    }
    if (q.at && q.at->offset <= head_) {
        if (q.at->offset <= offset_of(live)) return;
        end = index_of(q.at->offset);
    }
    page_fill fill(q);
    auto next = end;
    while (next != live && fill.takes(*entries_[next - 1].what)) --next;
    page.more = next != live;
    for (; next != end; ++next) page.messages.push_back(entries_[next].what);
}

}  // namespace weir
