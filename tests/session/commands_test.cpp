#include "session/script.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace weir {
namespace {

std::string const epoch = epoch_id{7}.text();

std::string at_offset(int n) {
    return R"("position":{"epoch":")" + epoch + R"(","offset":)" + std::to_string(n) + '}';
}
std::string ok(std::string const& id) {
    return R"(send {"type":"ok","id":)" + id + '}';
}
std::string ok(std::string const& id, std::string const& payload) {
    return R"(send {"type":"ok","id":)" + id + R"(,"payload":)" + payload + '}';
}
std::string joined(std::string const& id, std::string const& topic, int offset) {
    return ok(id, R"({"topic":")" + topic + R"(",)" + at_offset(offset) + R"(,"recovered":false})");
}
std::string error(std::string const& id, std::string const& code, std::string const& message,
                  std::string const& more = "") {
    return R"(send {"type":"error")" + (id.empty() ? "" : R"(,"id":)" + id) +
           R"(,"payload":{"code":")" + code + R"(","message":")" + message + '"' + more + "}}";
}
constexpr char const* not_stored = R"(,"outcome":"not_stored")";

position at_position(std::uint64_t offset) {
    return {epoch_id{7}, offset};
}

TEST(subscribe, is_answered_once_the_topic_has) {
    script s;
    s.open();
    EXPECT_EQ(s.says(R"({"type":"subscribe","topic":"open.a","id":1})"),
              actions{"subscribe open.a"});
    EXPECT_EQ(s.joins("open.a", at_position(41)), actions{joined("1", "open.a", 41)});
    EXPECT_EQ(s.joins("open.a", at_position(41)), actions{});
}

TEST(subscribe, may_be_answered_from_inside_the_call) {
    script s;
    s.port.answered = &s.open();
    EXPECT_EQ(s.says(R"({"type":"subscribe","topic":"open.a","id":1})"),
              (actions{"subscribe open.a", joined("1", "open.a", 41)}));
}

TEST(subscribe, again_answers_like_the_first_time) {
    script s;
    s.port.answered = &s.open();
    s.says(R"({"type":"subscribe","topic":"open.a","id":1})");
    EXPECT_EQ(s.says(R"({"type":"subscribe","topic":"open.a","id":2})"),
              actions{joined("2", "open.a", 41)});
    EXPECT_EQ(s.says(R"({"type":"subscribe","topic":"open.a"})"), actions{});
}

TEST(subscribe, everybody_who_waits_is_answered_in_order) {
    script s;
    s.open();
    EXPECT_EQ(s.says(R"({"type":"subscribe","topic":"open.a","id":1})"),
              actions{"subscribe open.a"});
    EXPECT_EQ(s.says(R"({"type":"subscribe","topic":"open.a"})"), actions{});
    EXPECT_EQ(s.says(R"({"type":"subscribe","topic":"open.b","id":"b"})"),
              actions{"subscribe open.b"});
    EXPECT_EQ(s.says(R"({"type":"subscribe","topic":"open.a","id":2})"), actions{});
    EXPECT_EQ(s.joins("open.a", at_position(5)),
              (actions{joined("1", "open.a", 5), joined("2", "open.a", 5)}));
    EXPECT_EQ(s.joins("open.b", at_position(6)), actions{joined("\"b\"", "open.b", 6)});
}

TEST(subscribe, that_fails_is_an_error_with_or_without_an_id) {
    script s;
    s.open();
    fault const full{errc::limit_reached, "too many topics"};
    s.says(R"({"type":"subscribe","topic":"open.a","id":1})");
    s.says(R"({"type":"subscribe","topic":"open.a"})");
    EXPECT_EQ(s.joins("open.a", full), (actions{error("1", "limit_reached", "too many topics"),
                                                error("", "limit_reached", "too many topics")}));
    EXPECT_EQ(s.says(R"({"type":"subscribe","topic":"open.a","id":2})"),
              actions{"subscribe open.a"});
    EXPECT_EQ(at(s.counts.errors, errc::limit_reached).read(), 2U);
}

