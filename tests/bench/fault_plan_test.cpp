#include <weir/bench/fault_plan.hpp>

#include <gtest/gtest.h>

#include <map>
#include <vector>

namespace weir::bench {
namespace {

std::vector<fault_plan::step> first(fault_rates const& rates, std::uint64_t seed, std::size_t n) {
    fault_plan plan(rates, seed);
    std::vector<fault_plan::step> all;
    while (all.size() != n) all.push_back(plan.next());
    return all;
}

TEST(fault_plan_test, is_the_same_for_the_same_seed) {
    fault_rates const rates{.cuts = 5, .stalls = 1, .slices = 2, .refusals = 0.1};
    EXPECT_EQ(first(rates, 1, 500), first(rates, 1, 500));
    EXPECT_NE(first(rates, 1, 500), first(rates, 2, 500));
}

TEST(fault_plan_test, goes_by_time_and_by_the_rates) {
    fault_rates const rates{.cuts = 10,
                            .resets = 5,
                            .stalls = 1,
                            .pauses = 2,
                            .slow_readers = 1,
                            .slices = 3,
                            .latencies = 4,
                            .refusals = 1};
    std::map<disturbance_kind, int> seen;
    milliseconds last{0};
    for (auto const& s : first(rates, 42, 2700)) {  // 100 s of 27 a second
        EXPECT_GE(s.at, last);
        last = s.at;
        ++seen[s.what.kind];
        bool const once =
            s.what.kind == disturbance_kind::cut || s.what.kind == disturbance_kind::reset;
        if (once) {
            EXPECT_EQ(s.what.lasting.count(), 0);
        } else {
            EXPECT_GT(s.what.lasting.count(), 0);
            EXPECT_LE(s.what.lasting, rates.lasting_max);
        }
    }
    EXPECT_NEAR(static_cast<double>(last.count()), 100'000, 10'000);
    EXPECT_NEAR(seen[disturbance_kind::cut], 1000, 150);
    EXPECT_NEAR(seen[disturbance_kind::reset], 500, 100);
    EXPECT_NEAR(seen[disturbance_kind::stall], 300, 80);  // half-open peers and pauses
    EXPECT_NEAR(seen[disturbance_kind::bandwidth], 100, 50);
    EXPECT_NEAR(seen[disturbance_kind::slice], 300, 80);
    EXPECT_NEAR(seen[disturbance_kind::latency], 400, 90);
    EXPECT_NEAR(seen[disturbance_kind::refuse], 100, 50);
}

TEST(fault_plan_test, may_be_empty) {
    EXPECT_TRUE(fault_plan({}, 1).empty());
    EXPECT_FALSE(fault_plan({.cuts = 1}, 1).empty());
}

TEST(fault_plan_test, says_what_it_does) {
    EXPECT_EQ(describe({.kind = disturbance_kind::stall,
                        .way = direction::to_client,
                        .who = disturbance::reach::one,
                        .connection = 7,
                        .lasting = milliseconds(5)}),
              "stall towards the client connection 7 for 5 ms");
}

}  // namespace
}  // namespace weir::bench
