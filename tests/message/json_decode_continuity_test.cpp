#include "message/decoding.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

// What a client says about the past, about state and about coming back.
namespace weir {
namespace {

using testing::ElementsAre;
using testing::Optional;

TEST_F(json_decode, subscribe_with_everything) {
    command const& c = read(
        R"({"type":"subscribe","topic":"ticker.eur","since":{"epoch":"e","offset":18446744073709551615},)"
        R"("last":4294967295,"state":true,"presence":true,"rate":2.5,"token":"t"})");
    EXPECT_EQ(c.topic, "ticker.eur");
    ASSERT_TRUE(c.since.has_value());
    EXPECT_EQ(c.since->epoch, "e");
    EXPECT_EQ(c.since->offset, 18446744073709551615U);
    EXPECT_THAT(c.last, Optional(4294967295U));
    EXPECT_TRUE(c.want_state);
    EXPECT_TRUE(c.want_presence);
    EXPECT_DOUBLE_EQ(c.rate, 2.5);
    EXPECT_EQ(c.token, "t");
}

TEST_F(json_decode, subscribe_and_history_refuse_what_is_wrong) {
    std::string const long_epoch = R"({"type":"subscribe","topic":"a","since":{"epoch":")" +
                                   std::string(65, 'e') + R"(","offset":1}})";
    expect_refused({
        {R"({"type":"subscribe","topic":"a","since":5})",
         "field `since` must be an object at byte 40"},
        {R"({"type":"history","topic":"a","since":"x"})",
         "field `since` must be an object at byte 38"},
        {R"({"type":"subscribe","topic":"a","since":{"epoch":"e"}})",
         "field `since` must be {epoch, offset} at byte 40"},
        {R"({"type":"subscribe","topic":"a","since":{"offset":1}})",
         "field `since` must be {epoch, offset} at byte 40"},
        {R"({"type":"subscribe","topic":"a","since":{"epoch":1,"offset":1}})",
         "field `since.epoch` must be a string at byte 49"},
        {R"({"type":"subscribe","topic":"a","since":{"epoch":"e","offset":"1"}})",
         "field `since.offset` must be an integer from 0 to 18446744073709551615 at byte 62"},
        {R"({"type":"subscribe","topic":"a","since":{"epoch":"e","offset":18446744073709551616}})",
         "field `since.offset` must be an integer from 0 to 18446744073709551615 at byte 62"},
        {R"({"type":"subscribe","topic":"a","since":{"epoch":"e","offset":1,"offset":2}})",
         "duplicate key \"offset\" in `since` at byte 64"},
        {R"({"type":"subscribe","topic":"a","last":-1})",
         "field `last` must be an integer from 0 to 4294967295 at byte 39"},
        {R"({"type":"history","topic":"a","last":4294967296})",
         "field `last` must be an integer from 1 to 4294967295 at byte 37"},
        {R"({"type":"history","topic":"a","last":0})",
         "field `last` must be an integer from 1 to 4294967295 at byte 37"},
        {R"({"type":"history","topic":"a","last":null})",
         "field `last` must be an integer from 1 to 4294967295 at byte 37"},
        {R"({"type":"history","last":5})", "history needs a topic"},
        {long_epoch, "field `since.epoch` must be at most 64 bytes long at byte 49"},
        {R"({"type":"subscribe","topic":"a","since":{"epoch":"e","offset":-1}})",
         "field `since.offset` must be an integer from 0 to 18446744073709551615 at byte 62"},
        {R"({"type":"subscribe","topic":"a","since":{"epoch":"e","offset":1e2}})",
         "field `since.offset` must be an integer from 0 to 18446744073709551615 at byte 62"},
        {R"({"type":"subscribe","topic":"a","last":1.0})",
         "field `last` must be an integer from 0 to 4294967295 at byte 39"},
        {R"({"type":"subscribe","topic":"a","state":1})",
         "field `state` must be true or false at byte 40"},
        {R"({"type":"subscribe","topic":"a","presence":"yes"})",
         "field `presence` must be true or false at byte 43"},
        {R"({"type":"subscribe","topic":"a","token":7})",
         "field `token` must be a string at byte 40"},
    });
}

