#include "bench/endpoint.hpp"

#include "bench/measured_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

namespace weir::bench {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(endpoint_test, is_on_loopback_by_default) {
    auto const e = endpoint::on_loopback(4711);
    EXPECT_TRUE(e.is_loopback());
    EXPECT_FALSE(e.has_tls());
    EXPECT_THAT(e.request(), HasSubstr("GET /v1/ws HTTP/1.1\r\nHost: 127.0.0.1:4711\r\n"));
    EXPECT_THAT(e.request(), Not(HasSubstr("Authorization")));
}

TEST(endpoint_test, is_what_a_url_says) {
    auto const near = endpoint::of_url("ws://127.0.0.2:81/x?y=1", "T", true);
    EXPECT_TRUE(near.is_loopback());
    EXPECT_FALSE(near.has_tls());
    EXPECT_THAT(near.request(), HasSubstr("GET /x?y=1 HTTP/1.1\r\nHost: 127.0.0.2:81\r\n"));
    EXPECT_THAT(near.request(), HasSubstr("\r\nAuthorization: Bearer T\r\n"));
    auto const far = endpoint::of_url("wss://192.0.2.1/v1/ws", "", true);
    EXPECT_FALSE(far.is_loopback());
    EXPECT_TRUE(far.has_tls());
}

TEST(endpoint_test, says_what_is_wrong_with_a_url) {
    EXPECT_THROW(endpoint::of_url("http://127.0.0.1/", "", true), std::runtime_error);
    EXPECT_THROW(endpoint::of_url("127.0.0.1", "", true), std::runtime_error);
}

TEST(metric_in_test, finds_a_metric_without_labels) {
    std::string_view const text =
        "# HELP process_cpu_seconds_total CPU time.\n"
        "process_cpu_seconds_total{x=\"y\"} 1\n"
        "process_cpu_seconds_total 12.5\n"
        "process_cpu_seconds_total_more 3\n"
        "last 1e3";
    EXPECT_EQ(metric_in(text, "process_cpu_seconds_total"), 12.5);
    EXPECT_EQ(metric_in(text, "process_cpu_seconds_total_more"), 3);
    EXPECT_EQ(metric_in(text, "last"), 1000);
    EXPECT_EQ(metric_in(text, "absent"), std::nullopt);
    EXPECT_EQ(metric_in("", "last"), std::nullopt);
}

}  // namespace
}  // namespace weir::bench
