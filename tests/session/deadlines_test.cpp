#include "session/script.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace weir {
namespace {

/// A peer that answers pings, for so long; what the session did besides.
actions lives(script& s, milliseconds d, milliseconds step = milliseconds(1000)) {
    actions all;
    for (milliseconds t{0}; t < d && !s.port.closed; t += step) {
        for (std::string& did : s.passes(std::min(step, d - t))) {
            if (did == "ping frame") {
                s.session().on_pong_frame(s.at);
            } else {
                all.push_back(std::move(did));
            }
        }
    }
    return all;
}

TEST(token_end, closes_at_the_very_moment) {
    script s;
    s.open(R"({"type":"hello","payload":{"token":"short"}})");
    EXPECT_EQ(lives(s, milliseconds(59'999)), actions{});
    EXPECT_EQ(s.passes(milliseconds(1)), actions{"close 4204 token expired"});
}

TEST(token_end, of_a_late_token_is_the_end_of_its_leeway) {
    script s;
    s.open(R"({"type":"hello","payload":{"token":"late"}})");
    EXPECT_EQ(lives(s, milliseconds(19'999)), actions{});
    EXPECT_EQ(s.passes(milliseconds(1)), actions{"close 4204 token expired"});
}

TEST(token_end, follows_the_wall_clock_when_it_is_set) {
    script s;
    s.open(R"({"type":"hello","payload":{"token":"short"}})");
    lives(s, milliseconds(1000));
    s.at.wall += 3'600'000;
    EXPECT_EQ(lives(s, milliseconds(59'000)), actions{"close 4204 token expired"});

    script back;
    back.open(R"({"type":"hello","payload":{"token":"short"}})");
    back.at.wall -= 30'000;
    EXPECT_EQ(lives(back, milliseconds(89'999)), actions{});
    EXPECT_EQ(back.passes(milliseconds(1)), actions{"close 4204 token expired"});
}

TEST(token_end, far_away_is_no_overflow) {
    script s;
    s.tokens.tokens.emplace("far", script::who("ann", 253'402'300'799'000));
    s.open(R"({"type":"hello","payload":{"token":"far"}})");
    EXPECT_EQ(lives(s, milliseconds(200'000)), actions{});
}

TEST(lifetime, is_each_sessions_own_within_ten_percent) {
    mono_time first = never;
    mono_time last = mono_time::min();
    for (int i = 0; i != 60; ++i) {
        script s;
        s.settings.max_lifetime = seconds(1000);
        s.open();
        EXPECT_EQ(lives(s, seconds(900), seconds(10)), actions{});
        EXPECT_EQ(lives(s, seconds(200), seconds(1)), actions{"close 4205 lifetime reached"});
        first = std::min(first, s.at.mono);
        last = std::max(last, s.at.mono);
    }
    EXPECT_GT(last - first, seconds(100));
}

TEST(idle, is_no_application_message_either_way) {
    script s;
    s.settings.idle_timeout = seconds(60);
    s.open();
    EXPECT_EQ(lives(s, milliseconds(59'999)), actions{});
    EXPECT_EQ(s.passes(milliseconds(1)), actions{"close 4207 idle"});
}

TEST(idle, does_not_count_the_talk_of_the_protocol) {
    script s;
    s.settings.idle_timeout = seconds(60);
    s.open();
    for (int i = 0; i != 5; ++i) {
        lives(s, milliseconds(10'000));
        s.says(R"({"type":"ping"})");
        s.says(R"({"type":"pong"})");
        s.says(R"({"type":"received","count":0})");
    }
    EXPECT_EQ(s.did(), actions{});
    EXPECT_EQ(lives(s, milliseconds(10'000)), actions{"close 4207 idle"});
}

TEST(idle, messages_in_and_out_put_it_off) {
    script s;
    s.settings.idle_timeout = seconds(60);
    session& talk = s.open();
    lives(s, milliseconds(59'000));
    s.says(R"({"type":"publish","topic":"open.a","payload":1})");
    EXPECT_EQ(lives(s, milliseconds(59'000)), actions{});
    talk.on_delivered(s.at);
    EXPECT_EQ(lives(s, milliseconds(59'999)), actions{});
    EXPECT_EQ(lives(s, milliseconds(1)), actions{"close 4207 idle"});
}

TEST(idle, zero_is_never) {
    script s;
    s.open();
    EXPECT_EQ(lives(s, seconds(100'000), seconds(5)), actions{});
}

TEST(deadline, is_only_ever_told_earlier_without_a_tick) {
    script s;
    s.settings.idle_timeout = seconds(60);
    s.settings.max_lifetime = seconds(300);
    session& talk = s.connect();
    mono_time told = talk.deadline();
    auto const check = [&](char const* after) {
        EXPECT_LE(talk.deadline(), told) << after;
        told = talk.deadline();
    };
    s.says(R"({"type":"hello","payload":{"token":"short"}})");
    check("hello");
    s.at.mono += milliseconds(500);
    talk.on_traffic(s.at);
    check("traffic");
    talk.on_pong_frame(s.at);
    check("pong");
    s.says(R"({"type":"subscribe","topic":"open.a"})");
    check("subscribe");
    talk.on_delivered(s.at);
    check("delivered");
    s.says(R"({"type":"jump"})");
    check("error");
}

TEST(deadline, a_tick_that_comes_early_does_nothing) {
    script s;
    session& talk = s.open();
    mono_time const due = [&] {
        talk.on_tick(s.at);
        return talk.deadline();
    }();
    for (int i = 0; i != 10; ++i) {
        talk.on_tick(s.at);
        EXPECT_EQ(talk.deadline(), due);
    }
    EXPECT_EQ(s.did(), actions{});
}

TEST(deadline, new_settings_hold_from_the_next_tick) {
    script s;
    session& talk = s.open();
    s.settings.idle_timeout = seconds(20);
    talk.on_tick(s.at);
    EXPECT_LE(talk.deadline(), s.at.mono + seconds(20));
}

}  // namespace
}  // namespace weir
