#include <weir/ops/signals.hpp>

#include <gtest/gtest.h>

#include <csignal>

namespace weir::ops {
namespace {

TEST(signals_test, drain_first_and_stop_only_on_a_second_interrupt) {
    EXPECT_EQ(action_of(SIGTERM, false), signal_action::drain);
    EXPECT_EQ(action_of(SIGINT, false), signal_action::drain);
    EXPECT_EQ(action_of(SIGINT, true), signal_action::stop);
    EXPECT_EQ(action_of(SIGTERM, true), signal_action::none)
        << "service managers repeat it, and that must not cost the drain";
}

TEST(signals_test, reload_until_a_drain_begins) {
    EXPECT_EQ(action_of(SIGHUP, false), signal_action::reload);
    EXPECT_EQ(action_of(SIGHUP, true), signal_action::none);
    EXPECT_EQ(action_of(SIGUSR1, false), signal_action::none);
}

}  // namespace
}  // namespace weir::ops
