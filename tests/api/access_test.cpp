// Who may call, and how often.
#include "api/api_fixture.hpp"

namespace weir::api {
namespace {

using access_test = api_fixture;

TEST_F(access_test, without_keys_everything_is_404_and_says_why) {
    api->change_keys({});
    auto const off = get("nodes");
    EXPECT_EQ(off.status, 404);
    EXPECT_EQ(off.code(), "unsupported");
    EXPECT_NE(off.message().find("api.keys"), std::string::npos);
}

TEST_F(access_test, wants_the_whole_key_and_nothing_else) {
    EXPECT_EQ(get("nodes").status, 200);
    for (auto const* wrong : {"righ", "rightt", "Right", "wrong", "*"}) {
        auto const refused = ask({http::method::get, "nodes", "", "", wrong});
        EXPECT_EQ(refused.status, 401) << wrong;
        EXPECT_EQ(refused.code(), "unauthorized");
    }
    auto const none = ask({http::method::get, "nodes", "", "", ""});
    EXPECT_EQ(none.status, 401);
    ASSERT_NE(http::find_field(none.headers, "WWW-Authenticate"), nullptr);
    EXPECT_EQ(at(counts.errors, errc::unauthorized).read(), 6U);
}

TEST_F(access_test, an_empty_bearer_is_no_key) {
    auto r = request_of({http::method::get, "nodes", "", "", ""});
    r.headers.push_back({"Authorization", "Bearer "});
    auto const a = test::await(io, routes.handle(r));
    EXPECT_EQ(std::get<http::response>(a).status, 401);
}

TEST_F(access_test, a_scope_opens_its_routes_only) {
    api->change_keys({{"reader", "right", {"read"}}, {"writer", "left", {"publish", "operate"}}});
    EXPECT_EQ(get("nodes").status, 200);
    auto const refused = post("publish", "{}");
    EXPECT_EQ(refused.status, 403);
    EXPECT_EQ(refused.message(), R"(key "reader" has no scope "publish")");
    EXPECT_EQ(ask({http::method::get, "nodes", "", "", "left"}).status, 403);
    EXPECT_EQ(ask({http::method::post, "shed", R"({"percent":1})", "", "left"}).status, 200);
}

TEST_F(access_test, keys_change_from_one_request_to_the_next) {
    api->change_keys({{"k", "right", {"*"}}, {"next", "newer", {"*"}}});
    EXPECT_EQ(get("nodes").status, 200);
    EXPECT_EQ(ask({http::method::get, "nodes", "", "", "newer"}).status, 200);
    api->change_keys({{"next", "newer", {"*"}}});
    EXPECT_EQ(get("nodes").status, 401);
}

struct rate_test : api_fixture {
    int answered(int requests, std::string const& key = "right") {
        int good = 0;
        for (int i = 0; i != requests; ++i) {
            auto const status = ask({http::method::get, "nodes", "", "", key}).status;
            EXPECT_TRUE(status == 200 || status == 429) << status;
            if (status == 200) ++good;
        }
        return good;
    }
    std::uint64_t limited() const { return at(counts.limited, limit_kind::api).read(); }
};

TEST_F(rate_test, of_the_option_holds_for_each_key) {
    api->change_limits({.requests_per_second = 10});
    api->change_keys({{"a", "right", {"*"}}, {"b", "left", {"*"}}});
    EXPECT_EQ(answered(50), 20) << "a burst is twice the rate";
    EXPECT_EQ(limited(), 30U);
    EXPECT_EQ(answered(1, "left"), 1) << "the other key has its own";
    time.mono += seconds(1);
    EXPECT_EQ(answered(50), 10);
}

TEST_F(rate_test, of_a_key_itself_comes_first) {
    api->change_limits({.requests_per_second = 10});
    api->change_keys({{"slow", "right", {"*"}, 2}, {"fast", "left", {"*"}, 100}});
    EXPECT_EQ(answered(50), 4);
    EXPECT_EQ(answered(300, "left"), 200);
}

TEST_F(rate_test, is_told_with_the_time_to_wait_and_the_option_to_raise) {
    api->change_limits({.requests_per_second = 2});
    EXPECT_EQ(answered(5), 4);
    auto const refused = get("nodes");
    EXPECT_EQ(refused.status, 429);
    EXPECT_EQ(refused.code(), "rate_limited");
    EXPECT_NE(refused.message().find("api.requests_per_second"), std::string::npos);
    EXPECT_EQ(refused.json.at("error").at("retry_after_ms"), 500);
    auto const* const header = http::find_field(refused.headers, "Retry-After");
    ASSERT_NE(header, nullptr);
    EXPECT_EQ(*header, "1");
    time.mono += milliseconds(500);
    EXPECT_EQ(get("nodes").status, 200);
}

TEST_F(rate_test, survives_a_reload_of_the_keys) {
    api->change_limits({.requests_per_second = 2});
    EXPECT_EQ(answered(10), 4);
    api->change_keys({{"k", "right", {"*"}}});
    EXPECT_EQ(answered(1), 0) << "a reload gives no fresh burst";
    api->change_keys({{"another", "right", {"*"}}});
    EXPECT_EQ(answered(1), 1);
}

TEST_F(rate_test, is_not_spent_by_a_wrong_key_or_scope) {
    api->change_limits({.requests_per_second = 1});
    api->change_keys({{"reader", "right", {"read"}}});
    for (int i = 0; i != 10; ++i) {
        EXPECT_EQ(ask({http::method::get, "nodes", "", "", "wrong"}).status, 401);
        EXPECT_EQ(post("publish", "{}").status, 403);
    }
    EXPECT_EQ(answered(2), 2);
    EXPECT_EQ(limited(), 0U);
}

}  // namespace
}  // namespace weir::api
