#pragma once

#include <weir/base/clock.hpp>
#include <weir/shard/shard_set.hpp>

#include <cstddef>
#include <optional>
#include <string>

namespace weir::ops {

/// The time over which `clients` are sent away: what the handshake rate of the servers that take
/// them can carry at half load. At least a second, so that they do not come back together; at most
/// four fifths of the drain's timeout, so that the last have time to flush.
milliseconds drain_spread(std::size_t clients, double handshakes_per_second, milliseconds timeout);

struct drain_plan {
    milliseconds spread{0};   ///< the clients' closes are spread over this
    milliseconds timeout{0};  ///< the process ends within this
};

/// `per_second` is an operator's own pace in clients per second. It may need longer than `timeout`;
/// then the drain takes that long. Without it the spread is drain_spread().
drain_plan plan_drain(std::size_t clients, double handshakes_per_second, milliseconds timeout,
                      std::optional<double> per_second);

/// Sends `share` (0 to 1) of `clients` away at the pace of a drain, and keeps running.
shard_set::leave_plan plan_shed(double share, std::size_t clients, double handshakes_per_second,
                                milliseconds timeout);

/// Not ready, no new connections, a goaway (reason `drain`) with its own time to each client, close
/// 4200 at that time; at the plan's timeout the clients that are left are cut. `cause` is for the
/// log.
boost::asio::awaitable<void> drain(shard_set& shards, std::string cause, drain_plan plan);

}  // namespace weir::ops
