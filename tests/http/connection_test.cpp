#include "http/served_connection.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace weir::http {
namespace {

using test::served_connection;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

constexpr auto* get_a = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";

TEST(serve, answers_and_keeps_the_connection) {
    served_connection c;
    c.peer.sends(get_a).sends("GET /b HTTP/1.1\r\nHost: x\r\n\r\n").ends();
    auto const result = c.serve_all();
    EXPECT_EQ(result.requests, 2U);
    EXPECT_FALSE(result.accepted);
    EXPECT_EQ(c.responses(), 2U);
    EXPECT_THAT(c.peer.written, HasSubstr("GET /a"));
    EXPECT_THAT(c.peer.written, EndsWith("GET /b"));
    EXPECT_THAT(c.peer.written, Not(HasSubstr("Connection: close")));
    EXPECT_TRUE(c.peer.shut);
    EXPECT_EQ(c.asked.requests[0].peer.to_string(), "192.0.2.7");
}

TEST(serve, answers_pipelined_requests_in_order) {
    served_connection c;
    c.peer
        .sends(std::string(get_a) +
               "POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhiGET /c HTTP/1.1\r\n"
               "Host: x\r\n\r\n")
        .ends();
    c.serve_all();
    ASSERT_EQ(c.asked.requests.size(), 3U);
    EXPECT_TRUE(c.asked.requests[0].followed);
    EXPECT_EQ(c.asked.requests[1].body, "hi");
    EXPECT_FALSE(c.asked.requests[2].followed);
    EXPECT_EQ(c.responses(), 3U);
}

TEST(serve, ends_when_the_client_says_so) {
    served_connection c;
    c.peer.sends("GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").sends(get_a).ends();
    EXPECT_EQ(c.serve_all().requests, 1U);
    EXPECT_THAT(c.peer.written, HasSubstr("Connection: close\r\n"));
}

TEST(serve, ends_after_http_1_0_unless_asked_to_stay) {
    served_connection once;
    once.peer.sends("GET /a HTTP/1.0\r\n\r\n").sends("GET /b HTTP/1.0\r\n\r\n").ends();
    EXPECT_EQ(once.serve_all().requests, 1U);
    EXPECT_TRUE(once.wrote("Connection: close\r\n"));

    served_connection twice;
    auto const* const stay = "GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
    twice.peer.sends(stay).sends(stay).ends();
    EXPECT_EQ(twice.serve_all().requests, 2U);
    EXPECT_TRUE(twice.wrote("Connection: keep-alive\r\n"));
}

TEST(serve, ends_when_the_server_drains) {
    served_connection c;
    c.asked.goes_on = false;
    c.peer.sends(get_a).sends(get_a).ends();
    EXPECT_EQ(c.serve_all().requests, 1U);
    EXPECT_TRUE(c.wrote("Connection: close\r\n"));
}

TEST(serve, answers_head_without_a_body) {
    served_connection c;
    c.peer.sends("HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n").ends();
    c.serve_all();
    EXPECT_TRUE(c.wrote("Content-Length: 7\r\n"));
    EXPECT_THAT(c.peer.written, EndsWith("\r\n\r\n"));
}

TEST(serve, answers_a_fault_and_ends) {
    served_connection c;
    c.peer.sends("GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n" + std::string(get_a)).ends();
    EXPECT_EQ(c.serve_all().requests, 0U);
    EXPECT_EQ(c.status(), 400);
    EXPECT_EQ(c.responses(), 1U);
    EXPECT_TRUE(c.wrote("Connection: close\r\n"));
    EXPECT_TRUE(c.wrote(R"({"error":{"code":"bad_request","message":"Host is given twice"}})"));
    EXPECT_THAT(c.asked.refused, ElementsAre(Pair(400, true)));
    EXPECT_TRUE(c.peer.shut);
}

TEST(serve, does_not_execute_what_follows_a_fault) {
    served_connection c;
    c.peer
        .sends(
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
            "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n")
        .ends();
    c.serve_all();
    EXPECT_TRUE(c.asked.requests.empty());
}

TEST(serve, refuses_a_body_over_the_limit_before_reading_it) {
    served_connection c;
    c.peer.sends(
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n"
        "Expect: 100-continue\r\n\r\n");
    c.serve_all();
    EXPECT_EQ(c.status(), 413);
    EXPECT_FALSE(c.wrote("100 Continue"));
}

TEST(serve, lets_a_client_go_on_that_asks_first) {
    served_connection c;
    c.peer.sends("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-Continue\r\n\r\n")
        .sends("hi")
        .ends();
    c.serve_all();
    EXPECT_TRUE(c.wrote("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"));
    EXPECT_EQ(c.asked.requests.at(0).body, "hi");
}

TEST(serve, does_not_answer_an_expectation_nobody_waits_with) {
    served_connection c;
    c.peer
        .sends("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\nhi")
        .sends("GET /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\r\n")
        .ends();
    EXPECT_EQ(c.serve_all().requests, 2U);
    EXPECT_FALSE(c.wrote("100 Continue"));
}

TEST(serve, refuses_other_expectations) {
    served_connection c;
    c.peer.sends("GET /a HTTP/1.1\r\nHost: x\r\nExpect: tea\r\n\r\n").ends();
    c.serve_all();
    EXPECT_EQ(c.status(), 417);
}

TEST(serve, says_nothing_when_the_peer_leaves_in_the_middle) {
    for (auto const* part :
         {"", "GET / HT", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhe"}) {
        served_connection c;
        if (*part != '\0') c.peer.sends(part);
        c.peer.ends();
        EXPECT_EQ(c.serve_all().requests, 0U);
        EXPECT_EQ(c.peer.written, "");
        EXPECT_TRUE(c.asked.refused.empty());
    }
}

TEST(serve, answers_for_a_handler_that_fails) {
    served_connection c;
    c.asked.says = [](request&) -> answer { throw std::runtime_error("secret"); };
    c.peer.sends(get_a).sends(get_a).ends();
    EXPECT_EQ(c.serve_all().requests, 1U);
    EXPECT_EQ(c.status(), 500);
    EXPECT_FALSE(c.wrote("secret"));
}

std::string const handshake =
    "GET /v1/ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

answer upgrade(request& r) {
    upgrade_policy const policy{origin_policy::parse({"same"}).value(), {}};
    auto verdict = check_upgrade(r, policy);
    if (auto* const no = std::get_if<upgrade_refusal>(&verdict)) return std::move(no->answer);
    return std::get<upgrade_accept>(std::move(verdict));
}

TEST(serve, hands_an_upgraded_connection_over) {
    served_connection c;
    c.asked.says = upgrade;
    c.peer.sends(handshake).sends("frame");
    auto const result = c.serve_all();
    ASSERT_TRUE(result.accepted);
    EXPECT_EQ(result.accepted->head, c.peer.written);
    EXPECT_EQ(c.status(), 101);
    EXPECT_FALSE(c.peer.shut);
    EXPECT_EQ(c.peer.read, handshake.size()) << "nothing of the new protocol was taken";
}

TEST(serve, upgrades_after_other_requests_too) {
    served_connection c;
    c.asked.says = [](request& r) -> answer {
        return r.path == "/v1/ws" ? upgrade(r) : text_response("x");
    };
    c.peer.sends(get_a).sends(handshake);
    EXPECT_TRUE(c.serve_all().accepted);
}

TEST(serve, refuses_an_upgrade_with_early_bytes) {
    served_connection c;
    c.asked.says = upgrade;
    c.peer.sends(handshake + "\x81\x80").ends();
    EXPECT_FALSE(c.serve_all().accepted);
    EXPECT_EQ(c.status(), 400);
    EXPECT_FALSE(c.wrote("HTTP/1.1 101"));
}

TEST(serve, holds_the_line_where_a_handler_does_not_look) {
    served_connection c;
    c.asked.says = [](request&) -> answer {
        return upgrade_accept{.head = "HTTP/1.1 101 X\r\n\r\n"};
    };
    c.peer.sends(handshake + "early").ends();
    EXPECT_FALSE(c.serve_all().accepted);
    EXPECT_EQ(c.status(), 400);
    EXPECT_THAT(c.asked.refused, ElementsAre(Pair(400, true)));
}

TEST(serve, refuses_an_upgrade_with_a_body_before_reading_it) {
    for (auto const* body : {"Content-Length: 2000\r\n", "Transfer-Encoding: chunked\r\n"}) {
        served_connection c;
        auto with_body = handshake;
        with_body.insert(with_body.size() - 2, body);
        c.peer.sends(with_body);
        EXPECT_FALSE(c.serve_all().accepted);
        EXPECT_EQ(c.status(), 400);
        EXPECT_TRUE(c.asked.requests.empty());
    }
}

}  // namespace
}  // namespace weir::http
