#include "topic/broker_conformance.hpp"

namespace weir {

void broker_conformance::start(cluster_wish wish) {
    cluster_.reset();
    witnesses_.clear();
    truth_ = std::make_unique<broker_truth>();
    for (unsigned i = 0; i != members(); ++i) {
        witnesses_.push_back(std::make_unique<broker_witness>(i, *truth_));
        wish.listeners.push_back(witnesses_.back().get());
    }
    cluster_ = GetParam().make(std::move(wish));
    for (unsigned i = 0; i != members(); ++i) at(i).serve(cluster_->member(i));
}

void broker_conformance::settle_and_check() {
    cluster_->settle();
    truth_->check();
    for (auto const& w : witnesses_) w->check();
}

TEST_P(broker_conformance, a_new_topic_starts_before_its_first_message) {
    start();
    at(0).attach("news");
    cluster_->settle();
    EXPECT_TRUE(at(0).of("news").attached);
    EXPECT_EQ(at(0).of("news").tail.offset, 0U);
    beside(0).publish("news");
    settle_and_check();
    EXPECT_EQ(at(0).of("news").messages.size(), 1U);
}

TEST_P(broker_conformance, one_topic_has_one_epoch_for_everybody) {
    start();
    for (unsigned i = 0; i != members(); ++i) at(i).attach("news");
    cluster_->settle();
    for (unsigned i = 0; i != members(); ++i) {
        EXPECT_EQ(at(i).of("news").tail.epoch, at(0).of("news").tail.epoch);
    }
    at(0).attach("other");
    cluster_->settle();
    EXPECT_NE(at(0).of("other").tail.epoch, at(0).of("news").tail.epoch);
}

TEST_P(broker_conformance, a_publish_without_anybody_gets_a_position) {
    start();
    auto const first = at(0).publish("news");
    auto const second = at(0).publish("news");
    settle_and_check();
    EXPECT_EQ(truth_->about(first).at.offset, 1U);
    EXPECT_EQ(truth_->about(second).at.offset, 2U);
    beside(0).attach("news");
    settle_and_check();
    EXPECT_EQ(beside(0).of("news").tail, truth_->about(second).at);
}

TEST_P(broker_conformance, everybody_sees_the_same_order) {
    SCOPED_TRACE(seed_trace());
    start({.seed = test_seed()});
    dice random(test_seed());
    for (unsigned i = 0; i != members(); ++i) at(i).attach("news");
    cluster_->settle();
    for (int i = 0; i != 200; ++i) {
        at(static_cast<unsigned>(random.below(members()))).publish("news");
        if (random.one_in(3)) cluster_->pump();
    }
    settle_and_check();
    auto const& first = at(0).of("news").messages;
    ASSERT_EQ(first.size(), 200U);
    for (unsigned i = 1; i != members(); ++i) {
        auto const& other = at(i).of("news").messages;
        ASSERT_EQ(other.size(), first.size());
        for (std::size_t n = 0; n != first.size(); ++n) {
            EXPECT_EQ(other[n]->payload, first[n]->payload);
        }
    }
}

TEST_P(broker_conformance, calls_of_one_member_take_effect_in_order) {
    start();
    auto& me = at(0);
    me.publish("news");  // before: not received
    me.attach("news");
    me.publish("news");  // received
    settle_and_check();
    EXPECT_EQ(me.of("news").messages.size(), 1U);
    EXPECT_EQ(me.of("news").messages.front()->at.offset, 2U);
    me.detach("news");
    me.publish("news");  // after: not received, not even late
    settle_and_check();
    EXPECT_EQ(me.late(), 0U);
}

TEST_P(broker_conformance, join_leave_join_is_answered_twice_and_counts_once) {
    start();
    at(0).attach("news");
    at(0).detach("news");
    beside(0).publish("news");
    at(0).attach("news");
    EXPECT_LE(at(0).of("news").answers_due, 2U);
    settle_and_check();
    EXPECT_TRUE(at(0).of("news").attached);
    beside(0).publish("news");
    settle_and_check();
    ASSERT_FALSE(at(0).of("news").messages.empty());
}

TEST_P(broker_conformance, a_message_arrives_as_it_was_published) {
    start();
    at(0).attach("news");
    cluster_->settle();
    publication p;
    p.event = "edition";
    p.key = "k";
    p.from = "alice";
    p.exclude.bytes[3] = std::byte{7};
    p.is_volatile = true;
    p.time = 1'700'000'000'123;
    p.received = mono_time{} + seconds{5};
    auto const ticket = beside(0).publish("news", p);
    settle_and_check();
    ASSERT_EQ(at(0).of("news").messages.size(), 1U);
    auto const& m = *at(0).of("news").messages.front();
    EXPECT_EQ(m.topic, "news");
    EXPECT_EQ(m.payload, std::to_string(ticket));
    EXPECT_EQ(m.event, p.event);
    EXPECT_EQ(m.key, p.key);
    EXPECT_EQ(m.from, p.from);
    EXPECT_EQ(m.exclude, p.exclude);
    EXPECT_EQ(m.is_volatile, p.is_volatile);
    EXPECT_EQ(m.time, p.time);
    EXPECT_EQ(m.at, truth_->about(ticket).at);
}

TEST_P(broker_conformance, the_limit_of_topics_refuses_attach_and_publish) {
    if (!GetParam().limits_topics) GTEST_SKIP() << "has no limit of topics";
    start({.topics_max = 3});
    for (auto const* name : {"a", "b", "c"}) at(0).attach(name);
    cluster_->settle();
    beside(0).attach("d");
    beside(0).publish("d");
    beside(0).publish("a");  // exists
    settle_and_check();
    EXPECT_EQ(beside(0).of("d").refusals, 1U);
    EXPECT_EQ(beside(0).of("d").refused, errc::limit_reached);
    EXPECT_EQ(truth_->refusals(errc::limit_reached), 1U);
    EXPECT_EQ(at(0).of("a").messages.size(), 1U);

    at(0).detach("b");
    cluster_->settle();
    if (GetParam().forgets) cluster_->forget_quiet();
    beside(0).attach("d");
    settle_and_check();
    EXPECT_TRUE(beside(0).of("d").attached);
}

TEST_P(broker_conformance, taking_back_a_refused_attach_does_nothing) {
    if (!GetParam().limits_topics) GTEST_SKIP() << "has no limit of topics";
    start({.topics_max = 1});
    at(0).attach("a");
    cluster_->settle();
    cluster_->member(0).detach("b");
    beside(0).attach("b");
    cluster_->member(1 % members()).detach("b");
    settle_and_check();
    at(0).publish("a");
    settle_and_check();
    EXPECT_EQ(at(0).of("a").messages.size(), 1U);
}

TEST_P(broker_conformance, a_member_that_is_far_behind_refuses_publishes_and_loses_nothing) {
    if (!GetParam().limits_backlog) GTEST_SKIP() << "has no limit of its own";
    if (members() == 1) return;  // nothing is between one member and itself
    for (auto const* topic : {"a", "b", "c", "d", "e", "f"}) {  // homes differ
        SCOPED_TRACE(topic);
        start({.backlog_max = 10});
        at(0).attach(topic);
        cluster_->settle();
        cluster_->stall(0);
        for (int i = 0; i != 50; ++i) {
            beside(0).publish(topic);
            cluster_->settle();
        }
        cluster_->release(0);
        settle_and_check();
        auto const refused = truth_->refusals(errc::unavailable);
        EXPECT_GE(refused, 30U);
        EXPECT_LT(refused, 50U);
        EXPECT_EQ(at(0).of(topic).messages.size(), 50 - refused);
        beside(0).publish(topic);
        settle_and_check();
        EXPECT_EQ(truth_->refusals(errc::unavailable), refused) << "does not recover";
    }
}

TEST_P(broker_conformance, a_forgotten_topic_comes_back_with_another_epoch) {
    if (!GetParam().forgets) GTEST_SKIP() << "keeps its topics";
    start();
    auto const before = at(0).publish("news");
    at(0).attach("kept");
    at(0).publish("kept");
    cluster_->settle();
    cluster_->forget_quiet();
    auto const after = at(0).publish("news");
    auto const kept = at(0).publish("kept");
    settle_and_check();
    EXPECT_NE(truth_->about(before).at.epoch, truth_->about(after).at.epoch);
    EXPECT_EQ(truth_->about(after).at.offset, 1U);
    EXPECT_EQ(truth_->about(kept).at.offset, 2U) << "forgotten in spite of interest";
}

void broker_conformance::random_steps(cluster_wish wish, std::size_t steps) {
    std::vector<std::string> const topics = {"a", "b.c", "d.e.f", "g", "h"};
    for (std::uint64_t round = 0; round != 20; ++round) {
        SCOPED_TRACE("round " + std::to_string(round));
        wish.seed = test_seed() + round;
        start(wish);
        dice random(wish.seed);
        for (std::size_t step = 0; step != steps; ++step) {
            auto& who = at(static_cast<unsigned>(random.below(members())));
            auto const& topic = random.pick(topics);
            if (random.one_in(3)) {
                if (who.of(topic).wanted) {
                    who.detach(topic);
                } else {
                    who.attach(topic);
                }
            } else {
                who.publish(topic);
            }
            for (auto n = random.below(4); n != 0; --n) cluster_->pump();
            if (GetParam().forgets && random.one_in(50)) cluster_->forget_quiet();
        }
        settle_and_check();
        if (HasFailure()) return;
    }
}

TEST_P(broker_conformance, random_attach_detach_and_publish) {
    SCOPED_TRACE(seed_trace());
    random_steps({}, 400);
    EXPECT_EQ(truth_->refusals(errc::limit_reached), 0U);
    EXPECT_EQ(truth_->refusals(errc::unavailable), 0U);
}

TEST_P(broker_conformance, random_steps_at_the_limit_of_topics) {
    if (!GetParam().limits_topics) GTEST_SKIP() << "has no limit of topics";
    SCOPED_TRACE(seed_trace());
    random_steps({.topics_max = 3}, 400);
}

TEST_P(broker_conformance, random_steps_at_the_limit_of_backlogs) {
    if (!GetParam().limits_backlog) GTEST_SKIP() << "has no limit of its own";
    SCOPED_TRACE(seed_trace());
    random_steps({.backlog_max = 3}, 400);
}

}  // namespace weir
