#include "session/script.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <set>
#include <string>
#include <vector>

namespace weir {
namespace {

using nlohmann::json;

json welcome_of(script const& s) {
    return json::parse(s.port.last_welcome).at("payload");
}

TEST(hello, is_answered_by_a_welcome_and_an_ok_when_it_has_an_id) {
    script s;
    session const& talk = s.connect();
    EXPECT_EQ(s.did(), actions{});
    EXPECT_FALSE(talk.is_open());
    EXPECT_EQ(talk.opened_at(), 0);
    EXPECT_EQ(s.says(R"({"type":"hello","id":1})"),
              (actions{"welcome", "opened", R"(send {"type":"ok","id":1})"}));
    EXPECT_TRUE(talk.is_open());
    EXPECT_EQ(talk.opened_at(), s.at.wall);

    script t;
    t.connect();
    EXPECT_EQ(t.says(R"({"type":"hello"})"), (actions{"welcome", "opened"}));
}

TEST(hello, welcome_says_what_holds_for_this_session) {
    script s;
    s.settings.messages_per_second = 55;
    s.settings.subscriptions_max = 9;
    s.settings.message_bytes = 4096;
    s.settings.resume_window = milliseconds(77'000);
    s.settings.dedupe_window = milliseconds(88'000);
    s.settings.ring.replay_frames = 33;
    s.open();
    json const w = welcome_of(s);
    EXPECT_EQ(w.at("session"), s.session().id().text());
    EXPECT_EQ(w.at("secret").get<std::string>().size(), 22U);
    EXPECT_NE(w.at("secret"), w.at("session"));
    EXPECT_EQ(w.at("user"), nullptr);
    EXPECT_EQ(w.at("resumed"), false);
    EXPECT_FALSE(w.contains("reason"));
    EXPECT_EQ(w.at("heartbeat"),
              (json{{"mode", "frame"}, {"interval_ms", 30000}, {"timeout_ms", 10000}}));
    EXPECT_EQ(w.at("limits"), (json{{"message_bytes", 4096},
                                    {"messages_per_second", 55},
                                    {"subscriptions", 9},
                                    {"replay_messages", 33}}));
    EXPECT_EQ(w.at("resume_window_ms"), 77'000);
    EXPECT_EQ(w.at("dedupe_window_ms"), 88'000);
    EXPECT_EQ(w.at("time"), s.at.wall);
}

TEST(hello, no_two_sessions_share_a_name_or_a_secret) {
    std::set<std::string> seen;
    for (int i = 0; i != 50; ++i) {
        script s;
        s.open();
        seen.insert(welcome_of(s).at("session"));
        seen.insert(welcome_of(s).at("secret"));
    }
    EXPECT_EQ(seen.size(), 100U);
}

TEST(hello, anything_else_first_implies_an_empty_one) {
    struct row {
        char const* text;
        actions after;
    };
    std::vector<row> const rows = {
        {R"({"type":"subscribe","topic":"open.a"})", {"subscribe open.a"}},
        {R"({"type":"publish","topic":"open.a","payload":1})", {"publish open.a"}},
        {R"({"type":"ping","id":"p"})", {R"(express {"type":"pong","id":"p"})"}},
        {R"({"type":"ping"})", {R"(express {"type":"pong"})"}},
        {R"({"type":"pong"})", {}},
        {R"({"type":"received","count":0})", {}},
        {R"({"type":"unsubscribe","topic":"open.a","id":1})",
         {R"(send {"type":"error","id":1,"payload":{"code":"not_subscribed","message":"not subscribed"}})"}},
        {R"({"type":"jump","id":1})",
         {R"(send {"type":"error","id":1,"payload":{"code":"unsupported","message":"unknown type \"jump\""}})"}},
    };
    for (row const& r : rows) {
        SCOPED_TRACE(r.text);
        script s;
        s.connect();
        actions expected{"welcome", "opened"};
        expected.insert(expected.end(), r.after.begin(), r.after.end());
        EXPECT_EQ(s.says(r.text), expected);
        EXPECT_TRUE(s.session().is_open());
    }
}

TEST(hello, comes_once) {
    std::string const answer =
        R"(send {"type":"error","id":2,"payload":{"code":"bad_request","message":"hello comes once, as the first message"}})";
    script s;
    s.open();
    EXPECT_EQ(s.says(R"({"type":"hello","id":2})"), actions{answer});
    EXPECT_TRUE(s.session().is_open());

    script implied;
    implied.connect();
    implied.says(R"({"type":"ping"})");
    EXPECT_EQ(implied.says(R"({"type":"hello","id":2,"payload":{"token":"ann"}})"),
              actions{answer});
    EXPECT_EQ(implied.session().user(), "");
}

TEST(hello, a_session_to_resume_is_not_known) {
    script s;
    s.open(R"({"type":"hello","payload":{"resume":{"session":"AAAAAAAAAAAAAAAAAAAAAA",)"
           R"("secret":"AAAAAAAAAAAAAAAAAAAAAA","received":4}}})");
    EXPECT_EQ(welcome_of(s).at("resumed"), false);
    EXPECT_EQ(welcome_of(s).at("reason"), "unknown");
}

TEST(hello, heartbeat_is_what_the_client_wants_within_bounds) {
    struct row {
        char const* wanted;
        char const* mode;
        int interval;
    };
    for (row const& r : std::vector<row>{
             {R"({"mode":"frame"})", "frame", 30'000},
             {R"({"mode":"message"})", "message", 30'000},
             {R"({"mode":"message","interval_ms":20000})", "message", 20'000},
             {R"({"mode":"frame","interval_ms":1})", "frame", 10'000},
             {R"({"mode":"frame","interval_ms":10000})", "frame", 10'000},
             {R"({"mode":"frame","interval_ms":9999})", "frame", 10'000},
             {R"({"mode":"frame","interval_ms":120000})", "frame", 120'000},
             {R"({"mode":"frame","interval_ms":120001})", "frame", 120'000},
             {R"({"mode":"message","interval_ms":3600000})", "message", 120'000},
         }) {
        SCOPED_TRACE(r.wanted);
        script s;
        s.open(std::string(R"({"type":"hello","payload":{"heartbeat":)") + r.wanted + "}}");
        json const w = welcome_of(s);
        EXPECT_EQ(w.at("heartbeat").at("mode"), r.mode);
        EXPECT_EQ(w.at("heartbeat").at("interval_ms"), r.interval);
        EXPECT_EQ(w.at("heartbeat").at("timeout_ms"), 10'000);
    }
}

TEST(hello, must_come_in_time) {
    script s;
    s.connect();
    EXPECT_EQ(s.passes(milliseconds(9'999)), actions{});
    EXPECT_EQ(s.passes(milliseconds(1)), actions{"close 4000 no hello within 10s"});

    script in_time;
    in_time.connect();
    in_time.passes(milliseconds(9'999));
    EXPECT_EQ(in_time.says(R"({"type":"hello"})"), (actions{"welcome", "opened"}));
    EXPECT_EQ(in_time.passes(milliseconds(10)), actions{});
}

TEST(hello, bytes_and_pongs_are_no_hello) {
    script s;
    session& talk = s.connect();
    for (int i = 0; i != 99; ++i) {
        s.passes(milliseconds(100));
        talk.on_traffic(s.at);
        talk.on_pong_frame(s.at);
    }
    EXPECT_EQ(s.did(), actions{});
    EXPECT_EQ(s.passes(milliseconds(100)), actions{"close 4000 no hello within 10s"});
}

TEST(hello, a_malformed_first_message_is_a_fault_of_an_open_session) {
    script s;
    s.connect();
    actions const done = s.says(R"({"type":)");
    ASSERT_EQ(done.size(), 3U);
    EXPECT_EQ(done[0], "welcome");
    EXPECT_EQ(done[1], "opened");
    EXPECT_NE(done[2].find(R"("code":"bad_request")"), std::string::npos) << done[2];
    EXPECT_TRUE(s.session().is_open());
}

TEST(hello, a_malformed_first_message_explains_why_no_token_was_seen) {
    script s(false);
    s.connect();
    actions const done = s.says(R"({"type":"hello","payload":{"token":1}})");
    ASSERT_EQ(done.size(), 1U);
    EXPECT_EQ(done[0].find("close 4001 a token is needed; "), 0U) << done[0];
    EXPECT_NE(done[0].find("token"), std::string::npos);
}

}  // namespace
}  // namespace weir
