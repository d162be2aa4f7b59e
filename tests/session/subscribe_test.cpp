#include "session/answers.hpp"
#include "session/script.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace weir {
namespace {

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
              (actions{"change open.a", joined("2", "open.a", 41)}));
    EXPECT_EQ(s.says(R"({"type":"subscribe","topic":"open.a"})"), actions{"change open.a"});
}

TEST(subscribe, again_replaces_the_options_begun_or_not) {
    script s;
    s.open();
    EXPECT_EQ(s.says(R"({"type":"subscribe","topic":"log.a","id":1,"presence":true})"),
              actions{"subscribe log.a presence"});
    EXPECT_EQ(s.says(R"({"type":"subscribe","topic":"log.a","id":2,"rate":5})"),
              actions{"change log.a rate"})
        << "it has not begun, and the later word counts";
    EXPECT_EQ(s.joins("log.a", at_position(5)),
              (actions{joined("1", "log.a", 5), joined("2", "log.a", 5)}));
    EXPECT_EQ(s.says(R"({"type":"subscribe","topic":"log.a","id":3,"presence":true})"),
              (actions{"change log.a presence", joined("3", "log.a", 41)}));
}

TEST(subscribe, everybody_who_waits_is_answered_in_order) {
    script s;
    s.open();
    EXPECT_EQ(s.says(R"({"type":"subscribe","topic":"open.a","id":1})"),
              actions{"subscribe open.a"});
    EXPECT_EQ(s.says(R"({"type":"subscribe","topic":"open.a"})"), actions{"change open.a"});
    EXPECT_EQ(s.says(R"({"type":"subscribe","topic":"open.b","id":"b"})"),
              actions{"subscribe open.b"});
    EXPECT_EQ(s.says(R"({"type":"subscribe","topic":"open.a","id":2})"), actions{"change open.a"});
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
    EXPECT_EQ(s.says(R"({"type":"subscribe","topic":"open.b","id":2})"), actions{"change open.b"});
    s.joins("open.a", at_position(1));
    EXPECT_EQ(s.joins("open.b", at_position(1)), actions{joined("2", "open.b", 1)});
    EXPECT_EQ(s.says(R"({"type":"subscribe","topic":"open.b","id":3})"),
              (actions{"change open.b", joined("3", "open.b", 41)}));
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
    EXPECT_EQ(s.says(R"({"type":"subscribe","topic":"open.a","id":2})"),
              (actions{"change open.a", joined("2", "open.a", 41)}));
}

TEST(subscribe, options_that_would_be_lost_are_refused) {
    struct row {
        char const* topic;
        char const* option;
        char const* why;
    };
    for (row const& r : std::vector<row>{
             {"open.a", R"("state":true)", "no state is kept of that topic"},
             {"open.a", R"("presence":true)", "presence of that topic is not kept"},
             {"open.a", R"("rate":5)", "rate needs a topic whose rule has state or slow: conflate"},
             {"open.a", R"("token":"t")", "this server does not support token in subscribe"},
             {"ticks.a", R"("state":true)", "no state is kept of that topic"},
             {"ticks.a", R"("presence":true)", "presence of that topic is not kept"},
             {"log.a", R"("token":"t")", "this server does not support token in subscribe"},
         }) {
        SCOPED_TRACE(std::string(r.topic) + ' ' + r.option);
        script s;
        s.open();
        EXPECT_EQ(s.says(std::string(R"({"type":"subscribe","id":1,"topic":")") + r.topic + "\"," +
                         r.option + '}'),
                  actions{error("1", "unsupported", r.why)});
        s.port.answered = &s.session();
        s.says(std::string(R"({"type":"subscribe","topic":")") + r.topic + "\"}");
        EXPECT_EQ(s.says(std::string(R"({"type":"subscribe","id":2,"topic":")") + r.topic + "\"," +
                         r.option + '}'),
                  actions{error("2", "unsupported", r.why)})
            << "an option that is refused changes nothing";
    }
}

TEST(subscribe, options_reach_the_topic) {
    struct row {
        char const* topic;
        char const* option;
        char const* told;
    };
    for (row const& r : std::vector<row>{
             {"open.a", R"("last":10)", " last 10"},
             {"open.a", R"("last":0)", ""},
             {"open.a", R"("since":{"epoch":"AAAAAAAAAAA","offset":3})", " since 3"},
             {"log.a", R"("state":true)", " state"},
             {"log.a", R"("state":false,"presence":false)", ""},
             {"log.a", R"("presence":true)", " presence"},
             {"log.a", R"("rate":0.5)", " rate"},
             {"ticks.a", R"("rate":0.5)", " rate"},
             {"log.a",
              R"("since":{"epoch":"x","offset":3},"last":7,"state":true,"presence":true,"rate":1)",
              " since 3 last 7 state presence rate"},
         }) {
        SCOPED_TRACE(r.option);
        script s;
        s.open();
        EXPECT_EQ(s.says(std::string(R"({"type":"subscribe","topic":")") + r.topic + "\"," +
                         r.option + '}'),
                  actions{std::string("subscribe ") + r.topic + r.told});
    }
}

TEST(subscribe, a_foreign_epoch_is_none_of_ours) {
    script s;
    s.open();
    auto const asked = [&](std::string const& epoch_text) {
        s.says(R"({"type":"subscribe","topic":"open.)" + std::to_string(s.port.joined.size()) +
               R"(","since":{"epoch":")" + epoch_text + R"(","offset":3}})");
        return s.port.asked_since.value_or(position{});
    };
    EXPECT_EQ(asked(epoch), at_position(3));
    EXPECT_EQ(asked("nonsense"), (position{epoch_id{}, 3}));
    EXPECT_EQ(asked(""), (position{epoch_id{}, 3}));
}

TEST(subscribe, is_told_what_the_topic_recovered) {
    script s;
    s.open();
    s.says(R"({"type":"subscribe","topic":"log.a","id":1,"since":{"epoch":"x","offset":3}})");
    join_answer a{.at = at_position(9), .recovered = false, .conflating = true};
    a.what = receipt{4, 9, loss{.from = 4, .to = 6, .reason = gap_reason::trimmed}};
    a.state = 2;
    s.session().on_joined("log.a", a);
    EXPECT_EQ(s.did(),
              actions{ok("1", R"({"topic":"log.a",)" + at_offset(9) +
                                  R"(,"recovered":false,"receipt":{"from":4,"to":9,"missing":)"
                                  R"({"reason":"trimmed","from":4,"to":6}},"state":2,)"
                                  R"("conflating":true})")});
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

}  // namespace
}  // namespace weir
