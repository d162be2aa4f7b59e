#include "bench/soak_plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::bench {
namespace {

using testing::HasSubstr;
using testing::Not;

soak_options options(std::vector<std::string> with = {}) {
    soak_options o;
    o.sessions = 30;
    o.with = std::move(with);
    return o;
}

TEST(soak_plan_test, is_the_same_for_the_same_seed) {
    auto const o = options();
    soak_plan one(o, 7), two(o, 7), other(o, 8);
    auto const a = one.settings(1), b = two.settings(1), c = other.settings(1);
    EXPECT_EQ(a.seats, b.seats);
    EXPECT_EQ(a.options, b.options);
    EXPECT_EQ(a.seed, b.seed);
    EXPECT_NE(a.seats, c.seats);
    EXPECT_NE(a.options, c.options);
    EXPECT_EQ(one.configuration(0), other.configuration(0));
}

TEST(soak_plan_test, uses_every_option_of_a_subscription) {
    auto const o = options();
    soak_plan plan(o, 1);
    auto const s = plan.settings(1);
    std::string all;
    for (auto const& slots : s.options) {
        for (auto const& text : slots) all += text;
    }
    for (auto const* member : {R"("state":true)", R"("rate":)", R"("presence":true)"}) {
        EXPECT_THAT(all, HasSubstr(member));
    }
    EXPECT_GT(s.echo_off, 0);
    EXPECT_GT(s.is_volatile, 0);
    EXPECT_GT(s.removals, 0);
    EXPECT_TRUE(s.rewind);
    EXPECT_EQ(s.tokens.size(), o.sessions);
    EXPECT_TRUE(plan.replaces_options());
    EXPECT_TRUE(plan.reloads());
    EXPECT_NE(plan.configuration(0), plan.configuration(1));
}

TEST(soak_plan_test, can_be_limited_to_some) {
    auto const o = options({"keys", "state"});
    soak_plan plan(o, 1);
    auto const s = plan.settings(1);
    EXPECT_THAT(plan.configuration(0), HasSubstr("state: {kind: keyed"));
    EXPECT_THAT(plan.configuration(0), Not(HasSubstr(", rate:")));
    EXPECT_EQ(s.echo_off, 0);
    EXPECT_FALSE(s.rewind);
    EXPECT_FALSE(plan.replaces_options());
    auto const none = options({"none"});
    soak_plan plain(none, 1);
    EXPECT_THAT(plain.configuration(0), Not(HasSubstr("state: {")));
    EXPECT_EQ(plain.settings(1).topics.size(), 16U);
}

}  // namespace
}  // namespace weir::bench
