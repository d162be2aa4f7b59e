#pragma once

#include <weir/http/router.hpp>
#include <weir/shard/shard_set.hpp>

namespace weir::ops {

/// Adds GET /healthz (alive: the control thread answers) and GET /readyz: 200, or 503 while
/// draining or while no connection can be taken, with a JSON body that says why. `shards` and
/// `connections_max`, which is read at each request, outlive the router.
void add_health_routes(http::router& r, shard_set& shards, std::uint64_t const& connections_max);

}  // namespace weir::ops