TEST_F(json_decode, rate_is_a_sensible_number) {
    auto const with = [](std::string_view rate) {
        return R"({"type":"subscribe","topic":"a","rate":)" + std::string(rate) + "}";
    };
    EXPECT_EQ(read(R"({"type":"subscribe","topic":"a"})").rate, 0);
    EXPECT_DOUBLE_EQ(read(with("0.001")).rate, 0.001);
    EXPECT_DOUBLE_EQ(read(with("1e2")).rate, 100);
    EXPECT_DOUBLE_EQ(read(with("1000000")).rate, 1e6);
    for (std::string_view const bad :
         {"0", "0.0", "-0", "-1", "0.0009", "1e-9", "1e-400", "1000000.1", "1e7", "1e400", "\"1\"",
          "true", "null", "[]"}) {
        EXPECT_EQ(
            refuse(with(bad)).message,
            "field `rate` must be a number of updates a second, from 0.001 to 1000000 at byte 39")
            << bad;
    }
}

TEST_F(json_decode, received_needs_a_count) {
    EXPECT_EQ(read(R"({"type":"received","count":18446744073709551615})").count,
              18446744073709551615U);
    expect_refused({{R"({"type":"received"})", "received needs a count"}});
    for (std::string_view const bad :
         {"-1", "1.0", "1e3", "\"1\"", "18446744073709551616", "null"}) {
        EXPECT_EQ(refuse(R"({"type":"received","count":)" + std::string(bad) + "}").message,
                  "field `count` must be an integer from 0 to 18446744073709551615 at byte 27")
            << bad;
    }
}

TEST_F(json_decode, sync_names_topics_or_none) {
    EXPECT_FALSE(read(R"({"type":"sync"})").topics.has_value());
    {
        command const& c = read(R"({"type":"sync","topics":[]})");
        ASSERT_TRUE(c.topics.has_value());
        EXPECT_TRUE(c.topics->empty());
    }
    {
        command const& c = read(R"({"type":"sync","topics":[ "a" , "b\u002ec" ]})");
        ASSERT_TRUE(c.topics.has_value());
        EXPECT_THAT(std::vector<std::string>(c.topics->begin(), c.topics->end()),
                    ElementsAre("a", "b.c"));
    }
    expect_refused({
        {R"({"type":"sync","topics":"a"})",
         "field `topics` must be an array of at most 1024 topic names at byte 24"},
        {R"({"type":"sync","topics":["a",1]})", "field `topics` must be a string at byte 29"},
        {R"({"type":"sync","topics":["a","b."]})", "topics: empty segment at byte 2 of the name"},
    });
    std::string names = "\"a\"";
    for (std::size_t i = 1; i != sync_topics_max; ++i) names += ",\"a\"";
    EXPECT_EQ(read(R"({"type":"sync","topics":[)" + names + "]}").topics->size(), sync_topics_max);
    EXPECT_EQ(refuse(R"({"type":"sync","topics":[)" + names + ",\"a\"]}").message,
              "field `topics` must be an array of at most 1024 topic names at byte 24");
}

TEST_F(json_decode, history_takes_since_and_last_together) {
    command const& c = read(
        R"({"type":"history","id":1,"topic":"a","since":{"epoch":"e","offset":90},"last":20})");
    ASSERT_TRUE(c.since.has_value());
    EXPECT_EQ(c.since->offset, 90U);
    EXPECT_THAT(c.last, Optional(20U));
    EXPECT_FALSE(read(R"({"type":"history","topic":"a"})").last.has_value());
    EXPECT_THAT(read(R"({"type":"history","topic":"a","last":1})").last, Optional(1U));
    EXPECT_THAT(read(R"({"type":"subscribe","topic":"a","last":0})").last, Optional(0U));
}

