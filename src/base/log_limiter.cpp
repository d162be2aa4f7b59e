#include "base/log_limiter.hpp"

#include <utility>

namespace weir::log {

bool log_limiter::budget::take(mono_time now, std::uint32_t lines) noexcept {
    if (now - start >= window) {
        start = now;
        used = 0;
    }
    if (used >= lines) return false;
    ++used;
    return true;
}

log_limiter::verdict log_limiter::admit(mono_time now, std::string_view event,
                                        std::string_view source) {
    auto& whole = event_budget(now, event);
    auto& entry = source_of(now, event, source.substr(0, source_bytes_max));
    if (!entry.lines.take(now, lines_per_source)) {
        ++entry.lines.suppressed;
        return {};
    }
    if (!whole.take(now, lines_per_event)) {
        ++whole.suppressed;
        return {};
    }
    return {true, std::exchange(entry.lines.suppressed, 0), std::exchange(whole.suppressed, 0)};
}

// Events are fixed words of our own code: more than events_max of them is a bug somewhere, and
// then they share one budget rather than grow a table.
log_limiter::budget& log_limiter::event_budget(mono_time now, std::string_view event) {
    if (auto const found = by_event_.find(event); found != by_event_.end()) return found->second;
    if (by_event_.size() >= events_max) event = {};
    return by_event_.try_emplace(std::string(event), budget{now, 0, 0}).first->second;
}

log_limiter::source_entry& log_limiter::source_of(mono_time now, std::string_view event,
                                                  std::string_view source) {
    std::string key;
    key.reserve(event.size() + 1 + source.size());
    key.append(event).append(1, '\0').append(source);

    if (auto const found = by_source_.find(key); found != by_source_.end()) {
        auto& entry = found->second;
        // A new minute makes it the youngest: the list stays ordered by the start of the minute.
        if (now - entry.lines.start >= window) {
            oldest_first_.splice(oldest_first_.end(), oldest_first_, entry.place);
        }
        return entry;
    }
    if (by_source_.size() >= sources_max) forget_oldest();
    auto const [added, _] =
        by_source_.try_emplace(std::move(key), source_entry{{now, 0, 0}, std::string(event), {}});
    added->second.place = oldest_first_.insert(oldest_first_.end(), added->first);
    return added->second;
}

void log_limiter::forget_oldest() {
    auto const oldest = by_source_.find(oldest_first_.front());
    event_budget(oldest->second.lines.start, oldest->second.event).suppressed +=
        oldest->second.lines.suppressed;
    oldest_first_.pop_front();
    by_source_.erase(oldest);
}

}  // namespace weir::log
