#include "bench/figures.hpp"

#include "bench/process_figures.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

namespace weir::bench {
namespace {

TEST(series_test, knows_median_and_range) {
    series s;
    EXPECT_EQ(s.median(), 0);
    for (double const v : {3.0, 1.0, 2.0}) s.add(v);
    EXPECT_EQ(s.median(), 2);
    s.add(10);
    EXPECT_EQ(s.median(), 2.5);
    EXPECT_EQ(s.min(), 1);
    EXPECT_EQ(s.max(), 10);
}

TEST(latencies_test, are_within_two_percent) {
    latencies l;
    EXPECT_EQ(l.percentile(50), 0);
    for (int i = 1; i <= 1000; ++i) l.add(i * 1000);
    EXPECT_NEAR(l.percentile(50), 500, 15);
    EXPECT_NEAR(l.percentile(99), 990, 30);
    l.add(-5);
    l.add(3'600'000'000'000);
    EXPECT_GT(l.percentile(100), 60'000'000);
}

TEST(report_test, says_what_is_not_known) {
    report r("title");
    r.add("figure", series(), "us");
    testing::internal::CaptureStdout();
    r.print(true);
    EXPECT_EQ(testing::internal::GetCapturedStdout(),
              "{\"bench\":\"title\",\"figure\":\"not known\"}\n");
}

TEST(process_figures_test, sees_this_process_work) {
    auto const before = cpu_of(::getpid());
    unsigned volatile work = 0;
    while (cpu_of(::getpid()).total() < before.total() + 0.02) work = work + 1;
    EXPECT_GT(private_dirty_of(::getpid()), 100'000U);
    EXPECT_EQ(private_dirty_of(-1), 0U);
}

}  // namespace
}  // namespace weir::bench
