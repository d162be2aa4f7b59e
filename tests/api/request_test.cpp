// Bodies and parameters that are refused, with the status and the sentence that says why. Nothing
// here reaches a shard.
#include "api/api_fixture.hpp"

#include <gmock/gmock.h>

namespace weir::api {
namespace {

using testing::HasSubstr;

struct refused_body {
    char const* target;
    std::string body;
    int status;
    char const* says;
};

struct refused_body_test : api_fixture, testing::WithParamInterface<refused_body> {};

TEST_P(refused_body_test, says_what_is_wrong) {
    auto const& p = GetParam();
    auto const told = post(p.target, p.body);
    EXPECT_EQ(told.status, p.status);
    EXPECT_EQ(told.code(), p.status == 413 ? "too_large" : "bad_request");
    EXPECT_THAT(told.message(), HasSubstr(p.says));
    auto const code = p.status == 413 ? errc::too_large : errc::bad_request;
    EXPECT_EQ(at(counts.errors, code).read(), 1U);
}

std::string const long_topic(201, 't');
std::string const large(101, '1');  // the fixture's message_bytes is 100

INSTANTIATE_TEST_SUITE_P(
    publish, refused_body_test,
    testing::Values(
        refused_body{"publish", "", 400, "malformed JSON"},
        refused_body{"publish", "topic=a&payload=1", 400, "at byte 0"},
        refused_body{"publish", "[]", 400, "malformed JSON"},
        refused_body{"publish", R"({"topic":"a","payload":1} x)", 400, "malformed JSON"},
        refused_body{"publish", R"({"topic":"a","topic":"b","payload":1})", 400, "at byte"},
        refused_body{"publish", R"({"payload":1})", 400, "topic"},
        refused_body{"publish", R"({"topic":"","payload":1})", 400, "topic"},
        refused_body{"publish", R"({"topic":"a..b","payload":1})", 400, "empty segment"},
        refused_body{"publish", R"({"topic":7,"payload":1})", 400, "`topic` must be a string"},
        refused_body{"publish", R"({"topic":")" + long_topic + R"(","payload":1})", 400, "200"},
        refused_body{"publish", R"({"topic":"$user.ann","payload":1})", 400, "`send`"},
        refused_body{"publish", R"({"topic":"a"})", 400, "`payload` is needed"},
        refused_body{"publish", R"({"topic":"a","event":1,"payload":1})", 400, "`event`"},
        refused_body{"publish", R"({"topic":"a","key":{},"payload":1})", 400, "`key`"},
        refused_body{"publish", R"({"topic":"a","dedupe":"","payload":1})", 400, "`dedupe`"},
        refused_body{"publish", R"({"topic":"a","exclude_session":"x","payload":1})", 400,
                     "not a session id"},
        refused_body{"publish", R"({"topic":"a","payload":)" + large + "}", 413,
                     "limits.message_bytes"}));

INSTANTIATE_TEST_SUITE_P(
    batch, refused_body_test,
    testing::Values(refused_body{"publish/batch", "", 400, "malformed JSON"},
                    refused_body{"publish/batch", "{}", 400, "malformed JSON"},
                    refused_body{"publish/batch", "[1,]", 400, "malformed JSON"},
                    refused_body{"publish/batch", "[1,1,1,1,1,1]", 413, "at most 5"}));

INSTANTIATE_TEST_SUITE_P(
    sessions, refused_body_test,
    testing::Values(
        refused_body{"send", "", 400, "malformed JSON"},
        refused_body{"send", R"({"payload":1})", 400, "one of `user` and `session`"},
        refused_body{"send", R"({"user":"a","session":"b","payload":1})", 400, "one of"},
        refused_body{"send", R"({"session":"b","payload":1})", 400, "not a session id"},
        refused_body{"send", R"({"user":"a"})", 400, "`payload` is needed"},
        refused_body{"send", R"({"user":"a","payload":)" + large + "}", 413, "message_bytes"},
        refused_body{"send", R"({"user":"a","event":3,"payload":1})", 400, "`event`"},
        refused_body{"disconnect", "{}", 400, "one of"},
        refused_body{"disconnect", R"({"user":"a","code":3999})", 400, "from 4000 to 4299"},
        refused_body{"disconnect", R"({"user":"a","code":"4000"})", 400, "number"},
        refused_body{"disconnect", R"({"user":"a","code":4099})", 400, "documented close codes"},
        refused_body{"disconnect", R"({"user":"a","code":4000.5})", 400, "documented close codes"},
        refused_body{"disconnect", R"({"user":"a","reason":1})", 400, "`reason`"},
        refused_body{"subscribe", R"({"topic":"a"})", 400, "one of"},
        refused_body{"subscribe", R"({"user":"a"})", 400, "topic"},
        refused_body{"subscribe", R"({"user":"a","topic":"$user.b"})", 400, "reserved"},
        refused_body{"unsubscribe", R"({"user":"a","topic":"."})", 400, "topic"},
        refused_body{"shed", "", 400, "malformed JSON"},
        refused_body{"shed", "{}", 400, "`percent` is needed"},
        refused_body{"shed", R"({"percent":101})", 400, "from 0 to 100"},
        refused_body{"shed", R"({"percent":null})", 400, "number"},
        refused_body{"drain", "x", 400, "malformed JSON"},
        refused_body{"drain", R"({"rate":0})", 400, "from 1 to"}));

using request_test = api_fixture;

TEST_F(request_test, parameters_out_of_bounds_are_refused) {
    for (auto const* target :
         {"topics?limit=1001", "topics?limit=x", "topics?limit=-1",
          "topics?limit=", "connections?after=x", "connections?limit=1001",
          "topics/a/history?last=0", "topics/a/history?last=1001", "topics/a/state?limit=0",
          "topics/a/presence?limit=0", "topics/a/history?since_epoch=x",
          "topics/a/history?since_offset=1", "topics/a/history?since_epoch=no&since_offset=1"}) {
        EXPECT_EQ(get(target).status, 400) << target;
    }
}

TEST_F(request_test, a_session_that_is_no_id_is_not_found) {
    auto const told = get("connections/nobody");
    EXPECT_EQ(told.status, 404);
    EXPECT_EQ(told.code(), "bad_request");
}

TEST_F(request_test, each_element_of_a_batch_is_judged_by_itself) {
    auto const told =
        post("publish/batch", R"([{"topic":"a..b","payload":1},7,{"topic":"a"},{"payload":1}])");
    EXPECT_EQ(told.status, 200);
    ASSERT_EQ(told.json.size(), 4U);
    for (auto const& one : told.json) EXPECT_EQ(one.at("error").at("code"), "bad_request") << one;
    EXPECT_EQ(post("publish/batch", "[]").json, nlohmann::json::array());
}

TEST_F(request_test, ndjson_is_told_by_its_content_type) {
    std::string const lines = "{\"topic\":\"a..b\",\"payload\":1}\n\n{\"topic\":\"a\"}\n";
    for (auto const* type :
         {"application/x-ndjson", "application/ndjson", "Application/X-NDJSON; charset=utf-8"}) {
        auto const told = post("publish/batch", lines, type);
        EXPECT_EQ(told.status, 200) << type;
        EXPECT_EQ(told.json.size(), 2U) << type;
    }
    EXPECT_EQ(post("publish/batch", lines, "application/json").status, 400);
    EXPECT_EQ(post("publish/batch", "1\n2\n3\n4\n5\n6\n", "application/x-ndjson").status, 413);
}

TEST_F(request_test, another_content_type_is_no_fault) {
    // curl -d says application/x-www-form-urlencoded, and nobody should have to contradict it.
    for (auto const* type : {"", "application/x-www-form-urlencoded", "text/plain"}) {
        EXPECT_EQ(post("shed", R"({"percent":1})", type).status, 200) << type;
    }
}

TEST_F(request_test, bodies_are_bounded_where_there_may_be_one) {
    auto const bytes_max = [this](http::method m, std::string target) {
        return routes.body_bytes_max(request_of({m, std::move(target)}));
    };
    for (auto const* target : {"publish", "publish/batch", "send", "disconnect", "shed"}) {
        EXPECT_EQ(bytes_max(http::method::post, target), 1024U * 1024) << target;
    }
    EXPECT_EQ(bytes_max(http::method::get, "topics"), 0U);
    EXPECT_EQ(bytes_max(http::method::delete_, "topics/a/history"), 0U);
}

TEST_F(request_test, drain_and_shed_pass_on_what_was_asked) {
    auto const plain = ask({http::method::post, "drain"});
    EXPECT_EQ(plain.status, 202);
    EXPECT_EQ(plain.json, nlohmann::json({{"draining", true}, {"spread_ms", 7}}));
    EXPECT_EQ(post("drain", R"({"rate":200})").status, 202);
    EXPECT_EQ(drained, (std::vector<std::optional<double>>{std::nullopt, 200.0}));
    EXPECT_EQ(post("shed", R"({"percent":12.5})").json, nlohmann::json({{"sessions", 3}}));
    EXPECT_EQ(shed, std::vector<double>{0.125});
}

TEST_F(request_test, nodes_are_what_the_process_says) {
    EXPECT_EQ(get("nodes").json, nlohmann::json::parse(R"({"nodes":[{"version":"1"}]})"));
}

TEST_F(request_test, other_methods_are_405_and_name_the_right_one) {
    auto const told = get("publish");
    EXPECT_EQ(told.status, 405);
    auto const* const allow = http::find_field(told.headers, "Allow");
    ASSERT_NE(allow, nullptr);
    EXPECT_EQ(*allow, "POST");
}

TEST_F(request_test, every_request_is_counted_by_route_and_status) {
    auto const counted = [this](std::string_view method, std::string_view route) {
        for (route_counts const* r : api->routes()) {
            if (r->method == method && r->route == route) return r;
        }
        throw std::runtime_error("no such route");
    };
    EXPECT_EQ(get("nodes").status, 200);
    EXPECT_EQ(get("nodes").status, 200);
    EXPECT_EQ(ask({http::method::get, "nodes", "", "", "wrong"}).status, 401);
    EXPECT_EQ(get("topics/a/history?last=0").status, 400);
    auto const* const nodes = counted("GET", "nodes");
    EXPECT_EQ(at(nodes->answers, answer_class::success).read(), 2U);
    EXPECT_EQ(at(nodes->answers, answer_class::client_error).read(), 1U);
    EXPECT_EQ(at(nodes->answers, answer_class::server_error).read(), 0U);
    EXPECT_EQ(nodes->seconds.count(0), 3U);
    auto const* const history = counted("GET", "topics/{topic}/history");
    EXPECT_EQ(at(history->answers, answer_class::client_error).read(), 1U);
    EXPECT_EQ(counted("DELETE", "topics/{topic}/history")->seconds.count(0), 0U);
}

}  // namespace
}  // namespace weir::api
