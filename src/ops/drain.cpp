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

boost::asio::awaitable<void> drain(shard_set& shards, std::string reason, milliseconds timeout,
                                   milliseconds spread) {
    auto const began = std::chrono::steady_clock::now();
    auto const deadline = began + timeout;
    shards.stop_accepting();
    auto const clients = co_await shards.send_away(
        {.reason = reason, .share = 1.0, .spread = spread, .deadline = timeout});
    log::info("draining", {{"reason", reason},
                           {"clients", clients},
                           {"spread_ms", spread.count()},
                           {"timeout_ms", timeout.count()}});
    // Half a second of the timeout is kept for the end itself: exit comes inside drain.timeout.
    auto const margin = std::min<milliseconds>(milliseconds(500), timeout / 10);
    co_await shards.finish(deadline - margin);
}

}  // namespace weir::ops
