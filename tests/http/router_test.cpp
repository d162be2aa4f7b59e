#include "http/fake_stream.hpp"

#include <weir/http/router.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace weir::http {
namespace {

using testing::HasSubstr;

request asking(method m, std::vector<std::string> segments) {
    request r;
    r.verb = m;
    r.segments = std::move(segments);
    return r;
}

boost::asio::awaitable<answer> history(request& r) {
    co_return text_response("history of " + std::string(r.param("topic")));
}

class router_test : public testing::Test {
protected:
    router_test() {
        routes.on(method::get, "/", [](request&) { return text_response("root"); });
        routes.on(method::get, "/topics", [](request&) { return text_response("topics"); });
        routes.on(method::get, "/topics/{topic}", [](request& r) {
            return text_response("topic " + std::string(r.param("topic")));
        });
        routes.on(method::get, "/topics/{topic}/history", history);
        routes.on(
            method::delete_, "/topics/{topic}/history", [](request&) { return no_content(); }, 0);
        routes.on(method::post, "/publish", [](request&) { return no_content(); }, 1 << 20);
    }
    response route(method m, std::vector<std::string> segments) {
        auto r = asking(m, std::move(segments));
        return std::get<response>(test::run(routes.handle(r)));
    }
    router routes;
};

TEST_F(router_test, finds_actions_by_segments) {
    EXPECT_EQ(route(method::get, {}).body, "root");
    EXPECT_EQ(route(method::get, {"topics"}).body, "topics");
    EXPECT_EQ(route(method::get, {"topics", "a/b"}).body, "topic a/b");
    EXPECT_EQ(route(method::get, {"topics", "x", "history"}).body, "history of x");
    EXPECT_EQ(route(method::delete_, {"topics", "x", "history"}).status, 204);
    EXPECT_EQ(route(method::head, {"topics"}).body, "topics");
}

TEST_F(router_test, tells_an_unknown_path) {
    for (auto const& path : std::vector<std::vector<std::string>>{
             {""}, {"topic"}, {"topics", ""}, {"topics", "x", "y"}, {"Topics"}, {"publish", ""}}) {
        auto const r = route(method::get, path);
        EXPECT_EQ(r.status, 404);
        EXPECT_THAT(r.body, HasSubstr("no such path"));
    }
}

TEST_F(router_test, tells_what_a_path_takes) {
    auto const r = route(method::put, {"topics", "x", "history"});
    EXPECT_EQ(r.status, 405);
    EXPECT_EQ(*find_field(r.headers, "allow"), "GET, HEAD, DELETE");
    EXPECT_EQ(*find_field(route(method::head, {"publish"}).headers, "allow"), "POST");
    EXPECT_EQ(route(method::other, {"topics"}).status, 405);
}

TEST_F(router_test, bounds_bodies_by_route) {
    EXPECT_EQ(routes.body_bytes_max(asking(method::post, {"publish"})), std::size_t{1} << 20);
    EXPECT_EQ(routes.body_bytes_max(asking(method::delete_, {"topics", "x", "history"})), 0U);
    EXPECT_EQ(routes.body_bytes_max(asking(method::get, {"topics"})), small_body_bytes);
    EXPECT_EQ(routes.body_bytes_max(asking(method::post, {"nowhere"})), small_body_bytes);
}

}  // namespace
}  // namespace weir::http
