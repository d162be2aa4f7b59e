#include <weir/base/log.hpp>
#include <weir/ops/drain.hpp>

#include <algorithm>

namespace weir::ops {

milliseconds drain_spread(std::size_t clients, double handshakes_per_second, milliseconds timeout) {
    double const rate = std::max(1.0, handshakes_per_second / 2);
    double const wanted = std::max(1000.0, 1000.0 * static_cast<double>(clients) / rate);
    double const most = 0.8 * static_cast<double>(timeout.count());
    return milliseconds(static_cast<std::int64_t>(std::min(wanted, most)));
}

drain_plan plan_drain(std::size_t clients, double handshakes_per_second, milliseconds timeout,
                      std::optional<double> per_second) {
    if (!per_second || !(*per_second > 0)) {
        return {.spread = drain_spread(clients, handshakes_per_second, timeout),
                .timeout = timeout};
    }
    auto const spread = milliseconds(
        static_cast<std::int64_t>(1000.0 * static_cast<double>(clients) / *per_second));
    return {.spread = spread, .timeout = std::max(timeout, spread + seconds(2))};
}

shard_set::leave_plan plan_shed(double share, std::size_t clients, double handshakes_per_second,
                                milliseconds timeout) {
    auto const leaving = static_cast<std::size_t>(share * static_cast<double>(clients));
    return {.reason = "shed",
            .share = share,
            .spread = drain_spread(leaving, handshakes_per_second, timeout),
            .deadline = timeout};
}

boost::asio::awaitable<void> drain(shard_set& shards, std::string cause, drain_plan plan) {
    auto const began = std::chrono::steady_clock::now();
    auto const deadline = began + plan.timeout;
    shards.stop_accepting();
    auto const clients = co_await shards.send_away(
        {.reason = "drain", .share = 1.0, .spread = plan.spread, .deadline = plan.timeout});
    log::info("draining", {{"cause", cause},
                           {"clients", clients},
                           {"spread_ms", plan.spread.count()},
                           {"timeout_ms", plan.timeout.count()}});
    // Half a second of the timeout is kept for the end itself: the exit comes before it.
    auto const margin = std::min<milliseconds>(milliseconds(500), plan.timeout / 10);
    co_await shards.finish(deadline - margin);
}

}  // namespace weir::ops
