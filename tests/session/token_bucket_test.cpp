#include "topic/dice.hpp"

#include <weir/session/token_bucket.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace weir {
namespace {

mono_time const start(seconds(100));

TEST(token_bucket, starts_full) {
    token_bucket b(start);
    token_bucket::limit const l{10, 20};
    for (int i = 0; i != 20; ++i) EXPECT_EQ(b.take(l, start), milliseconds(0));
    EXPECT_EQ(b.take(l, start), milliseconds(100));
    EXPECT_EQ(b.wait(l, start), milliseconds(100));
}

TEST(token_bucket, a_refusal_takes_nothing) {
    token_bucket b(start);
    token_bucket::limit const l{1, 1};
    EXPECT_EQ(b.take(l, start), milliseconds(0));
    for (int i = 0; i != 100; ++i) EXPECT_EQ(b.take(l, start), milliseconds(1000));
    EXPECT_EQ(b.take(l, start + seconds(1)), milliseconds(0));
}

TEST(token_bucket, holds_no_more_than_a_burst) {
    token_bucket b(start);
    token_bucket::limit const l{10, 5};
    int taken = 0;
    while (b.take(l, start + seconds(1000)) == milliseconds(0)) ++taken;
    EXPECT_EQ(taken, 5);
}

TEST(token_bucket, without_a_rate_there_is_no_limit) {
    token_bucket b(start);
    for (double const rate : {0.0, -1.0, std::numeric_limits<double>::quiet_NaN()}) {
        for (int i = 0; i != 1000; ++i) {
            EXPECT_EQ(b.take({rate, 0}, start), milliseconds(0));
        }
    }
    EXPECT_EQ(b.take({1, 1}, start), milliseconds(0)) << "and nothing was used up";
}

TEST(token_bucket, takes_extreme_limits) {
    for (double const rate : {1e-300, 1e-9, 1e9, 1e300, std::numeric_limits<double>::infinity()}) {
        for (double const burst : {0.0, 1.0, 1e300, std::numeric_limits<double>::infinity()}) {
            token_bucket b(start);
            milliseconds wait{0};
            for (int i = 0; i != 100; ++i) wait = std::max(wait, b.take({rate, burst}, start));
            EXPECT_GE(wait, milliseconds(0));
            EXPECT_LE(wait, std::chrono::hours(24 * 12));
        }
    }
}

TEST(token_bucket, a_new_limit_holds_at_once) {
    token_bucket b(start);
    for (int i = 0; i != 200; ++i) b.take({100, 200}, start);
    EXPECT_EQ(b.take({1000, 5000}, start), milliseconds(0));
    token_bucket::limit const strict{1, 2};
    milliseconds const wait = b.take(strict, start);
    EXPECT_GT(wait, milliseconds(0));
    EXPECT_EQ(b.take(strict, start + wait), milliseconds(0));
}

TEST(token_bucket, the_wait_is_true_and_the_rate_is_kept) {
    SCOPED_TRACE(seed_trace());
    dice random(test_seed());
    for (int round = 0; round != 200; ++round) {
        token_bucket::limit const l{0.1 * static_cast<double>(1 + random.below(5000)),
                                    static_cast<double>(1 + random.below(50))};
        mono_time at = start;
        token_bucket b(at);
        std::size_t taken = 0;
        for (int step = 0; step != 300; ++step) {
            milliseconds const wait = b.take(l, at);
            if (wait.count() == 0) {
                ++taken;
            } else if (random.one_in(3)) {
                token_bucket early = b;
                ASSERT_GT(early.take(l, at + wait - milliseconds(1)).count(), 0);
                token_bucket in_time = b;
                ASSERT_EQ(in_time.take(l, at + wait).count(), 0);
                at += wait;
            }
            if (random.one_in(2)) at += nanoseconds(random.below(10'000'000));
            double const passed = std::chrono::duration<double>(at - start).count();
            ASSERT_LE(static_cast<double>(taken),
                      l.burst + passed * l.per_second * 1.000001 + 1e-6);
        }
    }
}

}  // namespace
}  // namespace weir