TEST(subscribe, that_fails_at_once) {
    script s;
    s.port.answered = &s.open();
    s.port.answer = fault{errc::unavailable, "later", seconds(2)};
    EXPECT_EQ(s.says(R"({"type":"subscribe","topic":"open.a","id":1})"),
              (actions{"subscribe open.a",
                       error("1", "unavailable", "later", R"(,"retry_after_ms":2000)")}));
}

TEST(subscribe, without_the_right_asks_nobody) {
    script s;
    s.open();
    EXPECT_EQ(s.says(R"({"type":"subscribe","topic":"members.a","id":1})"),
              actions{error("1", "unauthorized", "subscribing to members.a needs a login")});
    EXPECT_EQ(s.says(R"({"type":"subscribe","topic":"shut","id":2})"),
              actions{error("2", "forbidden", "subscribing to shut is not open to clients")});
    EXPECT_EQ(s.says(R"({"type":"subscribe","topic":"$user.ann","id":3})"),
              actions{error("3", "forbidden", "topics that start with '$' are the server's own")});
    EXPECT_EQ(s.says(R"({"type":"subscribe","topic":"shut"})"),
              actions{error("", "forbidden", "subscribing to shut is not open to clients")});

    script ann;
    ann.open(R"({"type":"hello","payload":{"token":"ann"}})");
    EXPECT_EQ(ann.says(R"({"type":"subscribe","topic":"members.a","id":1})"),
              actions{"subscribe members.a"});
    EXPECT_EQ(ann.says(R"({"type":"subscribe","topic":"inbox.ann","id":2})"),
              actions{"subscribe inbox.ann"});
    EXPECT_EQ(ann.says(R"({"type":"subscribe","topic":"inbox.ben","id":3})"),
              actions{error("3", "forbidden", "subscribing to inbox.ben is for its owner")});
}

TEST(subscribe, has_a_limit_that_asking_twice_does_not_pass) {
    script s;
    s.settings.subscriptions_max = 2;
    s.open();
    s.says(R"({"type":"subscribe","topic":"open.a"})");
    s.says(R"({"type":"subscribe","topic":"open.b"})");
    std::string const full = "a session has at most 2 subscriptions";
    EXPECT_EQ(s.says(R"({"type":"subscribe","topic":"open.c","id":1})"),
              actions{error("1", "limit_reached", full)});
    EXPECT_EQ(s.says(R"({"type":"subscribe","topic":"open.b","id":2})"), actions{});
    s.joins("open.a", at_position(1));
    EXPECT_EQ(s.joins("open.b", at_position(1)), actions{joined("2", "open.b", 1)});
    EXPECT_EQ(s.says(R"({"type":"subscribe","topic":"open.b","id":3})"),
              actions{joined("3", "open.b", 41)});
    EXPECT_EQ(s.says(R"({"type":"subscribe","topic":"open.c","id":4})"),
              actions{error("4", "limit_reached", full)});
    s.says(R"({"type":"unsubscribe","topic":"open.a"})");
    EXPECT_EQ(s.says(R"({"type":"subscribe","topic":"open.c","id":5})"),
              actions{"subscribe open.c"});
    EXPECT_EQ(at(s.counts.limited, limit_kind::subscriptions).read(), 2U);
}

TEST(subscribe, what_waits_is_bounded) {
    script s;
    s.settings.messages_per_second = 0;  // none
    s.open();
    for (int i = 0; i != 1024; ++i) s.says(R"({"type":"subscribe","topic":"open.a"})");
    EXPECT_EQ(s.says(R"({"type":"subscribe","topic":"open.a","id":1})"),
              actions{error("1", "limit_reached", "too many subscriptions wait to begin",
                            R"(,"retry_after_ms":1000)")});
    EXPECT_EQ(s.joins("open.a", at_position(1)), actions{});
    EXPECT_EQ(s.says(R"({"type":"subscribe","topic":"open.a","id":2})").size(), 1U);
}

