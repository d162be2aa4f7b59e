#include "session/answers.hpp"
#include "session/script.hpp"

#include <gtest/gtest.h>

#include <string>

namespace weir {
namespace {

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
    EXPECT_EQ(p.exclude, s.session().id());
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

TEST(publish, the_same_id_twice_is_two_in_a_session_that_cannot_be_resumed) {
    script s;
    s.settings.resume_window = milliseconds(0);
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
    EXPECT_EQ(s.says(R"({"type":"publish","topic":"$user.ann","payload":1,"id":3})"),
              actions{error("3", "forbidden", "topics that start with '$' are the server's own",
                            not_stored)});
    EXPECT_TRUE(s.port.publishes.empty());
}

TEST(publish, dedupe_is_scoped_to_who_publishes) {
    script s;
    s.open();
    s.says(R"({"type":"publish","topic":"open.a","payload":1,"dedupe":"d"})");
    s.says(R"({"type":"publish","topic":"open.a","payload":1})");
    EXPECT_EQ(s.port.publishes.at(0).what.dedupe, "d");
    EXPECT_EQ(s.port.publishes.at(0).what.scope, "\nsession:" + s.session().id().text());
    EXPECT_EQ(s.port.publishes.at(1).what.dedupe, "");

    script ann;
    ann.open(R"({"type":"hello","payload":{"token":"ann"}})");
    ann.says(R"({"type":"publish","topic":"open.a","payload":1,"dedupe":"d"})");
    EXPECT_EQ(ann.port.publishes.at(0).what.scope, "ann");
}

TEST(publish, what_waits_is_bounded) {
    script s;
    s.settings.messages_per_second = 0;
    s.open();
    for (int i = 0; i != 1024; ++i) {
        s.says(R"({"type":"publish","topic":"open.a","payload":1,"id":)" + std::to_string(i) + '}');
    }
    std::string const one_more = R"({"type":"publish","topic":"open.a","payload":1,"id":"b"})";
    EXPECT_EQ(s.says(one_more),
              actions{error("\"b\"", "unavailable", "too many publishes wait for the broker",
                            std::string(R"(,"retry_after_ms":1000)") + not_stored)});
    EXPECT_EQ(s.says(R"({"type":"publish","topic":"open.a","payload":1})"),
              actions{"publish open.a"});
    s.published(500, at_position(1));
    EXPECT_EQ(s.says(one_more), actions{"publish open.a"});
}

}  // namespace
}  // namespace weir
