#include <weir/async/timing_wheel.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <random>
#include <vector>

namespace weir {
namespace {

constexpr milliseconds grain{10};
mono_time const start = mono_time{} + std::chrono::hours(1000);

struct probe final : wheel_entry {
    void on_deadline(mono_time at) override {
        ++fired;
        last = at;
        if (then) then();
    }
    int fired = 0;
    mono_time last{};
    std::function<void()> then;
};

struct moment {
    char const* name;
    milliseconds after;
};

class timing_wheel_at : public testing::TestWithParam<moment> {};

// Never early, at most a grain late, whatever level of the wheel it went through.
TEST_P(timing_wheel_at, runs_at_its_deadline) {
    timing_wheel wheel(start, grain);
    probe p;
    auto const when = start + GetParam().after;
    wheel.set(p, when);
    wheel.advance(when - milliseconds(1));
    EXPECT_EQ(p.fired, 0);
    EXPECT_TRUE(p.is_set());
    wheel.advance(when + grain);
    EXPECT_EQ(p.fired, 1);
    EXPECT_EQ(p.last, when + grain);
    EXPECT_FALSE(p.is_set());
    wheel.advance(when + std::chrono::hours(24 * 365));
    EXPECT_EQ(p.fired, 1);
}

INSTANTIATE_TEST_SUITE_P(
    every_level, timing_wheel_at,
    testing::Values(moment{"one_tick", milliseconds(10)}, moment{"between_ticks", milliseconds(15)},
                    moment{"end_of_level_0", milliseconds(630)},
                    moment{"level_1", milliseconds(640)}, moment{"seconds", milliseconds(30001)},
                    moment{"level_2", milliseconds(40960)},
                    moment{"minutes", std::chrono::minutes(5)},
                    moment{"level_3", milliseconds(2621440)}, moment{"day", std::chrono::hours(24)},
                    moment{"level_4", milliseconds(167772160)},
                    moment{"months", std::chrono::hours(24 * 100)},
                    moment{"beyond_the_span", std::chrono::hours(24 * 400)},
                    moment{"a_whole_turn", milliseconds(10737418240)}),
    [](auto const& p) { return std::string(p.param.name); });

TEST(timing_wheel, never_does_not_come) {
    timing_wheel wheel(start, grain);
    probe p;
    wheel.set(p, never);
    EXPECT_FALSE(wheel.advance(start + std::chrono::hours(24 * 365 * 50)));
    EXPECT_EQ(p.fired, 0);
    EXPECT_EQ(wheel.size(), 1u);
}

TEST(timing_wheel, the_past_is_the_next_advance) {
    timing_wheel wheel(start, grain);
    probe before;
    probe epoch;
    wheel.set(before, start - seconds(1));
    wheel.set(epoch, mono_time{});
    wheel.advance(start);
    EXPECT_EQ(before.fired, 1);
    EXPECT_EQ(epoch.fired, 1);
}

TEST(timing_wheel, an_entry_that_sets_itself_for_the_past_waits_for_the_next_advance) {
    timing_wheel wheel(start, grain);
    probe p;
    p.then = [&] { wheel.set(p, start); };
    wheel.set(p, start);
    EXPECT_FALSE(wheel.advance(start + seconds(1)));
    EXPECT_EQ(p.fired, 1);
    wheel.advance(start + seconds(1));
    EXPECT_EQ(p.fired, 2);
}

TEST(timing_wheel, a_deadline_can_be_moved_and_cancelled) {
    timing_wheel wheel(start, grain);
    probe moved;
    probe cancelled;
    wheel.set(moved, start + seconds(1));
    wheel.set(cancelled, start + seconds(1));
    wheel.set(moved, start + seconds(100));
    wheel.cancel(cancelled);
    wheel.cancel(cancelled);
    EXPECT_EQ(wheel.size(), 1u);
    wheel.advance(start + seconds(99));
    EXPECT_EQ(moved.fired, 0);
    wheel.advance(start + seconds(101));
    EXPECT_EQ(moved.fired, 1);
    EXPECT_EQ(cancelled.fired, 0);
}

TEST(timing_wheel, an_entry_may_destroy_and_cancel_others_that_are_due) {
    timing_wheel wheel(start, grain);
    auto destroyed = std::make_unique<probe>();
    probe cancelled;
    probe first;
    first.then = [&] {
        destroyed.reset();
        wheel.cancel(cancelled);
    };
    wheel.set(first, start + seconds(1));
    wheel.set(*destroyed, start + seconds(1));
    wheel.set(cancelled, start + seconds(2));
    EXPECT_FALSE(wheel.advance(start + seconds(3)));
    EXPECT_EQ(first.fired, 1);
    EXPECT_EQ(cancelled.fired, 0);
    EXPECT_EQ(wheel.size(), 0u);
}

TEST(timing_wheel, a_budget_leaves_the_rest_for_later_in_order) {
    timing_wheel wheel(start, grain);
    std::vector<int> order;
    std::vector<std::unique_ptr<probe>> all;
    for (int i = 0; i < 10; ++i) {
        all.push_back(std::make_unique<probe>());
        all.back()->then = [&order, i] { order.push_back(i); };
        wheel.set(*all.back(), start + seconds(10 - i));
    }
    EXPECT_TRUE(wheel.advance(start + seconds(60), 3));
    EXPECT_EQ(order, (std::vector{9, 8, 7}));
    EXPECT_FALSE(wheel.advance(start + seconds(60), 7));
    EXPECT_EQ(order, (std::vector{9, 8, 7, 6, 5, 4, 3, 2, 1, 0}));
}

TEST(timing_wheel, entries_outlive_their_wheel) {
    probe p;
    {
        timing_wheel wheel(start, grain);
        wheel.set(p, start + seconds(1));
    }
    EXPECT_FALSE(p.is_set());
}

// Ten years in one step, ten times, with deadlines in every level: what has passed is not walked
// tick by tick (3·10^10 of them).
TEST(timing_wheel, a_long_sleep_costs_what_is_due) {
    timing_wheel wheel(start, grain);
    std::vector<std::unique_ptr<probe>> all;
    for (int i = 0; i < 15000; ++i) {
        all.push_back(std::make_unique<probe>());
        wheel.set(*all.back(), start + milliseconds(static_cast<std::int64_t>(i) * i * 97));
    }
    for (int year = 10; year <= 100; year += 10) {
        EXPECT_FALSE(wheel.advance(start + std::chrono::hours(24 * 365) * year));
    }
    for (auto const& p : all) EXPECT_EQ(p->fired, 1);
}

// Against the plainest model there is: a list of deadlines.
TEST(timing_wheel, agrees_with_a_model) {
    auto const seed = std::random_device{}();
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937_64 random(seed);
    auto const pick = [&](std::uint64_t below) { return random() % below; };

    timing_wheel wheel(start, grain);
    struct model {
        std::unique_ptr<probe> entry = std::make_unique<probe>();
        mono_time when = never;
        int due = 0;
    };
    std::vector<model> all(200);
    mono_time at = start;
    auto const tick = [](mono_time t, bool up) {
        auto const ns = (t - start).count();
        auto const g = nanoseconds(grain).count();
        return (ns + (up ? g - 1 : 0)) / g;
    };
    for (int step = 0; step < 10000; ++step) {
        auto& m = all[pick(all.size())];
        switch (pick(10)) {
            case 0:
                wheel.cancel(*m.entry);
                m.when = never;
                break;
            case 1:
                m = model{};  // dies while set
                break;
            case 2:
            case 3: {
                at += nanoseconds(pick(std::uint64_t{1} << pick(52)));
                EXPECT_FALSE(wheel.advance(at));
                for (auto& each : all) {
                    if (each.when == never || tick(each.when, true) > tick(at, false)) continue;
                    ++each.due;
                    each.when = never;
                }
                break;
            }
            default:
                m.when = at + nanoseconds(pick(std::uint64_t{1} << pick(52)));
                wheel.set(*m.entry, m.when);
        }
        for (auto const& each : all) {
            ASSERT_EQ(each.entry->fired, each.due) << "step " << step;
            ASSERT_EQ(each.entry->is_set(), each.when != never) << "step " << step;
        }
        auto const waiting =
            std::ranges::count_if(all, [](auto& one) { return one.when != never; });
        ASSERT_EQ(wheel.size(), static_cast<std::size_t>(waiting)) << "step " << step;
    }
}

}  // namespace
}  // namespace weir
