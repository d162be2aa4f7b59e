#include "session/script.hpp"

#include <gtest/gtest.h>

#include <string>

namespace weir {
namespace {

std::string limited(std::string const& id, std::string const& whose, int wait_ms,
                    std::string const& more = "") {
    return R"(send {"type":"error")" + (id.empty() ? "" : R"(,"id":)" + id) +
           R"(,"payload":{"code":"rate_limited","message":"more messages than this )" + whose +
           R"( may send","retry_after_ms":)" + std::to_string(wait_ms) + more + "}}";
}

/// A session of ten a second that has none left.
void exhaust(script& s) {
    s.settings.messages_per_second = 10;
    s.connect();
    for (int i = 0; i != 20; ++i) {
        EXPECT_NE(s.says(R"({"type":"ping"})"), actions{}) << i;
    }
}

TEST(rate, a_burst_is_twice_the_rate_and_the_wait_is_true) {
    script s;
    exhaust(s);
    EXPECT_EQ(s.says(R"({"type":"ping","id":1})"), actions{limited("1", "connection", 100)});
    s.passes(milliseconds(99));
    EXPECT_EQ(s.says(R"({"type":"ping","id":2})"), actions{limited("2", "connection", 1)});
    s.passes(milliseconds(1));
    EXPECT_EQ(s.says(R"({"type":"ping","id":3})"), actions{R"(express {"type":"pong","id":3})"});
    EXPECT_EQ(s.says(R"({"type":"ping","id":4})"), actions{limited("4", "connection", 100)});
    EXPECT_EQ(at(s.counts.limited, limit_kind::messages).read(), 3U);
    EXPECT_EQ(at(s.counts.errors, errc::rate_limited).read(), 3U);
}

TEST(rate, a_refused_publish_is_not_stored) {
    script s;
    exhaust(s);
    EXPECT_EQ(s.says(R"({"type":"publish","topic":"open.a","payload":1,"id":1})"),
              actions{limited("1", "connection", 100, R"(,"outcome":"not_stored")")});
    EXPECT_TRUE(s.port.publishes.empty());
}

TEST(rate, without_an_id_it_is_said_once_a_second) {
    script s;
    exhaust(s);
    EXPECT_EQ(s.says(R"({"type":"ping"})"), actions{limited("", "connection", 100)});
    for (int i = 0; i != 9; ++i) EXPECT_EQ(s.says(R"({"type":"ping"})"), actions{});
    EXPECT_EQ(s.says(R"({"type":"ping","id":1})"), actions{limited("1", "connection", 100)});
    s.passes(milliseconds(999));
    for (int i = 0; i != 9; ++i) s.says(R"({"type":"ping"})");
    EXPECT_EQ(s.says(R"({"type":"ping"})"), actions{});
    s.passes(milliseconds(1));
    s.says(R"({"type":"ping"})");  // a tenth one by now
    EXPECT_EQ(s.says(R"({"type":"ping"})"), actions{limited("", "connection", 100)});
}

TEST(rate, malformed_messages_count_and_are_not_explained_beyond_it) {
    script s;
    exhaust(s);
    EXPECT_EQ(s.says(R"({"type":"ping","id":)"), actions{limited("", "connection", 100)});
    EXPECT_EQ(s.says("["), actions{});
    EXPECT_EQ(at(s.counts.errors, errc::bad_request).read(), 0U);
}

TEST(rate, what_spares_us_work_is_not_refused) {
    script s;
    s.settings.ring.replay_frames = 4;
    s.settings.ring.replay_bytes = 100;
    exhaust(s);
    s.sends_numbered(4);
    EXPECT_EQ(s.says(R"({"type":"received","count":3})"), actions{});
    EXPECT_EQ(s.session().frames().received(), 3U);
    EXPECT_EQ(s.says(R"({"type":"pong","id":1})"), actions{R"(send {"type":"ok","id":1})"});
}

TEST(rate, of_a_user_is_shared_by_the_users_connections) {
    script s;
    s.directory.change({.connections = 100,
                        .connections_per_ip = 100,
                        .connections_per_user = 10,
                        .handshakes_per_ip_per_second = 0,
                        .messages_per_second_per_user = 5});
    session other(s.env, s.port, session_id::random(), {script::who("ann"), {}}, s.at);
    command ping;
    ping.type = command_type::ping;
    s.open(R"({"type":"hello","payload":{"token":"ann"}})");
    for (int i = 0; i != 6; ++i) other.on_command(ping, s.at);  // the first implied the hello
    for (int i = 0; i != 5; ++i) EXPECT_NE(s.says(R"({"type":"ping"})"), actions{});
    EXPECT_EQ(s.says(R"({"type":"ping","id":1})"), actions{limited("1", "user", 200)});
    s.passes(milliseconds(200));
    EXPECT_EQ(s.says(R"({"type":"ping","id":2})"), actions{R"(express {"type":"pong","id":2})"});
    EXPECT_EQ(at(s.counts.limited, limit_kind::messages_per_user).read(), 1U);
}

