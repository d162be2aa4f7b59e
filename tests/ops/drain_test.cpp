#include <weir/ops/drain.hpp>

#include <gtest/gtest.h>

namespace weir::ops {
namespace {

TEST(drain_spread_test, is_what_half_the_rate_carries_within_a_second_and_most_of_the_timeout) {
    EXPECT_EQ(drain_spread(0, 1000, seconds(30)), seconds(1));
    EXPECT_EQ(drain_spread(100, 1000, seconds(30)), seconds(1));
    EXPECT_EQ(drain_spread(5'000, 1000, seconds(30)), seconds(10));
    EXPECT_EQ(drain_spread(1'000'000, 1000, seconds(30)), seconds(24));
    EXPECT_EQ(drain_spread(10, 1000, milliseconds(500)), milliseconds(400));
    EXPECT_EQ(drain_spread(10, 0, seconds(30)), seconds(10));
}

TEST(drain_plan_test, follows_the_rate_of_new_handshakes_within_the_timeout) {
    auto const plan = plan_drain(5'000, 1000, seconds(30), std::nullopt);
    EXPECT_EQ(plan.spread, seconds(10));
    EXPECT_EQ(plan.timeout, seconds(30));
    EXPECT_EQ(plan_drain(5'000, 1000, seconds(30), 0.0).spread, seconds(10));
}

TEST(drain_plan_test, takes_as_long_as_the_pace_of_an_operator_needs) {
    auto const slow = plan_drain(1'000, 1000, seconds(30), 10);
    EXPECT_EQ(slow.spread, seconds(100));
    EXPECT_EQ(slow.timeout, seconds(102)) << "the last ones have time to flush";
    auto const fast = plan_drain(1'000, 1000, seconds(30), 1'000);
    EXPECT_EQ(fast.spread, seconds(1));
    EXPECT_EQ(fast.timeout, seconds(30));
    EXPECT_EQ(plan_drain(0, 1000, seconds(30), 10).spread, seconds(0));
}

TEST(shed_plan_test, is_a_drain_of_a_share_that_says_so) {
    auto const plan = plan_shed(0.1, 50'000, 1000, seconds(30));
    EXPECT_EQ(plan.reason, "shed");
    EXPECT_EQ(plan.share, 0.1);
    EXPECT_EQ(plan.spread, seconds(10)) << "5,000 clients at half of 1,000 handshakes a second";
    EXPECT_EQ(plan.deadline, seconds(30));
}

}  // namespace
}  // namespace weir::ops
