#include <weir/base/observer.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>

namespace weir {
namespace {

TEST(single_writer, counts_up_and_down) {
    single_writer n;
    EXPECT_EQ(n.read(), 0U);
    n.add();
    n.add(41);
    EXPECT_EQ(n.read(), 42U);
    n.sub(2);
    EXPECT_EQ(n.read(), 40U);
    n.set(7);
    EXPECT_EQ(n.read(), 7U);
}

std::size_t bucket_of(std::int64_t nanoseconds) {
    seconds_histogram h;
    h.observe(nanoseconds);
    for (std::size_t k = 0; k != seconds_histogram::buckets; ++k) {
        if (h.count(k) == 1) return k;
    }
    return seconds_histogram::buckets;
}

TEST(seconds_histogram, a_bound_belongs_to_its_bucket_and_a_nanosecond_more_does_not) {
    for (std::size_t k = 0; k + 1 != seconds_histogram::buckets; ++k) {
        auto const bound = std::llround(seconds_histogram::bound(k) * 1e9);
        EXPECT_EQ(bucket_of(bound), k);
        EXPECT_EQ(bucket_of(bound + 1), k + 1);
        EXPECT_EQ(bucket_of(bound - 1), k);
    }
}

TEST(seconds_histogram, everything_has_a_bucket) {
    EXPECT_EQ(bucket_of(0), 0U);
    EXPECT_EQ(bucket_of(-5), 0U);
    EXPECT_EQ(bucket_of(std::numeric_limits<std::int64_t>::min()), 0U);
    EXPECT_EQ(bucket_of(std::numeric_limits<std::int64_t>::max()), seconds_histogram::buckets - 1);
    EXPECT_DOUBLE_EQ(seconds_histogram::bound(0), 0.0001);
    EXPECT_DOUBLE_EQ(seconds_histogram::bound(15), 3.2768);
}

TEST(seconds_histogram, sums_seconds) {
    seconds_histogram h;
    h.observe(1'500'000'000);
    h.observe(500'000'000);
    h.observe(-1);
    EXPECT_DOUBLE_EQ(h.sum(), 2.0);
}

TEST(observer, a_row_is_addressed_by_its_enumerator) {
    observer o;
    at(o.closed, close_reason::slow_consumer).add(3);
    at(o.errors, errc::conflict).add();
    observer const& read = o;
    EXPECT_EQ(at(read.closed, close_reason::slow_consumer).read(), 3U);
    EXPECT_EQ(at(read.closed, close_reason::normal).read(), 0U);
    EXPECT_EQ(at(read.errors, errc::conflict).read(), 1U);
}

}  // namespace
}  // namespace weir
