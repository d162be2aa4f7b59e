#include "http/served_connection.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace weir::http {
namespace {

using namespace std::chrono_literals;
using test::served_connection;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

constexpr auto* get_a = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";

/// How long serve() took by the faked clock.
milliseconds time_of(served_connection& c) {
    auto const began = c.clock.value.mono;
    c.serve_all();
    return std::chrono::floor<milliseconds>(c.clock.value.mono - began);
}

TEST(deadlines, are_not_moved_by_a_dripping_header) {
    served_connection c;
    c.peer.drips(std::string(get_a) + std::string(100, 'x'), 1s);
    auto const took = time_of(c);
    EXPECT_EQ(c.status(), 408);
    EXPECT_EQ(took, 15s + c.settings.linger_timeout);
    EXPECT_LE(c.peer.read, 17U);
    EXPECT_THAT(c.asked.refused, ElementsAre(Pair(408, true)));
}

TEST(deadlines, let_a_slow_header_pass_that_comes_in_time) {
    served_connection c;
    c.peer.drips(get_a, 400ms).ends();
    c.serve_all();
    EXPECT_EQ(c.status(), 200);
}

TEST(deadlines, end_a_connection_that_says_nothing_without_a_word) {
    served_connection c;
    EXPECT_EQ(time_of(c), 15s);
    EXPECT_EQ(c.peer.written, "");
    EXPECT_THAT(c.asked.refused, ElementsAre(Pair(408, false)));
}

TEST(deadlines, are_longer_between_requests) {
    served_connection c;
    c.peer.sends(get_a).pauses(59s).sends(get_a);
    EXPECT_EQ(time_of(c), 59s + 60s);
    EXPECT_EQ(c.responses(), 2U);
    EXPECT_THAT(c.asked.refused, IsEmpty());
}

TEST(deadlines, begin_anew_with_the_first_byte_of_a_next_request) {
    served_connection c;
    c.peer.sends(get_a)
        .pauses(59s)
        .sends("G")
        .pauses(14s)
        .sends(std::string(get_a).substr(1))
        .ends();
    c.serve_all();
    EXPECT_EQ(c.responses(), 2U);
    EXPECT_EQ(c.status(), 200);

    served_connection late;
    late.peer.sends(get_a).pauses(59s).sends("G").pauses(16s).sends(get_a + 1);
    late.serve_all();
    EXPECT_EQ(late.status(), 408);
}

TEST(deadlines, count_for_pipelined_bytes_from_the_last_answer) {
    served_connection c;
    c.peer.sends(std::string(get_a) + "GET /b").pauses(16s).sends(" HTTP/1.1\r\nHost: x\r\n\r\n");
    c.serve_all();
    EXPECT_EQ(c.status(), 408);
    EXPECT_EQ(c.responses(), 2U);
}

TEST(deadlines, are_not_moved_by_a_dripping_body) {
    served_connection c;
    c.peer.sends("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n")
        .drips(std::string(500, 'x'), 1s);
    EXPECT_EQ(time_of(c), 15s + c.settings.linger_timeout);
    EXPECT_EQ(c.status(), 408);
    EXPECT_TRUE(c.asked.requests.empty());
}

TEST(deadlines, are_not_moved_by_a_trickle_of_empty_lines) {
    served_connection c;
    c.peer.sends(get_a).drips(std::string(100, '\r'), 1s);
    c.serve_all();
    EXPECT_EQ(c.status(), 400);
}

TEST(deadlines, end_a_peer_that_does_not_read) {
    served_connection c;
    c.peer.takes = 0;
    c.peer.sends(get_a).sends(get_a);
    auto const took = time_of(c);
    EXPECT_EQ(c.asked.requests.size(), 1U);
    EXPECT_LE(took, c.settings.write_timeout + c.settings.linger_timeout);
    EXPECT_GE(took, c.settings.write_timeout);
}

TEST(deadlines, give_a_long_answer_more_time) {
    served_connection c;
    c.peer.takes = 0;
    c.asked.says = [](request&) -> answer { return text_response(std::string(1 << 20, 'x')); };
    c.peer.sends(get_a);
    EXPECT_GE(time_of(c), c.settings.write_timeout + 64s);
}

TEST(lingering, waits_for_nobody_who_is_done) {
    served_connection c;
    c.peer.sends("GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(time_of(c), 0s);
}

TEST(lingering, waits_for_a_client_that_may_still_send) {
    served_connection c;
    c.asked.goes_on = false;
    c.peer.sends(get_a);
    EXPECT_EQ(time_of(c), c.settings.linger_timeout);
}

TEST(lingering, takes_no_more_than_a_bound_from_a_flood) {
    served_connection c;
    c.peer.sends("nonsense\r\n\r\n").sends(std::string(10'000'000, 'x'));
    c.serve_all();
    EXPECT_EQ(c.status(), 400);
    EXPECT_LE(c.peer.read, 300'000U);
}

}  // namespace
}  // namespace weir::http
