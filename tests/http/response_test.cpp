#include <weir/http/response.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace weir::http {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr wall_ms rfc_date = 784'111'777'999;  // the example of RFC 9110 section 5.6.7

TEST(to_bytes, writes_a_whole_response) {
    auto r = json_response("{}");
    r.headers.push_back({"X-More", "yes"});
    EXPECT_EQ(to_bytes(r, {.date = rfc_date}),
              "HTTP/1.1 200 OK\r\n"
              "Content-Type: application/json\r\n"
              "Content-Length: 2\r\n"
              "X-Content-Type-Options: nosniff\r\n"
              "Cache-Control: no-store\r\n"
              "X-More: yes\r\n"
              "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
              "\r\n{}");
}

TEST(to_bytes, answers_head_with_the_length_alone) {
    auto const text = to_bytes(text_response("hello"), {.head_only = true});
    EXPECT_THAT(text, HasSubstr("Content-Length: 5\r\n"));
    EXPECT_THAT(text, Not(HasSubstr("hello")));
}

TEST(to_bytes, says_how_the_connection_goes_on) {
    auto const r = text_response("x");
    EXPECT_THAT(to_bytes(r, {}), Not(HasSubstr("Connection:")));
    EXPECT_THAT(to_bytes(r, {.keep_alive = false}), HasSubstr("Connection: close\r\n"));
    EXPECT_THAT(to_bytes(r, {.http_1_0 = true}), HasSubstr("Connection: keep-alive\r\n"));
    auto upgrade = text_response("x", 426);
    upgrade.headers.push_back({"Upgrade", "websocket"});
    EXPECT_THAT(to_bytes(upgrade, {.keep_alive = false}),
                HasSubstr("Connection: Upgrade, close\r\n"));
}

TEST(to_bytes, gives_no_content_no_length) {
    EXPECT_THAT(to_bytes(no_content(), {}), Not(HasSubstr("Content-")));
}

TEST(to_bytes, lets_no_header_break_out) {
    auto r = text_response("x");
    r.headers = {{"A", "b\r\nC: d"}, {"E: f\r\nG", "h"}, {"", "i"}, {"J", "k"}};
    auto const text = to_bytes(r, {});
    EXPECT_THAT(text, Not(HasSubstr("C: d")));
    EXPECT_THAT(text, Not(HasSubstr("E:")));
    EXPECT_THAT(text, HasSubstr("\r\nJ: k\r\n"));
}

TEST(json_error, has_code_message_and_status) {
    auto const r = json_error(errc::too_large, "more than \"64\" KiB");
    EXPECT_EQ(r.status, 413);
    EXPECT_EQ(r.body, R"({"error":{"code":"too_large","message":"more than \"64\" KiB"}})");
    EXPECT_EQ(*find_field(r.headers, "cache-control"), "no-store");
    EXPECT_EQ(*find_field(json_error(errc::unauthorized, "").headers, "www-authenticate"),
              "Bearer");
}

TEST(json_error, says_when_to_come_back) {
    fault f{errc::rate_limited, "slower", std::chrono::milliseconds(1500), outcome::not_stored};
    auto const r = json_error(f);
    EXPECT_EQ(r.status, 429);
    EXPECT_EQ(*find_field(r.headers, "retry-after"), "2");
    EXPECT_EQ(r.body, R"({"error":{"code":"rate_limited","message":"slower",)"
                      R"("retry_after_ms":1500,"outcome":"not_stored"}})");
}

TEST(status_of, gives_every_code_an_error_with_a_phrase) {
    for (std::size_t i = 0; i != errc_count; ++i) {
        auto const status = status_of(static_cast<errc>(i));
        EXPECT_GE(status, 400);
        EXPECT_NE(reason_phrase(status), "Unknown") << status;
    }
}

}  // namespace
}  // namespace weir::http
