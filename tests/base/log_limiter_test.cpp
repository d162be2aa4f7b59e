#include "base/log_limiter.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace weir::log {
namespace {

class log_limiter_test : public testing::Test {
protected:
    log_limiter limiter;
    mono_time now{std::chrono::hours(1)};

    int passed(int tries, std::string_view event, std::string_view source) {
        int n = 0;
        for (int i = 0; i < tries; ++i) n += limiter.admit(now, event, source).pass ? 1 : 0;
        return n;
    }
};

constexpr int burst = log_limiter::lines_per_source;

TEST_F(log_limiter_test, passes_a_burst_a_minute_and_tells_what_it_left_out) {
    EXPECT_EQ(passed(burst + 7, "bad token", "192.0.2.1"), burst);

    now += log_limiter::window - nanoseconds(1);
    EXPECT_FALSE(limiter.admit(now, "bad token", "192.0.2.1").pass);

    now += nanoseconds(1);
    auto const next = limiter.admit(now, "bad token", "192.0.2.1");
    EXPECT_TRUE(next.pass);
    EXPECT_EQ(next.suppressed, 8U);
    EXPECT_EQ(limiter.admit(now, "bad token", "192.0.2.1").suppressed, 0U);
}

TEST_F(log_limiter_test, counts_each_event_and_source_apart) {
    EXPECT_EQ(passed(2 * burst, "bad token", "192.0.2.1"), burst);
    EXPECT_EQ(passed(2 * burst, "bad token", "192.0.2.2"), burst);
    EXPECT_EQ(passed(2 * burst, "bad origin", "192.0.2.1"), burst);
    EXPECT_EQ(limiter.sources(), 3U);
}

TEST_F(log_limiter_test, many_sources_share_the_budget_of_their_event) {
    int lines = 0;
    int const tries = 3 * static_cast<int>(log_limiter::lines_per_event);
    for (int i = 0; i < tries; ++i) lines += passed(1, "bad token", std::to_string(i));
    EXPECT_EQ(lines, static_cast<int>(log_limiter::lines_per_event));
    EXPECT_EQ(passed(1, "another event", "0"), 1);

    now += log_limiter::window;
    auto const next = limiter.admit(now, "bad token", "late");
    EXPECT_TRUE(next.pass);
    EXPECT_EQ(next.suppressed, 0U);
    EXPECT_EQ(next.suppressed_others, static_cast<std::uint64_t>(tries - lines));
}

TEST_F(log_limiter_test, stays_within_its_table_and_loses_no_count) {
    std::uint64_t tries = 0;
    std::uint64_t told = 0;
    auto const one = [&](std::string const& source) {
        ++tries;
        auto const verdict = limiter.admit(now, "event", source);
        told += (verdict.pass ? 1 : 0) + verdict.suppressed + verdict.suppressed_others;
    };
    for (std::size_t i = 0; i < 3 * log_limiter::sources_max; ++i) {
        for (int k = 0; k < burst + 2; ++k) one(std::to_string(i));
        ASSERT_LE(limiter.sources(), log_limiter::sources_max);
    }
    // Enough new sources push out every old pair; what each owed has gone to the event.
    now += log_limiter::window;
    for (std::size_t i = 0; i < log_limiter::sources_max; ++i) one("late " + std::to_string(i));
    now += log_limiter::window;
    one("last");
    EXPECT_EQ(told, tries);
}

TEST_F(log_limiter_test, a_busy_source_is_not_the_first_forgotten) {
    passed(2 * burst, "event", "early");
    passed(1, "event", "quiet");
    now += log_limiter::window;
    passed(2 * burst, "event", "early");  // begins a new minute: now younger than "quiet"
    for (std::size_t i = 2; i < log_limiter::sources_max + 1; ++i) {
        passed(1, "flood", std::to_string(i));
    }
    EXPECT_EQ(limiter.sources(), log_limiter::sources_max);
    EXPECT_EQ(passed(1, "event", "early"), 0);
}

TEST_F(log_limiter_test, long_sources_count_as_their_beginning) {
    std::string const beginning(log_limiter::source_bytes_max, 'a');
    EXPECT_EQ(passed(burst, "event", beginning + "1"), burst);
    EXPECT_EQ(passed(burst, "event", beginning + "2"), 0);
}

TEST_F(log_limiter_test, too_many_events_share_one_budget) {
    for (int i = 0; i < 10'000; ++i) passed(1, "event " + std::to_string(i), "");
    EXPECT_EQ(passed(1, "one more", ""), 0);
    EXPECT_LE(limiter.sources(), log_limiter::sources_max);
}

}  // namespace
}  // namespace weir::log
