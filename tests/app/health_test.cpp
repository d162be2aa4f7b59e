#include "app/health.hpp"

#include <gtest/gtest.h>

namespace weir::app {
namespace {

TEST(readiness_url, asks_a_wildcard_on_loopback) {
    config::listener l;
    l.port = 8081;
    for (auto const& [address, host] : {std::pair{"0.0.0.0", "127.0.0.1"}, std::pair{"::", "::1"},
                                        std::pair{"10.0.0.1", "10.0.0.1"}}) {
        l.address = address;
        EXPECT_EQ(readiness_url(l).host, host);
    }
    EXPECT_EQ(readiness_url(l).port, 8081);
    EXPECT_EQ(readiness_url(l).target, "/readyz");
    EXPECT_FALSE(readiness_url(l).secure);
    l.tls = {"c.pem", "k.pem"};
    EXPECT_TRUE(readiness_url(l).secure);
}

TEST(read_readiness, says_why_not) {
    EXPECT_TRUE(read_readiness(200, R"({"ready":true})").ready);
    auto const draining =
        read_readiness(503, R"({"ready":false,"reason":"draining","connections":3})");
    EXPECT_FALSE(draining.ready);
    EXPECT_EQ(draining.text, "draining");
    EXPECT_EQ(read_readiness(421, R"({"error":{"code":"forbidden","message":"wrong host"}})").text,
              "status 421: wrong host");
    EXPECT_EQ(read_readiness(502, "<html>").text, "status 502");
}

}  // namespace
}  // namespace weir::app
