// What the memory broker keeps at a topic's home, how long, and what gives way.

#include "topic/lone_shard.hpp"

#include <weir/topic/memory_broker.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace weir {
namespace {

using names = std::vector<std::string>;
TEST(memory_broker_keep, a_read_elsewhere_is_mail_to_the_home_and_back) {
    lone_shard shard({.shard = 1, .shards = 3});
    auto const there = topic_at(2, 3), here = topic_at(1, 3);
    shard.broker.read({.topic = there, .messages_max = 7}, 5);
    ASSERT_EQ(shard.sent.size(), 1U);
    EXPECT_EQ(shard.sent[0].first, 2U);
    auto const* asked = std::get_if<broker_mail::read>(&shard.sent[0].second.content);
    ASSERT_NE(asked, nullptr);
    EXPECT_EQ(asked->ticket, 5U);
    EXPECT_EQ(asked->what.messages_max, 7U);
    EXPECT_TRUE(shard.pages.empty());

    shard.policies[here] = with_history(5);
    shard.publish(here);
    shard.broker.on_mail({2, broker_mail::attach{here}});
    shard.sent.clear();
    shard.broker.on_mail({0, broker_mail::publish{make_publication(here), 1}});
    shard.broker.on_mail({2, broker_mail::read{{.topic = here}, 9}});
    ASSERT_EQ(shard.sent.size(), 3U);
    EXPECT_TRUE(std::holds_alternative<broker_mail::deliver>(shard.sent[0].second.content));
    EXPECT_EQ(shard.sent[2].first, 2U);
    auto const* page = std::get_if<broker_mail::page>(&shard.sent[2].second.content);
    ASSERT_NE(page, nullptr);
    EXPECT_EQ(page->ticket, 9U);
    EXPECT_EQ(on(page->what), (offsets{1, 2}));
}

TEST(memory_broker_keep, a_home_that_is_far_behind_is_not_asked) {
    lone_shard shard({.shard = 1, .shards = 3, .backlog_messages_max = 5});
    auto const there = topic_at(2, 3);
    shard.mails[2].messages = 6;
    auto const page = shard.read({.topic = there});
    ASSERT_FALSE(page.has_value());
    EXPECT_EQ(page.error().code, errc::unavailable);
    EXPECT_EQ(page.error().retry_after, seconds{1});
    shard.broker.members(there, 10, 1);
    ASSERT_EQ(shard.member_pages.size(), 1U);
    EXPECT_EQ(shard.member_pages[0].error().code, errc::unavailable);
    EXPECT_TRUE(shard.sent.empty());
}

TEST(memory_broker_keep, a_page_is_shared_and_not_copied) {
    lone_shard shard({});
    shard.policies["news"] = with_history(5);
    shard.attach("news");
    shard.publish("news");
    EXPECT_EQ(shard.read({.topic = "news"})->messages.at(0), shard.messages.at(0));
}

TEST(memory_broker_keep, facts_say_what_is_kept) {
    lone_shard shard({});
    auto policy = with_keys(5);
    policy.history.messages = 2;
    shard.policies["news"] = policy;
    for (auto const* key : {"a", "b", "c"}) shard.publish(keyed("news", key));
    auto const facts = shard.facts("news");
    ASSERT_TRUE(facts.has_value());
    EXPECT_EQ(facts->at.offset, 3U);
    EXPECT_EQ(facts->messages, 2U);
    EXPECT_EQ(facts->state_keys, 3U);
    EXPECT_EQ(facts->bytes, 5 * (size_of("news") + 1));
    EXPECT_EQ(shard.history_bytes(), facts->bytes);
    EXPECT_EQ(shard.shared.history_bytes.load(), facts->bytes);
    EXPECT_EQ(shard.list("", 9).at(0).messages, 2U);
    EXPECT_FALSE(shard.facts("other").has_value());
}

TEST(memory_broker_keep, the_bytes_go_with_the_broker) {
    memory_broker_shared shared;
    lone_shard ears({});
    ears.policies["a"] = with_history(5);
    observer counts;
    {
        memory_broker broker({}, shared, ears, ears, ears, counts);
        broker.publish(make_publication("a"), 1);
        auto p = make_publication("b");
        p.dedupe = "1";
        broker.publish(p, 2);
        EXPECT_EQ(shared.history_bytes.load(), size_of("a"));
        EXPECT_EQ(shared.dedupe_ids.load(), 1U);
    }
    EXPECT_EQ(shared.history_bytes.load(), 0U);
    EXPECT_EQ(shared.dedupe_ids.load(), 0U);
}

TEST(memory_broker_keep, a_topic_is_known_until_its_history_could_not_be_any_more) {
    lone_shard shard({});
    shard.policies["a"] = with_history(5, seconds{600});
    auto const at = shard.publish("a").value();
    shard.pass(seconds{599});
    EXPECT_EQ(shard.facts("a")->messages, 1U);
    shard.pass(seconds{1});
    EXPECT_EQ(shard.facts("a")->messages, 0U);
    EXPECT_FALSE(shard.read({.topic = "a", .at = at})->missing) << "a position at the head";
    shard.pass(seconds{59});
    EXPECT_EQ(shard.names(), names{"a"});
    shard.pass(seconds{1});
    EXPECT_TRUE(shard.names().empty());
    EXPECT_EQ(shard.shared.topics.load(), 0U);
}

TEST(memory_broker_keep, a_cleared_topic_is_known_as_long_as_its_history_would_have_been) {
    lone_shard shard({});
    shard.policies["a"] = with_history(5, seconds{600});
    auto const at = shard.publish("a").value();
    EXPECT_EQ(clear_history_of(shard.broker, "a"), true);
    EXPECT_EQ(clear_history_of(shard.broker, "a"), false) << "nothing is left";
    EXPECT_EQ(clear_history_of(shard.broker, "b"), std::nullopt);
    EXPECT_EQ(shard.history_bytes(), 0U);
    auto const page = shard.read({.topic = "a", .at = position{at.epoch, 0}});
    EXPECT_EQ(page->missing, (loss{1, 1, 1, gap_reason::trimmed}));
    shard.pass(seconds{599});
    EXPECT_EQ(shard.find("a"), at);
    shard.pass(seconds{60});
    EXPECT_EQ(shard.find("a"), at);
    shard.pass(seconds{1});
    EXPECT_FALSE(shard.find("a"));
}

TEST(memory_broker_keep, a_cleared_state_is_empty_and_its_topic_may_go) {
    lone_shard shard({});
    shard.policies["a"] = with_keys(5);
    shard.publish(keyed("a", "k"));
    shard.pass(seconds{120});
    EXPECT_EQ(shard.names(), names{"a"});
    EXPECT_EQ(clear_state_of(shard.broker, "a"), true);
    EXPECT_EQ(clear_state_of(shard.broker, "a"), false) << "nothing is left";
    EXPECT_EQ(clear_state_of(shard.broker, "b"), std::nullopt);
    EXPECT_EQ(shard.history_bytes(), 0U);
    shard.pass(seconds{60});
    EXPECT_TRUE(shard.names().empty());
}

TEST(memory_broker_keep, a_state_that_was_emptied_lets_its_topic_go) {
    lone_shard shard({});
    shard.policies["a"] = with_keys(5);
    shard.publish(keyed("a", "k"));
    shard.pass(seconds{100});
    shard.publish(keyed("a", "k", "null"));
    shard.pass(seconds{59});
    EXPECT_EQ(shard.names(), names{"a"});
    shard.pass(seconds{1});
    EXPECT_TRUE(shard.names().empty());
}

TEST(memory_broker_keep, at_the_limit_what_keeps_nothing_makes_room_then_the_oldest_unused_log) {
    lone_shard shard({.topics_max = 3});
    shard.policies["log"] = with_history(5);
    shard.policies["state"] = with_keys(5);
    shard.publish("log");
    shard.publish(keyed("state", "k"));
    shard.publish("quiet");
    EXPECT_TRUE(shard.publish("more").has_value());
    EXPECT_EQ(shard.names(), (names{"log", "more", "state"}));
    EXPECT_TRUE(shard.attach("more").has_value());
    EXPECT_TRUE(shard.publish("again").has_value());
    EXPECT_EQ(shard.names(), (names{"again", "more", "state"}));
    EXPECT_TRUE(shard.attach("again").has_value());
    EXPECT_TRUE(shard.attach("state").has_value());
    auto const refused = shard.publish("one more");
    ASSERT_FALSE(refused.has_value()) << "all three are in use";
    EXPECT_EQ(refused.error().code, errc::limit_reached);
}

TEST(memory_broker_keep, a_tick_expires_a_bounded_number_and_a_message_pays_for_more_than_one) {
    lone_shard shard({});
    for (auto const* topic : {"a", "b"}) shard.policies[topic] = with_history(20'000, seconds{60});
    for (int i = 0; i != 10'000; ++i) shard.publish("a");
    shard.tick(seconds{60});
    auto const left = shard.facts("a")->messages;
    EXPECT_GE(left, 10'000U - 4096U);
    EXPECT_LT(left, 10'000U - 4000U);
    EXPECT_TRUE(on(shard.read({.topic = "a"})).empty()) << "read though it is too old";
    shard.publish("b");
    EXPECT_LT(shard.facts("a")->messages, left - 1);
    shard.pass(seconds{2});
    EXPECT_EQ(shard.facts("a")->messages, 0U);
    EXPECT_EQ(shard.facts("b")->messages, 1U);
}

TEST(memory_broker_keep, changed_policies_count_with_the_next_use) {
    lone_shard shard({});
    shard.policies["a"] = with_history(5);
    for (int i = 0; i != 5; ++i) shard.publish("a");
    shard.policies["a"] = with_history(2);
    EXPECT_EQ(shard.read({.topic = "a"})->messages.size(), 5U) << "nobody said so yet";
    shard.broker.upkeep().policies_changed();
    EXPECT_EQ(on(shard.read({.topic = "a"})), (offsets{4, 5}));
    shard.policies["a"] = {};
    shard.broker.upkeep().policies_changed();
    shard.publish("a");
    EXPECT_TRUE(on(shard.read({.topic = "a"})).empty());
    EXPECT_EQ(shard.history_bytes(), 0U);
    shard.policies["a"] = with_history(2);
    shard.broker.upkeep().policies_changed();
    shard.publish("a");
    EXPECT_EQ(on(shard.read({.topic = "a"})), (offsets{7}));
    auto const epoch = shard.find("a")->epoch;
    EXPECT_EQ(shard.read({.topic = "a", .at = position{epoch, 5}})->missing,
              (loss{6, 6, 1, gap_reason::trimmed}));
}

TEST(memory_broker_keep, changed_policies_reach_topics_that_nobody_uses) {
    lone_shard shard({});
    for (int i = 0; i != 4500; ++i) {
        auto const topic = "t" + std::to_string(i);
        shard.policies[topic] = with_history(5);
        shard.publish(topic);
    }
    shard.policies.clear();
    shard.broker.upkeep().policies_changed();
    EXPECT_NE(shard.history_bytes(), 0U);
    shard.tick(seconds{1});
    EXPECT_NE(shard.history_bytes(), 0U) << "not all in one tick";
    shard.pass(seconds{2});
    EXPECT_EQ(shard.history_bytes(), 0U);
    shard.pass(seconds{70});
    EXPECT_TRUE(shard.names().empty());
}

TEST(memory_broker_keep, a_policy_is_asked_once_for_a_topic) {
    struct counting final : policy_source {
        topic_policy policy_of(std::string_view) const override {
            ++asked;
            return with_history(5);
        }
        mutable int asked = 0;
    } source;
    memory_broker_shared shared;
    lone_shard ears({});
    observer counts;
    memory_broker broker({}, shared, ears, ears, source, counts);
    broker.attach("a");
    for (int i = 0; i != 9; ++i) broker.publish(make_publication("a"), 1);
    broker.read({.topic = "a"}, 1);
    EXPECT_EQ(source.asked, 1);
    broker.upkeep().policies_changed();
    broker.publish(make_publication("a"), 1);
    broker.publish(make_publication("a"), 1);
    EXPECT_EQ(source.asked, 2);
}

TEST(memory_broker_keep, a_full_dedupe_window_is_counted_and_says_when_to_come_back) {
    lone_shard shard({.dedupe_max = 1});
    auto p = make_publication("a");
    p.dedupe = "1";
    EXPECT_EQ(shard.publish(p)->offset, 1U);
    p.dedupe = "2";
    auto const refused = shard.publish(p);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, errc::unavailable);
    EXPECT_EQ(refused.error().retry_after, seconds{1});
    EXPECT_EQ(shard.limited(limit_kind::dedupe), 1U);
    p.dedupe = "1";
    EXPECT_EQ(shard.publish(p)->offset, 1U);
    EXPECT_EQ(shard.publish("a")->offset, 2U) << "the refused one took an offset";
}

TEST(memory_broker_keep, a_repeated_publish_does_not_make_its_topic_again) {
    lone_shard shard({});
    auto p = make_publication("a");
    p.dedupe = "1";
    auto const first = shard.publish(p).value();
    shard.pass(seconds{61});
    EXPECT_TRUE(shard.names().empty());
    EXPECT_EQ(shard.publish(p).value(), first);
    EXPECT_TRUE(shard.names().empty());
}

}  // namespace
}  // namespace weir
