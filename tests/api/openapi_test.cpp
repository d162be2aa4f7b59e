// The description against the routes: each path of it answers, and nothing else does.
#include "api/state.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <map>
#include <set>
#include <sstream>

namespace weir::api {
namespace {

struct api_fixture : testing::Test {
    api_fixture() {
        auto live = std::make_shared<live_settings>();
        shards.emplace(io.get_executor(), shard_settings{}, live);
        operations ops;
        ops.drain = [](std::optional<double>) { return milliseconds(0); };
        ops.shed = [](double) -> asio::awaitable<std::uint64_t> { co_return 0; };
        ops.node = [] { return std::string("{}"); };
        api.emplace(*shards, counts, ops, api_limits{.requests_per_second = 5});
        api->add_routes(routes);
    }

    int ask(http::method m, std::string const& path, std::string const& key) {
        http::request r;
        r.verb = m;
        r.method_text = http::to_string(m);
        r.path = r.target = path;
        std::istringstream parts(path.substr(1));
        for (std::string part; std::getline(parts, part, '/');) r.segments.push_back(part);
        if (!key.empty()) r.headers.push_back({"Authorization", "Bearer " + key});
        int status = 0;
        asio::co_spawn(io, routes.handle(r), [&](std::exception_ptr e, http::answer a) {
            if (!e) status = std::get<http::response>(a).status;
        });
        io.restart();
        io.run();
        return status;
    }

    asio::io_context io{1};
    observer counts;
    std::optional<shard_set> shards;
    std::optional<server_api> api;
    http::router routes;
};

TEST_F(api_fixture, every_described_path_is_a_route_that_wants_a_key) {
    api->change_keys({{"k", "right", {"*"}}});
    auto const described = nlohmann::json::parse(openapi_json());
    std::size_t checked = 0;
    for (auto const& [path, methods] : described["paths"].items()) {
        for (auto const& [name, operation] : methods.items()) {
            auto const m = name == "get"      ? http::method::get
                           : name == "delete" ? http::method::delete_
                                              : http::method::post;
            EXPECT_EQ(ask(m, "/api/v1" + path, ""), 401) << path;
            EXPECT_EQ(ask(http::method::put, "/api/v1" + path, "right"), 405) << path;
            EXPECT_TRUE(operation["description"].get<std::string>().starts_with("Scope "));
            ++checked;
        }
    }
    EXPECT_EQ(checked, 18U);
    EXPECT_EQ(ask(http::method::get, "/api/v1/nothing", "right"), 404);
}

TEST_F(api_fixture, scopes_and_rates_hold) {
    api->change_keys({{"k", "right", {"read"}}});
    EXPECT_EQ(ask(http::method::post, "/api/v1/publish", "right"), 403);
    EXPECT_EQ(ask(http::method::get, "/api/v1/nodes", "rightt"), 401);
    EXPECT_EQ(ask(http::method::get, "/api/v1/nodes", "righ"), 401);
    int limited = 0;
    for (int i = 0; i != 40; ++i) {
        auto const status = ask(http::method::get, "/api/v1/nodes", "right");
        EXPECT_TRUE(status == 200 || status == 429) << status;
        if (status == 429) ++limited;
    }
    EXPECT_GT(limited, 0);
    EXPECT_EQ(at(counts.limited, limit_kind::api).read(), static_cast<std::uint64_t>(limited));
}

TEST_F(api_fixture, without_keys_it_is_off) {
    EXPECT_EQ(ask(http::method::get, "/api/v1/nodes", "any"), 404);
    EXPECT_EQ(ask(http::method::get, "/api/v1/openapi.json", ""), 404);
}

}  // namespace
}  // namespace weir::api