TEST(rate, a_refusal_of_the_user_costs_nothing_of_the_connections_own) {
    script s;
    s.directory.change({.connections = 100,
                        .connections_per_ip = 100,
                        .connections_per_user = 10,
                        .handshakes_per_ip_per_second = 0,
                        .messages_per_second_per_user = 1});
    s.settings.messages_per_second = 2;
    s.open(R"({"type":"hello","payload":{"token":"ann"}})");  // 3 of 4 left, the user has 2
    s.says(R"({"type":"ping"})");
    s.says(R"({"type":"ping"})");  // 1 left, the user has none
    for (int i = 0; i != 20; ++i) {
        EXPECT_EQ(s.says(R"({"type":"ping","id":1})"), actions{limited("1", "user", 1000)});
    }
    s.passes(milliseconds(1000));
    EXPECT_EQ(s.says(R"({"type":"ping","id":2})"), actions{R"(express {"type":"pong","id":2})"});
}

TEST(rate, flooding_ends_the_session) {
    script s;
    exhaust(s);
    for (int i = 0; i != 100; ++i) {
        s.says(R"({"type":"ping"})");
        ASSERT_FALSE(s.port.closed) << i;
    }
    EXPECT_EQ(s.says(R"({"type":"ping","id":1})"),
              actions{"close 4101 messages keep coming beyond the rate; retry after 1 s"});

    script pongs;
    exhaust(pongs);
    for (int i = 0; i != 101; ++i) pongs.says(R"({"type":"pong"})");
    EXPECT_TRUE(pongs.port.closed);
}

TEST(rate, somewhat_too_fast_for_long_does_not) {
    script s;
    exhaust(s);
    for (int second = 0; second != 30; ++second) {
        for (int i = 0; i != 90; ++i) s.says(R"({"type":"ping"})");
        s.passes(milliseconds(1000));
        s.session().on_pong_frame(s.at);
    }
    EXPECT_FALSE(s.port.closed);
}

TEST(rate, zero_is_no_limit) {
    script s;
    s.settings.messages_per_second = 0;
    s.open();
    for (int i = 0; i != 5000; ++i) ASSERT_EQ(s.says(R"({"type":"ping"})").size(), 1U);
}

TEST(error_budget, closes_past_it) {
    script s;
    s.settings.errors_per_minute = 3;
    s.open();
    for (int i = 0; i != 3; ++i) EXPECT_EQ(s.says("{").size(), 1U);
    actions const done = s.says(R"({"type":"jump"})");
    ASSERT_EQ(done.size(), 2U);
    EXPECT_NE(done[0].find("unsupported"), std::string::npos);
    EXPECT_EQ(done[1], "close 4000 more than 3 faulty messages in a minute");
    EXPECT_EQ(at(s.counts.limited, limit_kind::errors).read(), 1U);
}

TEST(error_budget, forgets_after_a_minute) {
    script s;
    s.settings.errors_per_minute = 2;
    session& talk = s.open();
    auto const wait = [&](int ms) {
        for (int i = 0; i < ms; i += 5000) {
            s.passes(milliseconds(std::min(5000, ms - i)));
            talk.on_pong_frame(s.at);
        }
        s.did();
    };
    s.says("{");
    wait(30'000);
    s.says("{");
    wait(29'999);
    EXPECT_FALSE(s.port.closed);
    wait(1);
    s.says("{");  // the first is a minute ago
    EXPECT_FALSE(s.port.closed);
    wait(29'999);
    s.says("{");
    EXPECT_TRUE(s.port.closed);
}

TEST(error_budget, is_for_messages_that_make_no_sense) {
    script s;
    s.settings.errors_per_minute = 0;
    s.open();
    for (char const* text :
         {R"({"type":"subscribe","topic":"shut"})", R"({"type":"subscribe","topic":"members.a"})",
          R"({"type":"unsubscribe","topic":"open.a"})",
          R"({"type":"publish","topic":"shut","payload":1})"}) {
        EXPECT_EQ(s.says(text).size(), 1U);
        EXPECT_FALSE(s.port.closed) << text;
    }
    s.says(R"({"type":"received","count":9})");
    EXPECT_TRUE(s.port.closed);
}

}  // namespace
}  // namespace weir
