#include "session/script.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

namespace weir {
namespace {

constexpr milliseconds interval{30'000};
constexpr milliseconds timeout{10'000};
constexpr char const* as_message = R"({"type":"hello","payload":{"heartbeat":{"mode":"message"}}})";

/// Lets the first ping of an open session come, whose time is the session's own.
actions first_ping(script& s) {
    mono_time const due = s.session().deadline();
    return s.passes(std::chrono::ceil<milliseconds>(due - s.at.mono));
}

TEST(heartbeat, the_first_ping_comes_in_the_second_half_of_an_interval) {
    std::set<mono_time> times;
    for (int i = 0; i != 200; ++i) {
        script s;
        s.open();
        // Up to the second half there is the hello's deadline, which means nothing any more.
        EXPECT_EQ(s.passes(interval / 2 - milliseconds(1)), actions{});
        mono_time const due = s.session().deadline();
        EXPECT_LE(due - s.at.mono, interval / 2 + milliseconds(1));
        EXPECT_EQ(first_ping(s), actions{"ping frame"});
        times.insert(due);
    }
    EXPECT_GT(times.size(), 150U) << "clients that came together are pinged together";
}

TEST(heartbeat, the_first_ping_comes_although_the_client_talks) {
    script s;
    s.open();
    s.passes(interval / 2 - milliseconds(1));
    s.says(R"({"type":"ping"})");
    EXPECT_EQ(first_ping(s), actions{"ping frame"});
}

TEST(heartbeat, an_idle_client_is_pinged_each_interval) {
    script s;
    session& talk = s.open();
    s.passes(interval / 2 - milliseconds(1));
    first_ping(s);
    for (int i = 0; i != 5; ++i) {
        s.passes(milliseconds(20));
        talk.on_pong_frame(s.at);
        EXPECT_EQ(s.passes(interval - milliseconds(1)), actions{});
        EXPECT_EQ(s.passes(milliseconds(1)), actions{"ping frame"});
    }
    EXPECT_EQ(s.counts.heartbeat_rtt.count(8), 5U);  // 12.8 to 25.6 ms
}

TEST(heartbeat, a_silent_peer_is_closed_after_the_timeout) {
    for (bool const message : {false, true}) {
        script s;
        s.open(message ? as_message : R"({"type":"hello"})");
        s.passes(interval / 2 - milliseconds(1));
        EXPECT_EQ(first_ping(s), actions{message ? R"(express {"type":"ping"})" : "ping frame"});
        EXPECT_EQ(s.passes(timeout - milliseconds(1)), actions{});
        EXPECT_EQ(s.passes(milliseconds(1)), actions{"close 4201 heartbeat missed"});
        EXPECT_EQ(s.session().deadline(), never);
    }
}

TEST(heartbeat, any_bytes_are_a_sign_of_life) {
    script s;
    session& talk = s.open();
    s.passes(interval / 2 - milliseconds(1));
    first_ping(s);
    s.passes(timeout - milliseconds(1));
    talk.on_traffic(s.at);
    EXPECT_EQ(s.passes(interval - milliseconds(1)), actions{});
    EXPECT_EQ(s.passes(milliseconds(1)), actions{"ping frame"});
}

TEST(heartbeat, a_sign_of_life_in_the_very_turn_of_the_ping_counts) {
    script s;
    session& talk = s.open();
    s.passes(interval / 2 - milliseconds(1));
    first_ping(s);
    talk.on_traffic(s.at);
    EXPECT_EQ(s.passes(interval - milliseconds(1)), actions{});
}

TEST(heartbeat, a_client_that_talks_is_not_pinged) {
    script s;
    session& talk = s.open();
    s.passes(interval / 2 - milliseconds(1));
    first_ping(s);
    for (int i = 0; i != 20; ++i) {
        s.passes(i == 0 ? milliseconds(1) : interval - milliseconds(1));
        talk.on_traffic(s.at);
    }
    EXPECT_EQ(s.did(), actions{});
    EXPECT_EQ(s.passes(interval), actions{"ping frame"});
}

TEST(heartbeat, messages_measure_the_round_trip_where_they_are_asked_for) {
    script s;
    s.open(as_message);
    s.passes(interval / 2 - milliseconds(1));
    EXPECT_EQ(first_ping(s), actions{R"(express {"type":"ping"})"});
    s.passes(milliseconds(3));
    s.session().on_pong_frame(s.at);  // not what was asked for
    s.passes(milliseconds(2));
    EXPECT_EQ(s.says(R"({"type":"pong"})"), actions{});
    s.says(R"({"type":"pong"})");  // asked once
    std::uint64_t all = 0;
    for (std::size_t k = 0; k != seconds_histogram::buckets; ++k) {
        all += s.counts.heartbeat_rtt.count(k);
    }
    EXPECT_EQ(all, 1U);
    EXPECT_EQ(s.counts.heartbeat_rtt.count(6), 1U);  // 3.2 to 6.4 ms
    EXPECT_NEAR(s.counts.heartbeat_rtt.sum(), 0.005, 0.0001);
}

TEST(heartbeat, a_pong_that_nobody_asked_for_measures_nothing) {
    script s;
    session& talk = s.open();
    talk.on_pong_frame(s.at);
    EXPECT_EQ(s.counts.heartbeat_rtt.sum(), 0.0);
}

TEST(heartbeat, a_short_interval_does_not_ping_again_before_the_timeout) {
    script s;
    s.settings.heartbeat.min = milliseconds(1000);
    s.open(R"({"type":"hello","payload":{"heartbeat":{"mode":"frame","interval_ms":1000}}})");
    s.passes(milliseconds(499));
    EXPECT_EQ(s.passes(milliseconds(501)), actions{"ping frame"});
    EXPECT_EQ(s.passes(milliseconds(10'000)), actions{"close 4201 heartbeat missed"});
}

/// The worst peer dies right after it said something.
TEST(heartbeat, a_dead_peer_is_found_within_interval_and_timeout) {
    for (int i = 0; i != 50; ++i) {
        script s;
        session& talk = s.open();
        s.passes(milliseconds(31'000 + i * 617));
        if (s.port.closed) continue;
        talk.on_traffic(s.at);
        s.did();
        actions const after = s.passes(interval + timeout);
        ASSERT_FALSE(after.empty());
        EXPECT_EQ(after.back(), "close 4201 heartbeat missed");
    }
}

}  // namespace
}  // namespace weir
