#include "ops/trim_policy.hpp"

#include <gtest/gtest.h>

#include <cstddef>

namespace weir {
namespace {

constexpr std::size_t MiB = 1024 * 1024;
constexpr mono_time start{seconds(1000)};

TEST(trim_policy, trims_once_after_a_wave) {
    trim_policy p;
    EXPECT_FALSE(p.look(20 * MiB, start));
    EXPECT_FALSE(p.look(300 * MiB, start + seconds(1)));
    EXPECT_FALSE(p.look(290 * MiB, start + seconds(2))) << "too little was freed";
    EXPECT_TRUE(p.look(30 * MiB, start + seconds(3)));
    EXPECT_FALSE(p.look(30 * MiB, start + seconds(20))) << "nothing was freed since";
}

TEST(trim_policy, trims_for_an_eighth_of_what_is_used_at_least) {
    trim_policy p;
    EXPECT_FALSE(p.look(1000 * MiB, start));
    EXPECT_FALSE(p.look(900 * MiB, start + seconds(1)));
    EXPECT_TRUE(p.look(880 * MiB, start + seconds(2)));
}

TEST(trim_policy, does_not_trim_often) {
    trim_policy p;
    EXPECT_FALSE(p.look(100 * MiB, start));
    EXPECT_TRUE(p.look(10 * MiB, start + seconds(1)));
    EXPECT_FALSE(p.look(100 * MiB, start + seconds(2)));
    EXPECT_FALSE(p.look(10 * MiB, start + seconds(3)));
    EXPECT_FALSE(p.look(10 * MiB, start + seconds(10)));
    EXPECT_TRUE(p.look(10 * MiB, start + seconds(11))) << "the later wave is not forgotten";
}

}  // namespace
}  // namespace weir
