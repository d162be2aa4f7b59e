// A dedupe id is executed once in its window, whoever says it again and on whatever way.

#include "topic/broker_conformance.hpp"

namespace weir {
namespace {

publication with_id(std::string id, std::string scope = "alice") {
    publication p;
    p.dedupe = std::move(id);
    p.scope = std::move(scope);
    return p;
}

}  // namespace

TEST_P(broker_conformance, a_repeated_publish_gets_the_first_answer_and_is_not_delivered_again) {
    start();
    at(0).attach("news");
    cluster_->settle();
    auto const first = at(0).publish("news", with_id("7"));
    cluster_->settle();
    at(0).publish("news");
    auto const again = at(0).repeat(first, with_id("7"));
    auto const elsewhere = beside(0).repeat(first, with_id("7"));
    settle_and_check();
    EXPECT_EQ(truth_->about(again).at, truth_->about(first).at);
    EXPECT_EQ(truth_->about(elsewhere).at, truth_->about(first).at);
    EXPECT_EQ(at(0).of("news").messages.size(), 2U);
}

TEST_P(broker_conformance, an_id_counts_for_its_topic_and_scope) {
    start();
    at(0).publish("news", with_id("7", "alice"));
    at(0).publish("news", with_id("7", "bob"));
    at(0).publish("other", with_id("7", "alice"));
    at(0).publish("news", with_id("8", "alice"));
    at(0).publish("news", with_id("", "alice"));
    at(0).publish("news", with_id("", "alice"));
    settle_and_check();
    EXPECT_EQ(truth_->refusals(errc::conflict), 0U);
}

TEST_P(broker_conformance, the_same_id_with_another_content_is_a_conflict) {
    start();
    auto const first = at(0).publish("news", with_id("7"));
    cluster_->settle();
    at(0).publish("news", with_id("7"));  // another payload
    auto other = with_id("7");
    other.event = "e";
    beside(0).repeat(first, other);
    other.event.clear();
    other.key = "k";
    beside(0).repeat(first, other);
    beside(0).repeat(first, with_id("7"));
    settle_and_check();
    EXPECT_EQ(truth_->refusals(errc::conflict), 3U);
}

TEST_P(broker_conformance, what_was_refused_may_be_said_again) {
    start({.policy = [](std::string_view) {
        topic_policy p;
        p.state = state_kind::keyed;
        p.state_keys = 1;
        return p;
    }});
    auto p = with_id("7");
    at(0).publish("news", [] {
        publication first;
        first.key = "a";
        return first;
    }());
    p.key = "b";
    at(0).publish("news", p);
    settle_and_check();
    EXPECT_EQ(truth_->refusals(errc::limit_reached), 1U);
    publication gone;
    gone.key = "a";
    gone.payload = "null";
    at(0).publish("news", gone);
    auto const stored = at(0).publish("news", p);
    settle_and_check();
    EXPECT_FALSE(truth_->about(stored).refused);
}

TEST_P(broker_conformance, an_id_is_free_after_its_window) {
    if (!GetParam().moves_time) GTEST_SKIP() << "time is not the suite's";
    start({.dedupe_window = seconds{60}});
    at(0).attach("news");
    at(0).publish("news", with_id("7"));
    cluster_->settle();
    cluster_->pass(seconds{58});
    at(0).publish("news", with_id("7"));
    settle_and_check();
    EXPECT_EQ(truth_->refusals(errc::conflict), 1U);
    cluster_->pass(seconds{3});
    at(0).publish("news", with_id("7"));
    settle_and_check();
    EXPECT_EQ(truth_->refusals(errc::conflict), 1U);
    EXPECT_EQ(at(0).of("news").messages.size(), 2U);
}

TEST_P(broker_conformance, the_limit_of_dedupe_ids_refuses_and_recovers) {
    if (!GetParam().limits_dedupe) GTEST_SKIP() << "has no limit of its own";
    start({.dedupe_window = seconds{60}, .dedupe_max = 5});
    std::vector<publish_ticket> all;
    for (int i = 0; i != 8; ++i) {
        all.push_back(at(static_cast<unsigned>(i))
                          .publish("t" + std::to_string(i), with_id(std::to_string(i))));
        cluster_->settle();
    }
    EXPECT_EQ(truth_->refusals(errc::unavailable), 3U);
    at(0).repeat(all[0], with_id("0"));
    at(0).publish("news");  // no id
    settle_and_check();
    EXPECT_EQ(truth_->refusals(errc::unavailable), 3U);
    if (!GetParam().moves_time) return;
    cluster_->pass(seconds{61});
    at(0).publish("news", with_id("9"));
    settle_and_check();
    EXPECT_EQ(truth_->refusals(errc::unavailable), 3U);
}

TEST_P(broker_conformance, random_repetitions_are_executed_once) {
    SCOPED_TRACE(seed_trace());
    std::vector<std::string> const topics = {"a", "b.c", "d"};
    for (std::uint64_t round = 0; round != 20; ++round) {
        SCOPED_TRACE("round " + std::to_string(round));
        auto const seed = test_seed() + round;
        start({.seed = seed});
        dice random(seed);
        std::vector<std::pair<publish_ticket, publication>> said;
        for (unsigned i = 0; i != members(); ++i) at(i).attach(random.pick(topics));
        for (int step = 0; step != 200; ++step) {
            auto& who = at(static_cast<unsigned>(random.below(members())));
            if (said.empty() || random.one_in(3)) {
                auto p = with_id(std::to_string(step), "s" + std::to_string(random.below(2)));
                said.emplace_back(who.publish(random.pick(topics), p), p);
            } else if (random.one_in(4)) {
                who.publish(random.pick(topics));
            } else {
                // The first may still be under way; then whichever arrives first is executed.
                auto const& [first, p] = random.pick(said);
                who.repeat(first, p);
            }
            for (auto n = random.below(4); n != 0; --n) cluster_->pump();
        }
        settle_and_check();
        EXPECT_EQ(truth_->refusals(errc::conflict), 0U);
        for (unsigned i = 0; i != members(); ++i) EXPECT_EQ(at(i).late(), 0U);
        if (HasFailure()) return;
    }
}

}  // namespace weir
