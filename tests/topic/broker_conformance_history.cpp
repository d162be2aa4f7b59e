// Logs and states: what is read agrees with what was published, and with what is still coming.

#include "topic/broker_conformance.hpp"

#include <algorithm>

namespace weir {
namespace {

topic_policy with_history(std::uint32_t messages) {
    topic_policy p;
    p.history.messages = messages;
    return p;
}

topic_policy with_keys(std::uint32_t keys, std::uint32_t messages = 0) {
    auto p = with_history(messages);
    p.state = state_kind::keyed;
    p.state_keys = keys;
    return p;
}

cluster_wish all_topics(topic_policy const& p, std::uint64_t seed = 1) {
    return {.seed = seed, .policy = [p](std::string_view) { return p; }};
}

publication with_key(std::string key, bool null = false) {
    publication p;
    p.key = std::move(key);
    if (null) p.payload = "null";
    return p;
}

}  // namespace

log_page broker_conformance::page(unsigned i, log_query q) {
    auto const ticket = at(i).read(std::move(q));
    cluster_->settle();
    return at(i).page(ticket).value();
}

TEST_P(broker_conformance, a_topic_that_nobody_knows_is_read_and_not_made) {
    start(all_topics(with_history(10)));
    auto const none = page(0, {.topic = "news"});
    EXPECT_EQ(none.head, position{});
    EXPECT_TRUE(none.messages.empty());
    EXPECT_FALSE(none.more);
    EXPECT_FALSE(none.missing);
    auto const lost = page(0, {.topic = "news", .at = position{epoch_id{5}, 3}});
    EXPECT_EQ(lost.missing, (loss{.reason = gap_reason::epoch}));
    beside(0).publish("news");
    settle_and_check();
    EXPECT_EQ(page(0, {.topic = "news"}).messages.size(), 1U);
}

TEST_P(broker_conformance, pages_forward_and_back_are_what_was_published) {
    start(all_topics(with_history(1000)));
    for (int i = 0; i != 25; ++i) {
        at(static_cast<unsigned>(i)).publish("news");
        cluster_->settle();
    }
    settle_and_check();
    std::vector<message_ptr> forward, back;
    auto part = page(0, {.topic = "news", .messages_max = 7});
    auto const head = part.head;
    EXPECT_EQ(head.offset, 25U);
    for (;;) {
        EXPECT_LE(part.messages.size(), 7U);
        forward.insert(forward.end(), part.messages.begin(), part.messages.end());
        if (!part.more) break;
        part = page(1, {.topic = "news", .at = forward.back()->at, .messages_max = 7});
    }
    part = page(1, {.topic = "news", .kind = log_query::what::before, .messages_max = 4});
    for (;;) {
        back.insert(back.begin(), part.messages.begin(), part.messages.end());
        if (!part.more) break;
        part = page(0, {.topic = "news",
                        .kind = log_query::what::before,
                        .at = back.front()->at,
                        .messages_max = 4});
    }
    ASSERT_EQ(forward.size(), 25U);
    ASSERT_EQ(back.size(), 25U);
    for (std::size_t i = 0; i != 25; ++i) {
        EXPECT_EQ(forward[i]->at.offset, i + 1);
        EXPECT_EQ(forward[i]->at, back[i]->at);
        truth_->seen(*forward[i]);
        truth_->seen(*back[i]);
    }
}

TEST_P(broker_conformance, a_page_is_bounded_in_bytes_and_never_empty) {
    start(all_topics(with_history(100)));
    for (int i = 0; i != 5; ++i) at(0).publish("news");
    settle_and_check();
    auto const one = page(1, {.topic = "news", .bytes_max = 1});
    EXPECT_EQ(one.messages.size(), 1U);
    EXPECT_TRUE(one.more);
    auto const two = page(1, {.topic = "news", .bytes_max = 2 * stored_bytes(*one.messages[0])});
    EXPECT_EQ(two.messages.size(), 2U);
}

TEST_P(broker_conformance, what_the_log_no_longer_has_is_declared) {
    start(all_topics(with_history(10)));
    for (int i = 0; i != 40; ++i) at(0).publish("news");
    settle_and_check();
    auto const whole = page(1, {.topic = "news"});
    ASSERT_FALSE(whole.messages.empty());
    auto const oldest = whole.messages.front()->at.offset;
    if (GetParam().keeps_exactly) EXPECT_EQ(oldest, 31U);
    auto const epoch = whole.head.epoch;
    auto const some = page(1, {.topic = "news", .at = position{epoch, 3}});
    EXPECT_EQ(some.missing, (loss{4, oldest - 1, oldest - 4, gap_reason::trimmed}));
    EXPECT_EQ(some.messages.size(), whole.messages.size());
    EXPECT_FALSE(page(1, {.topic = "news", .at = position{epoch, oldest - 1}}).missing);
    EXPECT_FALSE(page(1, {.topic = "news", .at = position{epoch, 40}}).missing);
    auto const ahead = page(1, {.topic = "news", .at = position{epoch, 41}});
    loss const gone{1, oldest - 1, oldest - 1, gap_reason::epoch};
    EXPECT_EQ(ahead.missing, gone);
    EXPECT_EQ(ahead.messages.size(), whole.messages.size());
    auto const other = page(1, {.topic = "news", .at = position{epoch_id{~epoch.value}, 40}});
    EXPECT_EQ(other.missing, gone);
    EXPECT_EQ(other.messages.size(), whole.messages.size());
}

TEST_P(broker_conformance, without_history_only_the_head_is_not_missing) {
    start();
    at(0).attach("news");
    for (int i = 0; i != 4; ++i) at(0).publish("news");
    settle_and_check();
    auto const head = at(0).of("news").tail;
    EXPECT_FALSE(page(1, {.topic = "news", .at = head}).missing);
    auto const part = page(1, {.topic = "news", .at = position{head.epoch, 1}});
    EXPECT_EQ(part.missing, (loss{2, 4, 3, gap_reason::trimmed}));
    EXPECT_TRUE(part.messages.empty());
}

TEST_P(broker_conformance, what_is_too_old_is_declared_as_expired) {
    if (!GetParam().moves_time) GTEST_SKIP() << "time is not the suite's";
    auto policy = with_history(100);
    policy.history.age = seconds{10};
    start(all_topics(policy));
    at(0).publish("news");
    at(0).publish("news");
    cluster_->settle();
    cluster_->pass(seconds{6});
    at(0).publish("news");
    cluster_->settle();
    cluster_->pass(seconds{6});
    auto const part = page(1, {.topic = "news", .kind = log_query::what::before});
    ASSERT_EQ(part.messages.size(), 1U);
    auto const late = page(1, {.topic = "news", .at = position{part.head.epoch, 0}});
    EXPECT_EQ(late.missing, (loss{1, 2, 2, gap_reason::expired}));
}

/// The heart of it: readers start anywhere in the log while others publish, are fed in pages, and
/// go on with what is delivered, without a hole, a repetition, or a loss that is not declared.
TEST_P(broker_conformance, a_reader_goes_over_from_pages_to_messages_without_a_hole) {
    SCOPED_TRACE(seed_trace());
    std::vector<std::string> const topics = {"a", "b.c", "d.e.f", "none"};
    std::size_t followed = 0, declared = 0;
    for (std::uint64_t round = 0; round != 20; ++round) {
        SCOPED_TRACE("round " + std::to_string(round));
        auto const seed = test_seed() + round;
        dice random(seed);
        auto const kept = static_cast<std::uint32_t>(1 + random.below(30));
        start({.seed = seed, .policy = [kept](std::string_view topic) {
                   return topic == "none" ? topic_policy{} : with_history(kept);
               }});
        for (int step = 0; step != 400; ++step) {
            auto& who = at(static_cast<unsigned>(random.below(members())));
            auto const& topic = random.pick(topics);
            auto& view = who.of(topic);
            if (!random.one_in(3)) {
                who.publish(topic);
            } else if (!view.wanted) {
                who.attach(topic);
            } else if (random.one_in(4)) {
                who.detach(topic);
            } else if (view.attached && (!view.follows.active || view.follows.live)) {
                auto const from = random.below(view.tail.offset + 1);
                who.follow(topic, {view.tail.epoch, from},
                           static_cast<std::uint32_t>(1 + random.below(8)));
                ++followed;
            }
            for (auto n = random.below(4); n != 0; --n) cluster_->pump();
        }
        settle_and_check();
        for (unsigned i = 0; i != members(); ++i) {
            for (auto const& topic : topics) {
                auto const& view = at(i).of(topic);
                if (!view.attached || !view.follows.active) continue;
                for (auto const& lost : view.follows.losses) {
                    ++declared;
                    EXPECT_EQ(lost.reason, gap_reason::trimmed);
                    // Nothing is declared lost that the policy keeps.
                    if (topic != "none") EXPECT_LE(lost.to + kept, view.tail.offset);
                }
            }
        }
        if (HasFailure()) return;
    }
    EXPECT_GT(followed, 100U);
    EXPECT_GT(declared, 0U);
}

TEST_P(broker_conformance, a_follower_of_a_forgotten_topic_hears_of_the_new_epoch) {
    if (!GetParam().forgets) GTEST_SKIP() << "keeps its topics";
    start();
    auto const before = at(0).publish("news");
    cluster_->settle();
    cluster_->forget_quiet();
    at(0).attach("news");
    at(0).publish("news");
    cluster_->settle();
    at(0).follow("news", truth_->about(before).at, 10);
    settle_and_check();
    ASSERT_EQ(at(0).of("news").follows.losses.size(), 1U);
    EXPECT_EQ(at(0).of("news").follows.losses[0].reason, gap_reason::epoch);
}

TEST_P(broker_conformance, a_topic_with_a_log_or_a_state_is_not_forgotten) {
    if (!GetParam().forgets) GTEST_SKIP() << "keeps its topics";
    start({.policy = [](std::string_view topic) {
        return topic == "log" ? with_history(2) : with_keys(2);
    }});
    auto const first = at(0).publish("log");
    auto const key = at(0).publish("state", with_key("k"));
    cluster_->settle();
    cluster_->forget_quiet();
    cluster_->forget_quiet();
    EXPECT_EQ(page(1, {.topic = "log"}).head, truth_->about(first).at);
    auto const state = page(1, {.topic = "state", .kind = log_query::what::state});
    EXPECT_EQ(state.head, truth_->about(key).at);
    EXPECT_EQ(state.messages.size(), 1U);
}

TEST_P(broker_conformance, the_last_message_is_a_state) {
    topic_policy last;
    last.state = state_kind::last;
    start(all_topics(last));
    EXPECT_TRUE(page(1, {.topic = "news", .kind = log_query::what::state}).messages.empty());
    at(0).publish("news", with_key("a"));
    auto const second = at(0).publish("news");
    settle_and_check();
    auto const state = page(1, {.topic = "news", .kind = log_query::what::state});
    ASSERT_EQ(state.messages.size(), 1U);
    EXPECT_EQ(state.messages[0]->at, truth_->about(second).at);
    EXPECT_EQ(state.head, truth_->about(second).at);
}

TEST_P(broker_conformance, a_new_key_beyond_the_bound_is_refused_and_takes_no_offset) {
    start(all_topics(with_keys(2)));
    at(0).publish("news", with_key("a"));
    at(0).publish("news", with_key("b"));
    at(0).publish("news", with_key("c"));
    at(0).publish("news", with_key("a"));
    at(0).publish("news");  // no key: no state
    settle_and_check();
    EXPECT_EQ(truth_->refusals(errc::limit_reached), 1U);
    at(0).publish("news", with_key("b", true));
    at(0).publish("news", with_key("c"));
    settle_and_check();
    EXPECT_EQ(truth_->refusals(errc::limit_reached), 1U);
    auto const state = page(1, {.topic = "news", .kind = log_query::what::state});
    ASSERT_EQ(state.messages.size(), 2U);
    EXPECT_EQ(state.messages[0]->key, "a");
    EXPECT_EQ(state.messages[1]->key, "c");
}

TEST_P(broker_conformance, a_client_that_merges_has_the_state) {
    SCOPED_TRACE(seed_trace());
    std::vector<std::string> const topics = {"a", "b.c", "d"};
    std::size_t merged = 0;
    for (std::uint64_t round = 0; round != 20; ++round) {
        SCOPED_TRACE("round " + std::to_string(round));
        auto const seed = test_seed() + round;
        dice random(seed);
        start(all_topics(with_keys(6, static_cast<std::uint32_t>(random.below(3))), seed));
        for (int step = 0; step != 300; ++step) {
            auto& who = at(static_cast<unsigned>(random.below(members())));
            auto const& topic = random.pick(topics);
            auto& view = who.of(topic);
            if (!random.one_in(3)) {
                auto key = random.one_in(8) ? "" : "k" + std::to_string(random.below(8));
                bool const null = !key.empty() && random.one_in(4);
                who.publish(topic, with_key(std::move(key), null));
            } else if (!view.wanted) {
                who.attach(topic);
            } else if (random.one_in(4)) {
                who.detach(topic);
            } else if (view.attached && (!view.merges.active || view.merges.whole)) {
                who.merge(topic, static_cast<std::uint32_t>(1 + random.below(4)));
                ++merged;
            }
            for (auto n = random.below(4); n != 0; --n) cluster_->pump();
        }
        settle_and_check();
        if (HasFailure()) return;
    }
    EXPECT_GT(merged, 100U);
}

}  // namespace weir
