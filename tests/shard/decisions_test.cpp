// The parts of a shard that decide without a socket.
#include "shard/handshake_pacer.hpp"
#include "shard/leave_times.hpp"
#include "shard/ticket.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <tuple>

namespace weir {
namespace {

mono_time const zero{std::chrono::hours(1)};

TEST(handshake_pacer_test, spaces_handshakes_at_the_rate_after_a_burst) {
    handshake_pacer p(100);  // a slot each 10 ms, ten at once
    nanoseconds last{0};
    int at_once = 0;
    for (int i = 0; i != 100; ++i) {
        auto const v = p.admit(zero);
        ASSERT_TRUE(v.admitted);
        if (v.wait.count() == 0) ++at_once;
        if (last.count() > 0) EXPECT_EQ(v.wait - last, milliseconds(10));
        last = v.wait;
    }
    EXPECT_EQ(at_once, 10);
}

TEST(handshake_pacer_test, refuses_what_would_wait_too_long_and_admits_after_the_told_time) {
    handshake_pacer p(10);
    int admitted = 0;
    handshake_pacer::verdict v;
    while ((v = p.admit(zero)).admitted) ++admitted;
    EXPECT_EQ(admitted, 11);  // a second of queue, and the one for free
    EXPECT_GE(v.retry_after, seconds(1));
    EXPECT_TRUE(p.admit(zero + v.retry_after).admitted);
}

TEST(handshake_pacer_test, who_comes_back_passes_newcomers) {
    handshake_pacer p(10);
    while (p.admit(zero).admitted) {
    }
    int returned = 0;
    while (p.admit(zero, handshake_pacer::who::returning).admitted) ++returned;
    EXPECT_EQ(returned, 10);  // the second half of the queue
    EXPECT_FALSE(p.admit(zero).admitted);
}

TEST(handshake_pacer_test, the_refused_are_told_turns_of_their_own) {
    handshake_pacer p(100);
    while (p.admit(zero).admitted) {
    }
    auto last = p.admit(zero).retry_after;
    for (int i = 0; i != 500; ++i) {
        auto const v = p.admit(zero);
        ASSERT_FALSE(v.admitted);
        EXPECT_EQ(v.retry_after - last, milliseconds(10));
        last = v.retry_after;
    }
    for (int i = 0; i != 100'000; ++i) (void)p.admit(zero);
    std::set<milliseconds> told;
    for (int i = 0; i != 1000; ++i) told.insert(p.admit(zero).retry_after);
    EXPECT_EQ(told.size(), 1000U);
    EXPECT_GE(*told.begin(), handshake_pacer::retry_max / 2);
    EXPECT_LE(*told.rbegin(), handshake_pacer::retry_max);
}

TEST(handshake_pacer_test, no_rate_is_no_limit) {
    handshake_pacer p(0);
    for (int i = 0; i != 100'000; ++i) ASSERT_TRUE(p.admit(zero).admitted);
}

TEST(leave_times_test, gives_each_a_time_of_its_own_inside_the_spread) {
    auto const times = leave_times(1000, 1.0, milliseconds(24'000));
    std::set<milliseconds> distinct;
    for (auto const& t : times) {
        ASSERT_TRUE(t.has_value());
        EXPECT_GE(*t, milliseconds(0));
        EXPECT_LE(*t, milliseconds(24'000));
        distinct.insert(*t);
    }
    EXPECT_GT(distinct.size(), 990U);
}

TEST(leave_times_test, takes_a_share_rounded_up) {
    for (auto const& [clients, share, expected] :
         {std::tuple{10U, 0.5, 5U}, {10U, 0.0, 0U}, {3U, 0.5, 2U}, {1U, 0.01, 1U}, {0U, 1.0, 0U}}) {
        auto const times = leave_times(clients, share, seconds(1));
        auto const leaving =
            std::count_if(times.begin(), times.end(), [](auto const& t) { return t.has_value(); });
        EXPECT_EQ(static_cast<unsigned>(leaving), expected) << clients << " " << share;
    }
}

TEST(ticket_test, names_the_client_and_its_own_number) {
    for (client_slot const s : {client_slot{0, 0}, {1, 2}, {(1U << 20) - 1, (1U << 11) - 1}}) {
        for (std::uint32_t const own : {0U, 7U, ~0U}) {
            auto const ticket = client_ticket(s, own);
            EXPECT_EQ(ticket & api_ticket_bit, 0U);
            auto const [slot, number] = client_of(ticket);
            EXPECT_EQ(slot.index, s.index);
            EXPECT_EQ(slot.generation, s.generation);
            EXPECT_EQ(number, own);
        }
    }
}

}  // namespace
}  // namespace weir
