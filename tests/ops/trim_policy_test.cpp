#include "ops/trim_policy.hpp"

#include <gtest/gtest.h>

#include <cstddef>

namespace weir {
namespace {

constexpr std::size_t MiB = 1024 * 1024;
constexpr mono_time start{seconds(1000)};

bool look(trim_policy& p, std::size_t used, mono_time at) {
    return p.look(used, used, at);
}

TEST(trim_policy, trims_once_after_a_wave) {
    trim_policy p;
    EXPECT_FALSE(look(p, 20 * MiB, start));
    EXPECT_FALSE(look(p, 300 * MiB, start + seconds(1)));
    EXPECT_FALSE(look(p, 290 * MiB, start + seconds(2))) << "too little was freed";
    EXPECT_TRUE(look(p, 30 * MiB, start + seconds(3)));
    EXPECT_FALSE(look(p, 30 * MiB, start + seconds(20))) << "nothing was freed since";
}

TEST(trim_policy, trims_for_an_eighth_of_what_is_used_at_least) {
    trim_policy p;
    EXPECT_FALSE(look(p, 1000 * MiB, start));
    EXPECT_FALSE(look(p, 900 * MiB, start + seconds(1)));
    EXPECT_TRUE(look(p, 880 * MiB, start + seconds(2)));
}

TEST(trim_policy, a_wave_between_two_looks_counts) {
    trim_policy p;
    EXPECT_FALSE(look(p, 20 * MiB, start));
    EXPECT_FALSE(p.look(20 * MiB, 23 * MiB, start + seconds(1)));
    EXPECT_TRUE(p.look(20 * MiB, 25 * MiB, start + seconds(2)));
}

TEST(trim_policy, does_not_trim_often) {
    trim_policy p;
    EXPECT_FALSE(look(p, 100 * MiB, start));
    EXPECT_TRUE(look(p, 10 * MiB, start + seconds(1)));
    EXPECT_FALSE(look(p, 100 * MiB, start + seconds(2)));
    EXPECT_FALSE(look(p, 10 * MiB, start + seconds(3)));
    EXPECT_FALSE(look(p, 10 * MiB, start + seconds(5)));
    EXPECT_TRUE(look(p, 10 * MiB, start + seconds(6))) << "the later wave is not forgotten";
}

}  // namespace
}  // namespace weir
