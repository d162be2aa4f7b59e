#pragma once

#include "async/run_loop.hpp"

#include <weir/api/server_api.hpp>
#include <weir/http/router.hpp>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace weir::api {

namespace asio = boost::asio;

/// The routes of the server API, asked without a connection. Its shards are not running: what needs
/// no answer of theirs can be tested here.
class api_fixture : public testing::Test {
public:
    struct question {
        http::method verb = http::method::get;
        std::string target;  ///< behind /api/v1/
        std::string body = {};
        std::string content_type = {};
        std::string key = "right";  ///< empty: no Authorization
    };
    struct told {
        int status = 0;
        nlohmann::json json;
        std::vector<http::field> headers;

        std::string code() const { return json.at("error").at("code"); }
        std::string message() const { return json.at("error").at("message"); }
    };

    api_fixture() {
        shards.emplace(io.get_executor(), shard_settings{}, std::make_shared<live_settings>());
        operations ops;
        ops.drain = [this](std::optional<double> rate) {
            drained.push_back(rate);
            return milliseconds(7);
        };
        ops.shed = [this](double share) { return count_shed(share); };
        ops.node = [] { return std::string(R"({"version":"1"})"); };
        ops.clock = [this] { return time; };
        api.emplace(*shards, counts, ops, limits);
        api->add_routes(routes);
        api->change_keys({{"k", "right", {"*"}}});
    }

    /// Targets of tests need no decoding.
    static std::vector<std::string> split(std::string const& text, char at) {
        std::vector<std::string> parts;
        std::istringstream in(text);
        for (std::string part; std::getline(in, part, at);) parts.push_back(part);
        return parts;
    }

    static http::request request_of(question const& q) {
        http::request r;
        r.verb = q.verb;
        r.method_text = http::to_string(q.verb);
        r.target = "/api/v1/" + q.target;
        auto const query = std::min(r.target.find('?'), r.target.size());
        r.path = r.target.substr(0, query);
        for (auto& part : split(r.path.substr(1), '/')) r.segments.push_back(std::move(part));
        for (auto const& part : split(r.target.substr(std::min(query + 1, r.target.size())), '&')) {
            auto const equals = std::min(part.find('='), part.size() - 1);
            r.query.push_back({part.substr(0, equals), part.substr(equals + 1)});
        }
        if (!q.key.empty()) r.headers.push_back({"Authorization", "Bearer " + q.key});
        if (!q.content_type.empty()) r.headers.push_back({"Content-Type", q.content_type});
        r.body = q.body;
        return r;
    }

    told ask(question const& q) {
        auto r = request_of(q);
        auto const a = test::await(io, routes.handle(r));
        auto const& response = std::get<http::response>(a);
        return {response.status, nlohmann::json::parse(response.body), response.headers};
    }
    told post(std::string target, std::string body, std::string content_type = {}) {
        return ask(
            {http::method::post, std::move(target), std::move(body), std::move(content_type)});
    }
    told get(std::string target) { return ask({http::method::get, std::move(target)}); }

    asio::awaitable<std::uint64_t> count_shed(double share) {
        shed.push_back(share);
        co_return 3;
    }

    api_limits limits{.batch_messages = 5, .message_bytes = 100};
    now time = read_clocks();
    asio::io_context io{1};
    observer counts;
    std::vector<std::optional<double>> drained;
    std::vector<double> shed;
    std::optional<shard_set> shards;
    std::optional<server_api> api;
    http::router routes;
};

}  // namespace weir::api