TEST(subscribe, options_that_would_be_lost_are_refused) {
    for (std::string const option : {"state", "presence", "rate", "token"}) {
        SCOPED_TRACE(option);
        script s;
        s.open();
        std::string const value = option == "rate" ? "5" : option == "token" ? "\"t\"" : "true";
        EXPECT_EQ(s.says(R"({"type":"subscribe","topic":"open.a","id":1,")" + option +
                         "\":" + value + "}"),
                  actions{error("1", "unsupported",
                                "this server does not support " + option + " in subscribe")});
    }
}

TEST(subscribe, since_and_last_are_answered_by_not_recovered) {
    script s;
    s.port.answered = &s.open();
    EXPECT_EQ(s.says(R"({"type":"subscribe","topic":"open.a","id":1,"last":10})"),
              (actions{"subscribe open.a", joined("1", "open.a", 41)}));
    EXPECT_EQ(
        s.says(
            R"({"type":"subscribe","topic":"open.b","id":2,"since":{"epoch":"AAAAAAAAAAA","offset":3}})"),
        (actions{"subscribe open.b", joined("2", "open.b", 41)}));
}

TEST(unsubscribe, ends_what_there_is) {
    script s;
    s.port.answered = &s.open();
    s.says(R"({"type":"subscribe","topic":"open.a"})");
    EXPECT_EQ(s.says(R"({"type":"unsubscribe","topic":"open.a","id":1})"),
              (actions{"unsubscribe open.a", ok("1")}));
    EXPECT_EQ(s.says(R"({"type":"unsubscribe","topic":"open.a","id":2})"),
              actions{error("2", "not_subscribed", "not subscribed")});
    EXPECT_EQ(s.says(R"({"type":"unsubscribe","topic":"open.a"})"),
              actions{error("", "not_subscribed", "not subscribed")});
}

TEST(unsubscribe, answers_those_who_still_wait) {
    script s;
    s.open();
    s.says(R"({"type":"subscribe","topic":"open.a","id":1})");
    s.says(R"({"type":"subscribe","topic":"open.b","id":2})");
    EXPECT_EQ(
        s.says(R"({"type":"unsubscribe","topic":"open.a","id":3})"),
        (actions{"unsubscribe open.a",
                 error("1", "conflict", "unsubscribed before the subscription began"), ok("3")}));
    EXPECT_EQ(s.says(R"({"type":"subscribe","topic":"open.a","id":4})"),
              actions{"subscribe open.a"});
    EXPECT_EQ(s.joins("open.a", at_position(2)), actions{joined("4", "open.a", 2)});
    EXPECT_EQ(s.joins("open.b", at_position(3)), actions{joined("2", "open.b", 3)});
}

TEST(unsubscribe, reserved_topics_stay) {
    script s;
    session& talk = s.open();
    talk.subscribe_by_server("$user.ann", s.at);
    s.did();
    EXPECT_EQ(s.says(R"({"type":"unsubscribe","topic":"$user.ann","id":1})"),
              actions{error("1", "forbidden", "reserved topics are the server's")});
}

TEST(publish, carries_everything_and_is_answered_by_the_broker) {
    script s;
    s.open(R"({"type":"hello","payload":{"token":"ann"}})");
    EXPECT_EQ(
        s.says(R"({"type":"publish","id":"7","topic":"open.a","event":"e","payload":{"x":1.0},)"
               R"("key":"k","volatile":true,"echo":false})"),
        actions{"publish open.a"});
    publication const& p = s.port.publishes.at(0).what;
    EXPECT_EQ(p.topic, "open.a");
    EXPECT_EQ(p.event, "e");
    EXPECT_EQ(p.payload, R"({"x":1.0})");
    EXPECT_EQ(p.key, "k");
    EXPECT_EQ(p.from, "ann");
    EXPECT_TRUE(p.is_volatile);
    EXPECT_EQ(p.exclude, s.talk().id());
    EXPECT_EQ(p.time, s.at.wall);
    EXPECT_EQ(p.received, s.at.mono);
    EXPECT_EQ(s.published(0, at_position(9)), actions{ok("\"7\"", '{' + at_offset(9) + '}')});
    EXPECT_EQ(s.published(0, at_position(9)), actions{});
}