TEST_F(json_decode, sync_of_one_topic_may_begin_behind_an_offset) {
    command const& c =
        read(R"({"type":"sync","id":1,"topics":["a"],"since":{"epoch":"e\u0041","offset":7}})");
    ASSERT_TRUE(c.since.has_value());
    EXPECT_EQ(c.since->epoch, "eA");
    EXPECT_EQ(c.since->offset, 7U);
    EXPECT_FALSE(read(R"({"type":"sync","topics":["a"]})").since.has_value());
    expect_refused({
        {R"({"type":"sync","since":{"epoch":"e","offset":7}})",
         "field `since` must be left out, unless `topics` names one topic, at byte 23"},
        {R"({"type":"sync","topics":[],"since":{"epoch":"e","offset":7}})",
         "field `since` must be left out, unless `topics` names one topic, at byte 35"},
        {R"({"type":"sync","topics":["a","b"],"since":{"epoch":"e","offset":7}})",
         "field `since` must be left out, unless `topics` names one topic, at byte 42"},
        {R"({"type":"sync","topics":["a"],"since":7})",
         "field `since` must be an object at byte 38"},
        {R"({"type":"sync","topics":["a"],"since":{"epoch":"e"}})",
         "field `since` must be {epoch, offset} at byte 38"},
    });
}

TEST_F(json_decode, a_resume_says_all_three_things) {
    auto const with = [](std::string_view session, std::string_view secret,
                         std::string_view received) {
        return R"({"type":"hello","payload":{"resume":{"session":)" + std::string(session) +
               R"(,"secret":)" + std::string(secret) + R"(,"received":)" + std::string(received) +
               "}}}";
    };
    command const& c = read(with(R"("s")", R"("x")", "18446744073709551615"));
    ASSERT_TRUE(c.resume.has_value());
    EXPECT_EQ(c.resume->received, 18446744073709551615U);
    std::string const longest = '"' + std::string(64, 's') + '"';
    EXPECT_EQ(read(with(longest, longest, "0")).resume->secret.size(), 64U);
    for (std::string_view const bad :
         {"-1", "1.0", "1e3", "\"1\"", "18446744073709551616", "null", "true", "[]"}) {
        EXPECT_EQ(refuse(with(R"("s")", R"("x")", bad)).message,
                  "field `resume.received` must be an integer from 0 to 18446744073709551615 at "
                  "byte 75")
            << bad;
    }
    std::string const longer = '"' + std::string(65, 's') + '"';
    expect_refused({
        {with(longer, R"("x")", "0"),
         "field `resume.session` must be at most 64 bytes long at byte 47"},
        {with(R"("s")", longer, "0"),
         "field `resume.secret` must be at most 64 bytes long at byte 60"},
        {with("null", R"("x")", "0"), "field `resume.session` must be a string at byte 47"},
        {with(R"("s")", "5", "0"), "field `resume.secret` must be a string at byte 60"},
        {R"({"type":"hello","payload":{"resume":{}}})",
         "field `resume` must be {session, secret, received} at byte 36"},
        {R"({"type":"hello","payload":{"resume":null}})",
         "field `resume` must be an object at byte 36"},
        {R"({"type":"hello","payload":{"resume":{"session":"s","session":"t","secret":"x","received":0}}})",
         "duplicate key \"session\" in `resume` at byte 51"},
    });
}

TEST_F(json_decode, a_dedupe_id_has_a_length) {
    auto const with = [](std::string const& id) {
        return R"({"type":"publish","topic":"a","payload":1,"dedupe":)" + id + "}";
    };
    std::string const longest(dedupe_bytes_max, 'd');
    EXPECT_EQ(read(with('"' + longest + '"')).dedupe, longest);
    // Bytes of what it means, not of how it was written.
    EXPECT_EQ(read(with("\"\\u00e9" + longest.substr(2) + '"')).dedupe.size(), dedupe_bytes_max);
    for (std::string const& bad : {'"' + longest + "d\"", "\"\\u00e9" + longest.substr(1) + '"'}) {
        EXPECT_EQ(refuse(with(bad)).message,
                  "field `dedupe` must be at most 128 bytes long at byte 51");
    }
}

}  // namespace
}  // namespace weir
