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

}  // namespace
}  // namespace weir::ops