TEST(publish, has_plain_defaults) {
    script s;
    s.open();
    s.says(R"({"type":"publish","topic":"open.a","payload":null})");
    publication const& p = s.port.publishes.at(0).what;
    EXPECT_EQ(p.payload, "null");
    EXPECT_EQ(p.event, "");
    EXPECT_EQ(p.key, "");
    EXPECT_EQ(p.from, "");
    EXPECT_FALSE(p.is_volatile);
    EXPECT_TRUE(p.exclude.empty());
}

TEST(publish, without_an_id_is_answered_only_by_its_failure) {
    script s;
    s.open();
    s.says(R"({"type":"publish","topic":"open.a","payload":1})");
    s.says(R"({"type":"publish","topic":"open.a","payload":2})");
    EXPECT_EQ(s.published(0, at_position(1)), actions{});
    EXPECT_EQ(s.published(1, fault{errc::unavailable, "queues are full", milliseconds(50),
                                   outcome::not_stored}),
              actions{error("", "unavailable", "queues are full",
                            std::string(R"(,"retry_after_ms":50)") + not_stored)});
}

TEST(publish, answers_overtake_each_other) {
    script s;
    s.open();
    for (int i = 0; i != 5; ++i) {
        s.says(R"({"type":"publish","topic":"open.a","payload":1,"id":)" + std::to_string(i) + '}');
    }
    for (std::size_t const i : {3U, 0U, 4U, 1U, 2U}) {
        EXPECT_EQ(s.published(i, at_position(1)),
                  actions{ok(std::to_string(i), '{' + at_offset(1) + '}')});
    }
}

TEST(publish, the_same_id_twice_is_answered_twice) {
    script s;
    s.open();
    s.says(R"({"type":"publish","topic":"open.a","payload":1,"id":1})");
    s.says(R"({"type":"publish","topic":"open.a","payload":1,"id":1})");
    EXPECT_EQ(s.published(1, at_position(2)), actions{ok("1", '{' + at_offset(2) + '}')});
    EXPECT_EQ(s.published(0, at_position(1)), actions{ok("1", '{' + at_offset(1) + '}')});
}

TEST(publish, that_is_refused_is_not_stored) {
    script s;
    s.open();
    EXPECT_EQ(s.says(R"({"type":"publish","topic":"news.a","payload":1,"id":1})"),
              actions{error("1", "forbidden", "publishing to news.a is not open to clients",
                            not_stored)});
    EXPECT_EQ(
        s.says(R"({"type":"publish","topic":"members.a","payload":1})"),
        actions{error("", "unauthorized", "publishing to members.a needs a login", not_stored)});
    EXPECT_EQ(s.says(R"({"type":"publish","topic":"open.a","payload":1,"id":2,"dedupe":"d"})"),
              actions{error("2", "unsupported", "this server does not support dedupe in publish",
                            not_stored)});
    EXPECT_EQ(s.says(R"({"type":"publish","topic":"$user.ann","payload":1,"id":3})"),
              actions{error("3", "forbidden", "topics that start with '$' are the server's own",
                            not_stored)});
    EXPECT_TRUE(s.port.publishes.empty());
}

