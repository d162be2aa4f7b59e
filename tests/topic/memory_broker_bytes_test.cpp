// The bound of bytes that all shards of a memory broker share: whose messages give way.

#include "topic/lone_shard.hpp"

#include <weir/topic/memory_broker.hpp>

#include <gtest/gtest.h>

#include <string>
#include <utility>

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

/// Two shards of one process whose mail is delivered by hand.
struct two_shards {
    explicit two_shards(std::size_t bound)
        : first({.shard = 0, .shards = 2, .history_bytes_max = bound}, shared, ears, ears, ears,
                counts[0]),
          second({.shard = 1, .shards = 2, .history_bytes_max = bound}, shared, ears, ears, ears,
                 counts[1]),
          bytes_max(bound) {}

    bool publish(memory_broker& at, publication p, int second_of_publish) {
        p.received = mono_time{} + seconds{second_of_publish};
        at.publish(std::move(p), 1);
        EXPECT_LE(shared.history_bytes.load(), bytes_max) << "the bound is a bound";
        return ears.published.back().has_value();
    }
    std::size_t deliver() {
        auto const mails = std::exchange(ears.sent, {});
        for (auto const& [to, mail] : mails) (to == 0 ? first : second).on_mail(mail);
        return mails.size();
    }
    std::string const log_topic = topic_at(0, 2), other_topic = topic_at(1, 2);
    memory_broker_shared shared;
    lone_shard ears{{}};
    observer counts[2];
    memory_broker first, second;
    std::size_t const bytes_max;
};

TEST(memory_broker_bytes, the_oldest_log_gives_way_whichever_shard_has_it) {
    auto const size = size_of(topic_at(0, 2));
    ASSERT_EQ(size, size_of(topic_at(1, 2)));
    two_shards s(64 * size);
    for (auto const& topic : {s.log_topic, s.other_topic})
        s.ears.policies[topic] = with_history(99);
    for (int i = 0; i != 80; ++i) s.publish(s.first, make_publication(s.log_topic), 1);
    auto const before = facts_of(s.first, s.log_topic)->messages;
    EXPECT_GE(before, 59U) << "a sixteenth stays free for those that need it at once";
    EXPECT_LE(before, 61U);
    for (int i = 0; i != 40; ++i) {
        s.publish(s.second, make_publication(s.other_topic), 2);
        EXPECT_LE(s.deliver(), 1U) << "asked once";
    }
    EXPECT_EQ(facts_of(s.second, s.other_topic)->messages, 40U) << "the newer log gave way";
    EXPECT_LE(facts_of(s.first, s.log_topic)->messages, 24U);
    EXPECT_GE(facts_of(s.first, s.log_topic)->messages, 17U) << "more went than was needed";
    // When the other does not answer, what is here gives way.
    for (int i = 0; i != 40; ++i) s.publish(s.second, make_publication(s.other_topic), 3);
    EXPECT_LE(s.ears.sent.size(), 1U);
    EXPECT_GE(facts_of(s.second, s.other_topic)->messages, 40U);
    EXPECT_EQ(facts_of(s.second, s.other_topic)->at.offset, 80U);
}

TEST(memory_broker_bytes, a_state_grows_into_what_an_old_log_of_another_shard_gives_back) {
    auto const size = size_of(topic_at(0, 2)) + 2;
    two_shards s(64 * size);
    s.ears.policies[s.log_topic] = with_history(99);
    s.ears.policies[s.other_topic] = with_keys(100);
    auto const key = [](int i) { return std::to_string(10 + i); };
    for (int i = 0; i != 80; ++i) s.publish(s.first, make_publication(s.log_topic), 1);
    for (int i = 0; i != 40; ++i) {
        EXPECT_TRUE(s.publish(s.second, keyed(s.other_topic, key(i)), 2)) << i;
        s.deliver();
    }
    int refused = 0;
    for (int i = 40; i != 60; ++i) {  // nobody answers
        refused += !s.publish(s.second, keyed(s.other_topic, key(i)), 2);
    }
    EXPECT_GT(refused, 0);
    EXPECT_EQ(s.ears.published.back().error().code, errc::limit_reached);
    EXPECT_TRUE(s.publish(s.second, keyed(s.other_topic, key(0), "2"), 2)) << "not larger";
    EXPECT_TRUE(s.publish(s.second, keyed(s.other_topic, "", "2"), 2)) << "changes no key";
    EXPECT_TRUE(s.publish(s.second, keyed(s.other_topic, key(1), "null"), 2)) << "smaller";
    s.deliver();
    EXPECT_TRUE(s.publish(s.second, keyed(s.other_topic, key(60)), 2));
}

TEST(memory_broker_bytes, at_the_bound_what_shrinks_is_taken) {
    lone_shard shard({.history_bytes_max = 2 * size_of("s") + 22});
    shard.policies["s"] = with_keys(9);
    EXPECT_TRUE(shard.publish(keyed("s", "a", std::string(11, '1'))));
    EXPECT_TRUE(shard.publish(keyed("s", "b", std::string(11, '1'))));
    EXPECT_FALSE(shard.publish(keyed("s", "c")).has_value());
    EXPECT_FALSE(shard.publish(keyed("s", "a", std::string(99, '1'))).has_value());
    EXPECT_TRUE(shard.publish(keyed("s", "a", "1"))) << "a smaller value";
    EXPECT_TRUE(shard.publish(keyed("s", "b", "null"))) << "a removal";
    EXPECT_EQ(shard.facts("s")->state_keys, 1U);
}

TEST(memory_broker_bytes, without_room_a_message_is_passed_on_and_declared_as_trimmed) {
    lone_shard shard({.history_bytes_max = size_of("s") + 1});
    shard.policies["s"] = with_keys(9);
    shard.policies["l"] = with_history(9);
    EXPECT_TRUE(shard.publish(keyed("s", "a")));
    shard.attach("l");
    EXPECT_EQ(shard.publish("l")->offset, 1U);
    EXPECT_EQ(shard.messages.size(), 1U);
    auto const page = shard.read({.topic = "l", .at = position{shard.find("l")->epoch, 0}});
    EXPECT_EQ(page->missing, (loss{1, 1, 1, gap_reason::trimmed}));
    EXPECT_EQ(shard.limited(limit_kind::history_bytes), 1U);
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
