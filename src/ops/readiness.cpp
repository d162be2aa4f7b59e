#include <weir/ops/readiness.hpp>

namespace weir::ops {

void add_health_routes(http::router& r, shard_set& shards, std::uint64_t const& connections_max) {
    using http::method;
    r.on(method::get, "/healthz", http::router::plain_action([](http::request&) {
             return http::json_response(R"({"status":"ok"})");
         }));
    r.on(method::get, "/readyz",
         http::router::plain_action([&shards, &connections_max](http::request&) {
             auto const open = shards.connections();
             auto const numbers = R"("connections":)" + std::to_string(open) +
                                  R"(,"connections_max":)" + std::to_string(connections_max) + "}";
             if (!shards.accepting()) {
                 return http::json_response(R"({"ready":false,"reason":"draining",)" + numbers,
                                            503);
             }
             if (shards.short_of_memory()) {
                 return http::json_response(
                     R"({"ready":false,"reason":"overloaded: limits.memory reached",)" + numbers,
                     503);
             }
             if (open >= connections_max) {
                 return http::json_response(
                     R"({"ready":false,"reason":"overloaded: limits.connections reached",)" +
                         numbers,
                     503);
             }
             return http::json_response(R"({"ready":true,)" + numbers);
         }));
}

}  // namespace weir::ops
