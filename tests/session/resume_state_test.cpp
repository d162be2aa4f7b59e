#include "session/answers.hpp"
#include "session/script.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <memory>
#include <string>
#include <vector>

// What a session that is resumed still has, and what is its connection's and begins anew.
namespace weir {
namespace {

constexpr char const* ann_hello = R"({"type":"hello","payload":{"token":"ann"}})";

void keeps_much(script& s) {
    s.settings.ring.replay_frames = 100;
    s.settings.ring.replay_bytes = 100'000;
}

/// The next thing it does by itself.
actions next(script& s) {
    for (int i = 0; i != 1000; ++i) {
        if (actions done = s.passes(milliseconds(100)); !done.empty()) return done;
    }
    return {};
}

TEST(resumed, rights_are_asked_for_again) {
    script s;
    keeps_much(s);
    session& talk = s.open(ann_hello);
    s.port.answered = &talk;
    s.says(R"({"type":"subscribe","topic":"members.a"})");
    s.says(R"({"type":"subscribe","topic":"open.a"})");
    talk.subscribe_by_server("members.given", s.at);
    ASSERT_TRUE(s.detaches());
    auto rules = script::usual_rules();
    rules.at(1).subscribe = {right::nobody};
    s.rules_are(rules);
    s.did();
    auto const count = s.handled.size();
    EXPECT_EQ(
        s.resumes(s.hello_again(), "ann"),
        (actions{
            "welcome", "unsubscribe members.a",
            R"(send {"type":"unsubscribed","topic":"members.a","payload":{"code":"forbidden","message":"subscribing to members.a is not open to clients"}})"}));
    EXPECT_EQ(s.handled.size(), count + 1) << "it counts";
    EXPECT_TRUE(talk.is_open());
    EXPECT_TRUE(s.port.joined.contains("open.a"));
    EXPECT_TRUE(s.port.joined.contains("members.given")) << "the rules were never asked for it";
}

TEST(resumed, who_waits_for_a_subscription_whose_right_is_lost_is_answered) {
    script s;
    keeps_much(s);
    s.open();
    s.says(R"({"type":"subscribe","topic":"open.a","id":1})");
    ASSERT_TRUE(s.detaches());
    s.rules_are({});
    actions const done = s.resumes(s.hello_again());
    ASSERT_EQ(done.size(), 4U);
    EXPECT_EQ(done[1], "unsubscribe open.a");
    EXPECT_NE(done[2].find(R"("type":"error","id":1)"), std::string::npos) << done[2];
    EXPECT_NE(done[3].find(R"("type":"unsubscribed")"), std::string::npos) << done[3];
}

TEST(resumed, the_token_of_the_new_connection_counts) {
    script s;
    keeps_much(s);
    s.open(R"({"type":"hello","payload":{"token":"short"}})");
    ASSERT_TRUE(s.detaches());
    EXPECT_EQ(s.resumes(s.hello_again(), "ann"), actions{"welcome"});
    for (int i = 0; i != 10; ++i) {
        s.passes(milliseconds(10'000));
        s.session().on_traffic(s.at);
    }
    EXPECT_TRUE(s.session().is_open()) << "the first one's end means nothing any more";

    script t;
    keeps_much(t);
    t.open(ann_hello);
    ASSERT_TRUE(t.detaches());
    t.passes(milliseconds(50'000));
    EXPECT_EQ(t.resumes(t.hello_again(), "short"), actions{"welcome"});
    t.passes(milliseconds(9'999));
    EXPECT_TRUE(t.session().is_open());
    t.session().on_traffic(t.at);
    EXPECT_EQ(t.passes(milliseconds(1)).back(), "close 4204 token expired");
    EXPECT_TRUE(t.detaches()) << "with a new one it may come back";
    EXPECT_EQ(t.resumes(t.hello_again(), "ann"), actions{"welcome"});
}

TEST(resumed, the_heartbeat_is_what_the_new_hello_asks_for) {
    script s;
    keeps_much(s);
    s.open(R"({"type":"hello","payload":{"heartbeat":{"mode":"message","interval_ms":20000}}})");
    ASSERT_TRUE(s.detaches());
    s.resumes(s.hello_again(0, R"(,"heartbeat":{"mode":"message","interval_ms":60000})"));
    auto const beat = [&] {
        return nlohmann::json::parse(s.port.last_welcome).at("payload").at("heartbeat");
    };
    EXPECT_EQ(beat().at("interval_ms"), 60'000);
    EXPECT_EQ(s.passes(milliseconds(29'999)), actions{});
    EXPECT_EQ(next(s), actions{R"(express {"type":"ping"})"});
    ASSERT_TRUE(s.detaches());
    s.resumes(s.hello_again());
    EXPECT_EQ(beat().at("mode"), "frame");
    EXPECT_EQ(beat().at("interval_ms"), 30'000);
    EXPECT_EQ(next(s), actions{"ping frame"});
}

TEST(resumed, a_ping_of_the_old_connection_is_not_waited_for) {
    script s;
    keeps_much(s);
    session& talk = s.open();
    EXPECT_EQ(next(s), actions{"ping frame"});
    s.resumes(s.hello_again());  // the old connection was still there
    s.passes(milliseconds(5'000));
    talk.on_pong_frame(s.at);
    EXPECT_EQ(s.counts.heartbeat_rtt.sum(), 0.0) << "that pong answers none of ours";
    EXPECT_TRUE(talk.is_open());
}

TEST(resumed, the_lifetime_is_the_connections) {
    script s;
    keeps_much(s);
    s.settings.max_lifetime = milliseconds(20'000);
    s.settings.heartbeat.interval = milliseconds(100'000);
    session& talk = s.open();
    EXPECT_EQ(s.passes(milliseconds(22'000)).back(), "close 4205 lifetime reached");
    ASSERT_TRUE(s.detaches());
    s.resumes(s.hello_again());
    s.passes(milliseconds(17'000));
    EXPECT_TRUE(talk.is_open());
    EXPECT_EQ(s.passes(milliseconds(5'000)).back(), "close 4205 lifetime reached");
    ASSERT_TRUE(s.detaches());
    s.settings.max_lifetime = milliseconds(0);  // reload
    s.resumes(s.hello_again());
    s.passes(milliseconds(22'000));
    EXPECT_TRUE(talk.is_open()) << "there is no such limit any more";
}

TEST(resumed, the_rate_is_the_connections) {
    script s;
    keeps_much(s);
    s.settings.messages_per_second = 2;
    s.open();
    for (int i = 0; i != 10; ++i) s.says(R"({"type":"ping"})");
    EXPECT_EQ(s.says(R"({"type":"ping","id":1})").front().find("send"), 0U) << "none left";
    ASSERT_TRUE(s.detaches());
    s.resumes(s.hello_again());
    EXPECT_EQ(s.says(R"({"type":"ping"})"), actions{R"(express {"type":"pong"})"});
}

TEST(resumed, only_who_is_connected_counts_among_a_users_connections) {
    script s;  // at most three of one user
    keeps_much(s);
    s.open(ann_hello);
    fake_port doors;
    std::vector<std::unique_ptr<session>> others;
    auto const another = [&] {
        others.push_back(std::make_unique<session>(
            s.env, doors, session_id::random(), session::credential{script::who("ann"), {}}, s.at));
        command ping;
        ping.type = command_type::ping;
        others.back()->on_command(ping, s.at);
        doors.closed = doors.over = false;
        return others.back()->is_open();
    };
    EXPECT_TRUE(another());
    EXPECT_TRUE(another());
    EXPECT_FALSE(another()) << "three";
    ASSERT_TRUE(s.detaches());
    EXPECT_TRUE(another()) << "the absent one has given its place back";
    EXPECT_EQ(s.resumes(s.hello_again(), "ann").front().substr(0, 10), "close 4102");
    others.pop_back();
    EXPECT_EQ(s.resumes(s.hello_again(), "ann"), actions{"welcome"});
    others.pop_back();
    others.pop_back();
    EXPECT_TRUE(another());
    EXPECT_FALSE(another()) << "the one that came back counts";
    s.drop();
    EXPECT_TRUE(another());
}

TEST(resumed, a_connection_that_still_looks_alive_gives_its_place_to_the_next) {
    script s;  // at most three of one user
    keeps_much(s);
    s.open(ann_hello);
    directory::units others[2];
    for (auto& other : others) ASSERT_FALSE(s.directory.login("ann", s.at.mono, other));
    directory::units fourth;
    for (int i = 0; i != 3; ++i) {
        EXPECT_EQ(s.resumes(s.hello_again(), "ann"), actions{"welcome"});
        EXPECT_TRUE(s.directory.login("ann", s.at.mono, fourth)) << "it is still one of three";
    }
    EXPECT_EQ(s.resumes(s.hello_again(), "ben"), actions{"refused user"});
    others[0] = {};
    EXPECT_FALSE(s.directory.login("ann", s.at.mono, fourth));
}

TEST(detached, answers_to_what_was_asked_are_collected) {
    script s;
    keeps_much(s);
    s.open();
    s.says(R"({"type":"subscribe","topic":"open.a","id":1})");
    s.says(R"({"type":"publish","topic":"open.a","payload":1,"id":2})");
    s.says(R"({"type":"publish","topic":"open.a","payload":1})");
    s.says(R"({"type":"history","topic":"log.a","id":3})");
    s.says(R"({"type":"presence","topic":"log.a","id":4})");
    ASSERT_TRUE(s.detaches());
    s.joins("open.a", at_position(5));
    s.published(0, at_position(6));
    s.published(1, fault{errc::unavailable, "no"});
    s.session().on_read(s.port.reads.at(0).ticket, log_page{}, s.at);
    s.session().on_members(s.port.reads.at(1).ticket, presence_page{}, s.at);
    s.did();
    EXPECT_EQ(s.handled.size(), 0U);
    EXPECT_EQ(s.session().frames().queued(), 5U);
    EXPECT_EQ(s.resumes(s.hello_again()), actions{"welcome"});
    ASSERT_EQ(s.handled.size(), 5U);
    EXPECT_EQ("send " + s.handled[0], joined("1", "open.a", 5));
    EXPECT_EQ("send " + s.handled[1], ok("2", '{' + at_offset(6) + '}'));
    EXPECT_EQ("send " + s.handled[2], error("", "unavailable", "no"));
}

TEST(detached, nothing_but_what_counts_is_sent) {
    script s;
    keeps_much(s);
    session& talk = s.open();
    ASSERT_TRUE(s.detaches());
    talk.go_away({"drain", milliseconds(1), milliseconds(1)});
    EXPECT_EQ(s.passes(milliseconds(119'000)), actions{}) << "no ping, no idleness";
    talk.subscribe_by_server("open.a", s.at);
    talk.unsubscribe_by_server("open.a", {errc::forbidden, "no"});
    EXPECT_EQ(s.did().size(), 3U);
    EXPECT_EQ(s.resumes(s.hello_again()), actions{"welcome"});
    EXPECT_EQ(s.handled.size(), 1U);
}

/// As with a connection: a close that tells the client to come back leaves it the session.
TEST(detached, the_server_may_end_it_by_a_close_that_tells_to_stay_away) {
    for (std::size_t i = 0; i != close_reason_count; ++i) {
        auto const why = static_cast<close_reason>(i);
        if (why == close_reason::slow_consumer) continue;  // what it missed is a hole
        bool const ends = describe(why).advice == reconnect_advice::stay_away;
        for (bool const has_connection : {true, false}) {
            script s;
            s.open();
            if (!has_connection) ASSERT_TRUE(s.detaches());
            s.session().close(why);
            s.did();
            if (has_connection) EXPECT_EQ(s.detaches(), !ends);
            EXPECT_EQ(s.resumes(s.hello_again()), actions{ends ? "refused expired" : "welcome"})
                << describe(why).code << ' ' << has_connection;
        }
    }
}

TEST(leaving, what_tells_the_client_to_stay_away_ends_the_session) {
    script s;
    session& talk = s.open();
    talk.close(close_reason::draining);
    talk.close(close_reason::heartbeat_missed);  // it is told once
    EXPECT_EQ(s.did().size(), 1U);
    EXPECT_TRUE(talk.is_alive());
    talk.close(close_reason::disconnected);
    EXPECT_FALSE(talk.is_alive());
    EXPECT_FALSE(s.detaches());
}

/// An answer that found no room is a hole in what the client counts.
TEST(leaving, an_outbox_that_overflows_cannot_be_resumed) {
    script s;
    s.settings.ring.outbox_frames = 2;
    keeps_much(s);
    session& talk = s.open();
    for (int i = 0; i != 3; ++i) {
        s.says(R"({"type":"publish","topic":"open.a","payload":1,"id":)" + std::to_string(i) + '}');
    }
    talk.close(close_reason::draining);
    for (std::size_t i = 0; i != 3; ++i) s.published(i, at_position(i));
    ASSERT_TRUE(s.detaches());
    EXPECT_EQ(s.resumes(s.hello_again()), actions{"refused overflow"});
}

}  // namespace
}  // namespace weir
