// What one subscription gets next, step by step, without a socket.
#include "session/feed_world.hpp"

#include <gtest/gtest.h>

namespace weir {
namespace {

using offsets = std::vector<std::uint64_t>;

topic_policy plain(slow_policy slow = slow_policy::drop_oldest) {
    topic_policy p;
    p.slow = slow;
    return p;
}
topic_policy with_history(std::uint32_t messages = 100) {
    topic_policy p;
    p.history.messages = messages;
    return p;
}
topic_policy keyed() {
    topic_policy p;
    p.state = state_kind::keyed;
    return p;
}

TEST(subscription_feed, a_live_one_needs_nothing) {
    feed_world w(plain(), 100);
    w.subscribe({});
    for (int i = 0; i != 5; ++i) w.publish("");
    EXPECT_EQ(w.feed, nullptr);
    EXPECT_EQ(w.offsets(), (offsets{1, 2, 3, 4, 5}));
}

TEST(subscription_feed, while_it_is_detached_it_is_a_position_in_the_tail) {
    feed_world w(plain(), 100);
    w.subscribe({});
    w.publish("");
    w.detach();
    for (int i = 0; i != 5; ++i) w.publish("");
    EXPECT_TRUE(w.held) << "not visited for each message";
    EXPECT_TRUE(w.has_tail());
    w.attach();
    w.settle_all();
    EXPECT_EQ(w.offsets(), (offsets{1, 2, 3, 4, 5, 6}));
    EXPECT_FALSE(w.has_tail()) << "nobody needs it any more";
    EXPECT_EQ(w.feed, nullptr);
    EXPECT_EQ(w.lagging, 0);
    w.publish("");
    EXPECT_EQ(w.offsets().back(), 7U);
}

TEST(subscription_feed, what_the_tail_trimmed_is_one_gap_in_front_of_what_is_left) {
    feed_world w(plain(slow_policy::disconnect), 3);
    w.subscribe({});
    w.detach();
    for (int i = 0; i != 10; ++i) w.publish("");
    w.attach();
    w.settle_all();
    EXPECT_FALSE(w.closed) << "it was lost while detached";
    ASSERT_EQ(w.losses().size(), 1U);
    EXPECT_EQ(w.losses()[0],
              (loss{.from = 1, .to = 7, .count = 7, .reason = gap_reason::detached}));
    EXPECT_EQ(w.offsets(), (offsets{8, 9, 10}));
}

TEST(subscription_feed, what_the_tail_trims_while_attached_costs_a_disconnect_its_connection) {
    feed_world w(plain(slow_policy::disconnect), 3);
    w.subscribe({});
    w.detach();
    for (int i = 0; i != 3; ++i) w.publish("");
    w.attach();
    for (int i = 0; i != 4; ++i) w.publish("");
    w.work();
    EXPECT_TRUE(w.closed);
}

TEST(subscription_feed, volatile_messages_are_not_kept_for_it_and_are_one_gap) {
    feed_world w(plain(), 100);
    w.subscribe({});
    w.detach();
    w.publish("");
    for (int i = 0; i != 3; ++i) w.publish("", true);
    w.publish("");
    w.attach();
    w.settle_all();
    ASSERT_EQ(w.losses().size(), 1U);
    EXPECT_EQ(w.losses()[0],
              (loss{.from = 2, .to = 4, .count = 3, .reason = gap_reason::detached}));
    EXPECT_EQ(w.offsets(), (offsets{1, 5}));
}

TEST(subscription_feed, a_pending_gap_outlives_a_subscribe_right_after_the_resume) {
    feed_world w(plain(slow_policy::conflate), 100);
    w.subscribe(options(1));
    w.detach();
    w.publish("a", true);
    w.attach();
    w.change(0);
    w.settle_all();
    ASSERT_EQ(w.losses().size(), 1U);
    EXPECT_EQ(w.losses()[0].count, 1U);
}

TEST(subscription_feed, a_dropped_rate_lets_what_waits_go_before_it_is_answered) {
    feed_world w(with_history(), 100);
    w.subscribe(options(0.1));
    for (auto const* key : {"a", "b", "a", "b"}) w.publish(key);
    EXPECT_EQ(w.offsets(), (offsets{1, 2}));
    w.change(0);
    ASSERT_TRUE(std::holds_alternative<feed_world::told_ok>(w.frames.back()));
    EXPECT_FALSE(std::get<feed_world::told_ok>(w.frames.back()).conflating);
    EXPECT_EQ(w.offsets(), (offsets{1, 2, 3, 4}));
    w.publish("a");
    EXPECT_EQ(w.offsets().back(), 5U);
}

TEST(subscription_feed, another_rate_counts_for_what_waits) {
    feed_world w(plain(slow_policy::conflate), 100);
    w.subscribe(options(0.1));
    w.publish("a");
    w.publish("a");
    w.change(2);
    w.pass_time(milliseconds(500));
    ASSERT_TRUE(w.wants) << "it is woken by the new rate";
    w.work();
    EXPECT_EQ(w.offsets(), (offsets{1, 2}));
}

TEST(subscription_feed, a_reload_changes_the_rate_of_those_that_are_there) {
    feed_world w(plain(slow_policy::conflate), 100);
    w.subscribe({});
    topic_policy p = plain(slow_policy::conflate);
    p.rate = 1;
    w.reload(p);
    w.publish("a");
    w.publish("a");
    EXPECT_EQ(w.offsets(), offsets{1});
    w.pass_time(seconds(1));
    w.work();
    EXPECT_EQ(w.offsets(), (offsets{1, 2}));
}

TEST(subscription_feed, no_interval_is_longer_than_a_minute) {
    feed_world w(plain(slow_policy::conflate), 100);
    w.subscribe(options(0.001));
    w.publish("a");
    w.publish("a");
    w.pass_time(subscription_feed::interval_max);
    w.work();
    EXPECT_EQ(w.offsets(), (offsets{1, 2}));
}

TEST(subscription_feed, the_state_comes_before_what_follows_it) {
    for (double const rate : {0.0, 1.0}) {
        feed_world w(keyed(), 100);
        for (auto const* key : {"a", "b", "c"}) w.publish(key);
        w.subscribe(options(rate, true));
        w.publish("b");  // right behind it, before the state is read
        w.settle_all();
        ASSERT_TRUE(w.answered);
        auto const got = w.offsets();
        EXPECT_TRUE(std::is_sorted(got.begin(), got.end())) << rate;
        EXPECT_EQ(got.back(), 4U);
    }
}

TEST(subscription_feed, a_removed_key_does_not_come_back_with_a_paged_state) {
    feed_world w(keyed(), 100);
    for (int i = 0; i != 12; ++i) w.publish("k" + std::to_string(i));
    w.subscribe(options(10, true));
    w.answer_read();
    ASSERT_TRUE(w.answered);
    EXPECT_EQ(w.answered->state, 12U);
    w.publish("k0", false, "null");
    w.publish("k11", false, "null");
    w.publish("k10");
    w.settle_all();
    std::map<std::string, std::string> copy;
    for (auto const& e : w.frames) {
        if (auto const* const m = std::get_if<message_ptr>(&e)) {
            copy[(*m)->key] = (*m)->payload;
            if ((*m)->payload == "null") copy.erase((*m)->key);
        }
    }
    EXPECT_EQ(copy.size(), w.state.size());
    for (auto const& [key, m] : w.state) EXPECT_TRUE(copy.contains(key)) << key;
}

TEST(subscription_feed, echo_concerns_live_messages_and_not_the_state) {
    feed_world w(keyed(), 100);
    w.own = session_id::random();
    w.publish("a", false, "1", w.own);
    w.publish("b");
    w.subscribe(options(0, true));
    w.settle_all();
    EXPECT_EQ(w.offsets(), (offsets{1, 2}));
}

TEST(subscription_feed, what_the_tail_lost_of_a_state_is_read_from_the_state) {
    feed_world w(keyed(), 3);
    w.subscribe(options(1));
    w.detach();
    for (int i = 0; i != 20; ++i) w.publish("k" + std::to_string(i), i % 2 == 0);
    w.attach();
    w.settle_all();
    EXPECT_EQ(w.offsets().size(), 20U);
    EXPECT_TRUE(w.losses().empty());
}

TEST(subscription_feed, more_keys_than_may_wait_are_read_from_the_log) {
    topic_policy p = with_history(1000);
    p.rate = 1;
    feed_world w(p, 3);
    w.wait_max = 3000;
    w.subscribe({});
    for (int round = 0; round != 3; ++round) {
        for (int i = 0; i != 100; ++i) w.publish("k" + std::to_string(i));
    }
    w.settle_all();
    EXPECT_TRUE(w.losses().empty());
    std::map<std::string, std::uint64_t> newest;
    for (auto const& e : w.frames) {
        if (auto const* const m = std::get_if<message_ptr>(&e)) {
            EXPECT_GT((*m)->at.offset, newest[(*m)->key]);
            newest[(*m)->key] = (*m)->at.offset;
        }
    }
    for (int i = 0; i != 100; ++i) {
        EXPECT_EQ(newest["k" + std::to_string(i)], 201U + static_cast<unsigned>(i));
    }
}

TEST(subscription_feed, a_position_is_told_that_skips_nothing_that_waits) {
    topic_policy p = with_history(1000);
    p.rate = 0.1;
    feed_world w(p, 3);
    w.subscribe({});
    for (auto const* key : {"a", "b", "a", "b", "c"}) w.publish(key);  // 3 and 4 wait
    w.pass_time(seconds(1));
    w.work();
    ASSERT_TRUE(std::holds_alternative<feed_world::told_position>(w.frames.back()));
    EXPECT_EQ(std::get<feed_world::told_position>(w.frames.back()).at.offset, 2U);
    w.settle_all();
    ASSERT_TRUE(std::holds_alternative<feed_world::told_position>(w.frames.back()));
    EXPECT_EQ(std::get<feed_world::told_position>(w.frames.back()).at.offset, 5U);
}

}  // namespace
}  // namespace weir
