#include <weir/session/directory.hpp>

#include <gtest/gtest.h>

#include <list>
#include <string>
#include <utility>

namespace weir {
namespace {

mono_time const start(seconds(100));

directory_limits small() {
    return {.connections = 5,
            .connections_per_ip = 2,
            .connections_per_user = 3,
            .handshakes_per_ip_per_second = 2,
            .messages_per_second_per_user = 10};
}

TEST(directory, counts_connections_by_address_and_all_together) {
    directory d(small());
    directory::units a, b, c, e, f, g;
    EXPECT_FALSE(d.enter("1", start, a));
    EXPECT_FALSE(d.enter("1", start, b));
    auto const third = d.enter("1", start, c);
    ASSERT_TRUE(third);
    EXPECT_EQ(third->limit, limit_kind::connections_per_ip);
    EXPECT_GT(third->retry_after.count(), 0);
    EXPECT_FALSE(c);
    EXPECT_EQ(d.connections(), 2U);
    EXPECT_FALSE(d.enter("2", start, c));
    EXPECT_FALSE(d.enter("3", start, e));
    EXPECT_FALSE(d.enter("4", start, f));
    auto const sixth = d.enter("5", start, g);
    ASSERT_TRUE(sixth);
    EXPECT_EQ(sixth->limit, limit_kind::connections);
    EXPECT_EQ(d.connections(), 5U);
    a = {};
    EXPECT_EQ(d.connections(), 4U);
    EXPECT_FALSE(d.enter("1", start, a));
}

TEST(directory, counts_connections_by_user) {
    directory d(small());
    std::list<directory::units> held(3);
    for (auto& u : held) EXPECT_FALSE(d.login("ann", start, u));
    directory::units more;
    auto const refused = d.login("ann", start, more);
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->limit, limit_kind::connections_per_user);
    EXPECT_FALSE(d.login("ben", start, more));
    EXPECT_EQ(d.connections(), 0U) << "a user is no connection";
    held.pop_back();
    EXPECT_FALSE(d.login("ann", start, more));
}

TEST(directory, a_place_moves_and_is_given_back_once) {
    directory d(small());
    {
        directory::units a;
        EXPECT_FALSE(d.enter("1", start, a));
        directory::units b = std::move(a);
        EXPECT_TRUE(b);
        directory::units c;
        EXPECT_FALSE(d.enter("2", start, c));
        EXPECT_EQ(d.connections(), 2U);
        c = std::move(b);
        EXPECT_EQ(d.connections(), 1U);
        auto& same = c;
        c = std::move(same);
        EXPECT_TRUE(c);
        EXPECT_EQ(d.connections(), 1U);
    }
    EXPECT_EQ(d.connections(), 0U);
}

TEST(directory, entering_over_a_held_place_gives_that_one_back) {
    directory d(small());
    directory::units a;
    EXPECT_FALSE(d.enter("1", start, a));
    EXPECT_FALSE(d.enter("2", start, a));
    EXPECT_EQ(d.connections(), 1U);
}

TEST(directory, paces_handshakes_with_a_true_wait) {
    directory d(small());
    for (int i = 0; i != 4; ++i) EXPECT_FALSE(d.admit_handshake("1", start));
    auto const refused = d.admit_handshake("1", start);
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->limit, limit_kind::handshakes_per_ip);
    EXPECT_EQ(refused->retry_after, milliseconds(500));
    EXPECT_FALSE(d.admit_handshake("2", start));
    EXPECT_TRUE(d.admit_handshake("1", start + milliseconds(499)));
    EXPECT_FALSE(d.admit_handshake("1", start + milliseconds(500)));
}

TEST(directory, a_users_messages_are_one_rate) {
    directory d(small());
    directory::units a, b;
    EXPECT_FALSE(d.login("ann", start, a));
    EXPECT_FALSE(d.login("ann", start, b));
    for (int i = 0; i != 10; ++i) {
        EXPECT_EQ(a.take_message(start), milliseconds(0));
        EXPECT_EQ(b.take_message(start), milliseconds(0));
    }
    EXPECT_EQ(a.take_message(start), milliseconds(100));
    EXPECT_EQ(b.take_message(start + milliseconds(100)), milliseconds(0));
    EXPECT_EQ(directory::units().take_message(start), milliseconds(0));
}

TEST(directory, leaving_and_coming_back_fills_no_bucket) {
    directory d(small());
    directory::units a;
    EXPECT_FALSE(d.login("ann", start, a));
    while (a.take_message(start) == milliseconds(0)) {
    }
    a = {};
    EXPECT_FALSE(d.login("ann", start, a));
    EXPECT_EQ(a.take_message(start), milliseconds(100));
}

TEST(directory, new_limits_hold_at_once_and_take_nothing_away) {
    directory d(small());
    directory::units a, b, c;
    EXPECT_FALSE(d.enter("1", start, a));
    EXPECT_FALSE(d.enter("1", start, b));
    directory_limits limits = small();
    limits.connections_per_ip = 1;
    limits.messages_per_second_per_user = 0;
    d.change(limits);
    EXPECT_TRUE(a);
    EXPECT_TRUE(b);
    a = {};
    EXPECT_TRUE(d.enter("1", start, c)) << "one is still there";
    b = {};
    EXPECT_FALSE(d.enter("1", start, c));
    EXPECT_FALSE(d.login("ann", start, a));
    for (int i = 0; i != 1000; ++i) EXPECT_EQ(a.take_message(start), milliseconds(0));
}

TEST(directory, forgets_who_is_not_needed) {
    directory d(small());
    for (int i = 0; i != 1000; ++i) EXPECT_FALSE(d.admit_handshake(std::to_string(i), start));
    EXPECT_EQ(d.entries(), 1000U);
    directory::units held;
    EXPECT_FALSE(d.enter("7", start, held));
    mono_time const later = start + seconds(2);
    for (int i = 0; i != 3000; ++i) {
        (void)d.admit_handshake("other" + std::to_string(i), later + seconds(i));
    }
    EXPECT_LE(d.entries(), 200U);
    EXPECT_TRUE(held);
    directory::units second, third;
    EXPECT_FALSE(d.enter("7", later, second));
    EXPECT_TRUE(d.enter("7", later, third)) << "its count was not forgotten";
}

TEST(directory, what_a_stranger_can_make_it_remember_is_bounded) {
    directory d({.connections = 1'000'000,
                 .connections_per_ip = 10,
                 .connections_per_user = 10,
                 .handshakes_per_ip_per_second = 1,
                 .messages_per_second_per_user = 1});
    for (int i = 0; i != 40'000; ++i) (void)d.admit_handshake(std::to_string(i), start);
    EXPECT_EQ(d.entries(), 40'000U) << "nobody is forgotten before there is need";
    for (int i = 40'000; i != 80'000; ++i) {
        directory::units u;
        EXPECT_FALSE(d.enter(std::to_string(i), start, u));
        (void)d.admit_handshake(std::to_string(i), start);
    }
    EXPECT_LE(d.entries(), 65'536U);
    EXPECT_GE(d.entries(), 60'000U);
}

}  // namespace
}  // namespace weir
