#include "shard/leave_times.hpp"
#include "shard/shard.hpp"

#include <algorithm>
#include <chrono>
#include <vector>

// How a shard ends: clients are sent away, each at its time, then what is left is dropped.
namespace weir {

void shard::stop_accepting() {
    listener_.stop();
}

std::uint64_t shard::send_away(std::string const& reason, double share, milliseconds spread,
                               milliseconds deadline) {
    std::vector<client*> leaving;
    clients_.for_each([&](client& c) {
        if (c.has_connection() && !c.session().is_closing()) leaving.push_back(&c);
    });
    auto const times = leave_times(leaving.size(), share, spread);
    bool const for_good = !commons_.accepting.load(std::memory_order_relaxed);
    auto const at = turn_.at().mono;
    if (for_good) departure_ = {reason, at + spread, at + deadline};
    for (std::size_t i = 0; i != times.size(); ++i) {
        if (!times[i]) continue;
        goaway const g{.reason = reason, .reconnect_after = *times[i], .deadline = deadline};
        leaving[i]->send_away(g, at + *times[i]);
    }
    keep_ticking();
    return static_cast<std::uint64_t>(
        std::count_if(times.begin(), times.end(), [](auto const& t) { return t.has_value(); }));
}

/// A connection that begins, or takes a session over, while the process drains.
void shard::tell_departure(client& c) {
    if (!departure_) return;
    auto const at = turn_.at().mono;
    auto const left = [at](mono_time until) {
        return std::chrono::ceil<milliseconds>(std::max(until - at, nanoseconds(0)));
    };
    mono_time const close_at = c.away_at() != never
                                   ? c.away_at()
                                   : at + *leave_times(1, 1.0, left(departure_->ends)).front();
    goaway const g{.reason = departure_->reason,
                   .reconnect_after = left(close_at),
                   .deadline = left(departure_->deadline)};
    c.send_away(g, close_at);
    keep_ticking();
}

void shard::stop() {
    if (stopping_) return;
    stopping_ = true;
    listener_.stop();
    tasks_.stop();
    clients_.for_each([](client& c) { c.abort(close_reason::going_away); });
    for (auto const& p : parting_) p->abort();
    end_when_empty();
}

void shard::end_when_empty() {
    if (!stopping_ || ended_ || clients_.size() != 0 || !parting_.empty()) return;
    ended_ = true;
    wheel_.cancel(*this);
    turn_.stop();
    guard_.reset();
}

}  // namespace weir
