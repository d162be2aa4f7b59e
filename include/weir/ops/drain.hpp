#pragma once

#include <weir/base/clock.hpp>
#include <weir/shard/shard_set.hpp>

#include <cstddef>
#include <string>

namespace weir::ops {

/// Over how long `clients` are sent away: what the handshake rate of whoever takes them can carry
/// at half load, at least a second so that no two come together, at most four fifths of the
/// drain's timeout, so that the last has time to flush.
milliseconds drain_spread(std::size_t clients, double handshakes_per_second, milliseconds timeout);

/// Not ready, no new connections, goaway with a time of its own to each client, close 4200 at that
/// time, and at `timeout` the end for whoever is left.
boost::asio::awaitable<void> drain(shard_set& shards, std::string reason, milliseconds timeout,
                                   milliseconds spread);

}  // namespace weir::ops