TEST(publish, what_waits_is_bounded) {
    script s;
    s.settings.messages_per_second = 0;
    s.open();
    for (int i = 0; i != 1024; ++i) {
        s.says(R"({"type":"publish","topic":"open.a","payload":1,"id":0})");
    }
    std::string const one_more = R"({"type":"publish","topic":"open.a","payload":1,"id":1})";
    EXPECT_EQ(s.says(one_more),
              actions{error("1", "unavailable", "too many publishes wait for the broker",
                            std::string(R"(,"retry_after_ms":1000)") + not_stored)});
    EXPECT_EQ(s.says(R"({"type":"publish","topic":"open.a","payload":1})"),
              actions{"publish open.a"});
    s.published(500, at_position(1));
    EXPECT_EQ(s.says(one_more), actions{"publish open.a"});
}

TEST(received, says_how_far_the_client_is) {
    script s;
    s.settings.ring.replay_frames = 10;
    s.settings.ring.replay_bytes = 1000;
    s.open();
    s.sends_numbered(5);
    EXPECT_EQ(s.talk().frames().replay_frames(), 5U);
    EXPECT_EQ(s.says(R"({"type":"received","count":3})"), actions{});
    EXPECT_EQ(s.talk().frames().received(), 3U);
    EXPECT_EQ(s.talk().frames().replay_frames(), 2U);
    EXPECT_EQ(s.says(R"({"type":"received","count":2})"), actions{});
    EXPECT_EQ(s.talk().frames().received(), 3U);
    EXPECT_EQ(s.says(R"({"type":"received","count":5,"id":1})"), actions{ok("1")});
    EXPECT_EQ(s.says(R"({"type":"received","count":6})"),
              actions{error("", "bad_request", "received counts 6 messages, but 5 were sent")});
    EXPECT_EQ(s.says(R"({"type":"received","count":18446744073709551615,"id":2})").size(), 1U);
}

TEST(ping, is_answered_by_a_pong_that_is_not_numbered) {
    script s;
    s.open();
    EXPECT_EQ(s.says(R"({"type":"ping","id":"a"})"),
              actions{R"(express {"type":"pong","id":"a"})"});
    EXPECT_EQ(s.says(R"({"type":"ping"})"), actions{R"(express {"type":"pong"})"});
    EXPECT_EQ(s.says(R"({"type":"pong"})"), actions{});
    EXPECT_EQ(s.says(R"({"type":"pong","id":3})"), actions{ok("3")});
}

TEST(unsupported, names_the_type) {
    struct row {
        char const* text;
        char const* message;
    };
    for (row const& r : std::vector<row>{
             {R"({"id":1,"type":"auth","token":"t"})", "this server does not support \\\"auth\\\""},
             {R"({"id":1,"type":"sync"})", "this server does not support \\\"sync\\\""},
             {R"({"id":1,"type":"history","topic":"a"})",
              "this server does not support \\\"history\\\""},
             {R"({"id":1,"type":"presence","topic":"a"})",
              "this server does not support \\\"presence\\\""},
             {R"({"id":1,"type":"call","method":"m"})",
              "this server does not support \\\"call\\\""},
             {R"({"id":1,"type":"welcome"})", "unknown type \\\"welcome\\\""},
             {R"({"id":1,"type":""})", "unknown type \\\"\\\""},
         }) {
        SCOPED_TRACE(r.text);
        script s;
        s.open();
        EXPECT_EQ(s.says(r.text), actions{error("1", "unsupported", r.message)});
        EXPECT_EQ(at(s.counts.errors, errc::unsupported).read(), 1U);
    }
}

TEST(unsupported, a_long_name_is_cut_between_characters) {
    script s;
    s.open();
    std::string name;
    for (int i = 0; i != 100; ++i) name += "ß";
    std::string shown;
    for (int i = 0; i != 32; ++i) shown += "ß";
    EXPECT_EQ(
        s.says(R"({"id":1,"type":"x)" + name + "\"}"),
        actions{error("1", "unsupported", "unknown type \\\"x" + shown.substr(0, 62) + "…\\\"")});
}

}  // namespace
}  // namespace weir
