// The bound of bytes that all shards of a memory broker share: whose messages give way.

#include "topic/lone_shard.hpp"

#include <weir/topic/memory_broker.hpp>

#include <gtest/gtest.h>

#include <string>

namespace weir {
namespace {

TEST(memory_broker_bytes, above_the_bound_the_longest_unpublished_log_gives_its_oldest) {
    lone_shard shard({.history_bytes_max = 4 * size_of("a")});
    for (auto const* topic : {"a", "b", "c"}) shard.policies[topic] = with_history(100);
    shard.publish("a");
    shard.publish("a");
    shard.publish("b");
    shard.publish("a");  // so b is the longest unpublished
    shard.publish("c");
    EXPECT_EQ(on(shard.read({.topic = "a"})), (offsets{1, 2, 3}));
    EXPECT_TRUE(on(shard.read({.topic = "b"})).empty());
    shard.publish("c");
    shard.publish("c");
    EXPECT_EQ(on(shard.read({.topic = "a"})), (offsets{3}));
    EXPECT_EQ(on(shard.read({.topic = "c"})), (offsets{1, 2, 3}));
    EXPECT_EQ(shard.limited(limit_kind::history_bytes), 3U);
    EXPECT_LE(shard.shared.history_bytes.load(), 4 * size_of("a"));
    auto const epoch = shard.find("a")->epoch;
    EXPECT_EQ(shard.read({.topic = "a", .at = position{epoch, 0}})->missing,
              (loss{1, 2, 2, gap_reason::trimmed}));
    shard.publish("c", std::string(4 * size_of("a"), '1'));  // larger than everything
    EXPECT_EQ(shard.history_bytes(), 0U);
}

TEST(memory_broker_bytes, above_the_bound_a_shard_with_less_than_its_share_is_not_starved) {
    memory_broker_shared shared;
    lone_shard ears({});
    auto const rich_topic = topic_at(0, 2), poor_topic = topic_at(1, 2);
    ears.policies[rich_topic] = with_history(1000);
    ears.policies[poor_topic] = with_history(1000);
    auto const size = size_of(rich_topic);
    ASSERT_EQ(size, size_of(poor_topic));
    auto const bound = 64 * size;
    observer counts, poor_counts;
    memory_broker rich({.shard = 0, .shards = 2, .history_bytes_max = bound}, shared, ears, ears,
                       ears, counts);
    memory_broker poor({.shard = 1, .shards = 2, .history_bytes_max = bound}, shared, ears, ears,
                       ears, poor_counts);
    for (int i = 0; i != 80; ++i) rich.publish(make_publication(rich_topic), 1);
    EXPECT_EQ(facts_of(rich, rich_topic)->messages, 64U);
    EXPECT_EQ(at(counts.limited, limit_kind::history_bytes).read(), 16U);
    for (int i = 0; i != 9; ++i) poor.publish(make_publication(poor_topic), 1);
    EXPECT_EQ(facts_of(poor, poor_topic)->messages, 4U) << "a sixteenth more";
    for (int i = 0; i != 20; ++i) {
        poor.upkeep().on_tick(ears.time);
        rich.upkeep().on_tick(ears.time);
        for (int n = 0; n != 4; ++n) poor.publish(make_publication(poor_topic), 1);
    }
    EXPECT_GE(facts_of(poor, poor_topic)->messages, 31U) << "an equal share each";
    EXPECT_LE(facts_of(rich, rich_topic)->messages, 33U);
    EXPECT_EQ(shared.history_bytes.load(), bound);
}

TEST(memory_broker_bytes, a_state_with_less_than_its_share_grows_into_what_others_give_back) {
    memory_broker_shared shared;
    lone_shard ears({});
    auto const log_topic = topic_at(0, 2), state_topic = topic_at(1, 2);
    ears.policies[log_topic] = with_history(1000);
    ears.policies[state_topic] = with_keys(100);
    auto const bound = 64 * (size_of(log_topic) + 1);
    observer counts, poor_counts;
    memory_broker rich({.shard = 0, .shards = 2, .history_bytes_max = bound}, shared, ears, ears,
                       ears, counts);
    memory_broker poor({.shard = 1, .shards = 2, .history_bytes_max = bound}, shared, ears, ears,
                       ears, poor_counts);
    for (int i = 0; i != 80; ++i) rich.publish(make_publication(log_topic), 1);
    for (auto const* key : {"a", "b", "c", "d"}) {
        poor.publish(keyed(state_topic, key), 1);
        EXPECT_TRUE(ears.published.back().has_value());
    }
    poor.publish(keyed(state_topic, "e"), 1);
    EXPECT_EQ(ears.published.back().error().code, errc::limit_reached) << "no log here gives way";
    poor.publish(keyed(state_topic, "", "2"), 1);
    EXPECT_TRUE(ears.published.back().has_value()) << "does not make the state larger";
    rich.upkeep().on_tick(ears.time);
    poor.publish(keyed(state_topic, "e"), 1);
    EXPECT_TRUE(ears.published.back().has_value());
}

TEST(memory_broker_bytes, logs_give_way_to_states_and_states_to_nothing) {
    lone_shard shard({.history_bytes_max = 3 * size_of("s") + 3});
    shard.policies["l"] = with_history(100);
    shard.policies["s"] = with_keys(100);
    shard.publish("l");
    shard.publish("l");
    for (auto const* key : {"a", "b", "c"}) EXPECT_TRUE(shard.publish(keyed("s", key)));
    EXPECT_EQ(shard.facts("l")->messages, 0U);
    auto const refused = shard.publish(keyed("s", "d"));
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, errc::limit_reached);
    EXPECT_EQ(refused.error().stored, outcome::not_stored);
    EXPECT_FALSE(shard.publish(keyed("s", "a", "12")).has_value()) << "larger than it was";
    EXPECT_TRUE(shard.publish(keyed("s", "a", "2")).has_value());
    EXPECT_TRUE(shard.publish(keyed("s", "b", "null")).has_value());
    EXPECT_TRUE(shard.publish(keyed("s", "d")).has_value());
    EXPECT_EQ(shard.find("s")->offset, 6U) << "a refused one took an offset";
}

}  // namespace
}  // namespace weir
