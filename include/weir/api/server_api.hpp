#pragma once

#include <weir/base/observer.hpp>
#include <weir/base/route_counts.hpp>
#include <weir/http/router.hpp>
#include <weir/shard/shard_set.hpp>

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace weir::api {

/// Who may call, and what: a key is compared in constant time and never logged; its name is.
struct api_key {
    std::string name;
    std::string secret;
    std::vector<std::string> scopes;  ///< publish send disconnect subscribe read operate *
    double requests_per_second = 0;   ///< 0: that of api_limits
};

/// What the API asks of its process.
struct operations {
    /// Begins a drain that ends the process; `per_second` closes that many clients a second, none:
    /// as SIGTERM does. Answers how long it will take.
    std::function<milliseconds(std::optional<double> per_second)> drain;
    /// Sends that share (0 to 1) of the clients away. Answers how many.
    std::function<boost::asio::awaitable<std::uint64_t>(double share)> shed;
    /// This process as `GET nodes` shows it: version, start, uptime; a JSON object's text.
    std::function<std::string()> node;
    /// The time; tests bring their own.
    std::function<now()> clock = read_clocks;
};

struct api_limits {
    std::size_t body_bytes = 1024 * 1024;
    std::size_t batch_messages = 1000;
    std::uint64_t message_bytes = 64 * 1024;  ///< payload of one publish or send
    double requests_per_second = 20'000;      ///< for each key; burst is twice that
};

/// The server API under /api/v1 (contract: Server API). On the control thread. Without keys every
/// path of it is 404.
class server_api {
public:
    /// All outlive it.
    server_api(shard_set& shards, observer& counts, operations ops, api_limits limits);
    ~server_api();

    /// Keys apply from the next request on. One that keeps its name keeps what it has used of its
    /// rate.
    void change_keys(std::vector<api_key> keys);
    void change_limits(api_limits limits);
    void add_routes(http::router& r);
    /// The counters of every route that wants a key, for the exporter; they live as long as this.
    /// Complete after add_routes().
    std::vector<route_counts const*> routes() const;

private:
    struct state;
    std::unique_ptr<state> state_;
};

}  // namespace weir::api
