#include "topic/dice.hpp"

#include <weir/session/detached_sessions.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <vector>

namespace weir {
namespace {

using eviction = detached_sessions::eviction;

session_id named(std::uint8_t n) {
    session_id id = session_id::random();
    id.bytes[0] = std::byte{n};
    return id;
}

/// "3 per_user" for each who has to go; the number is the first byte of its name.
std::vector<std::string> told(std::vector<eviction> const& gone) {
    std::vector<std::string> out;
    for (eviction const& e : gone) {
        out.push_back(std::to_string(std::to_integer<int>(e.session.bytes[0])) +
                      (e.limit == limit_kind::detached_per_ip     ? " per_ip"
                       : e.limit == limit_kind::detached_per_user ? " per_user"
                                                                  : " total"));
    }
    return out;
}
using names = std::vector<std::string>;

TEST(detached_sessions, the_oldest_can_be_taken) {
    detached_sessions d({.per_ip = 100, .per_user = 100, .total = 100});
    for (std::uint8_t n = 1; n != 5; ++n) EXPECT_TRUE(d.add(named(n), "a", "ann").empty());
    auto const taken = d.take_oldest(3);
    ASSERT_EQ(taken.size(), 3U);
    for (std::uint8_t n = 0; n != 3; ++n) {
        EXPECT_EQ(std::to_integer<int>(taken[n].bytes[0]), n + 1);
        d.remove(taken[n]);  // it has come back, or ended: nothing is left of it
    }
    EXPECT_EQ(d.size(), 1U);
    EXPECT_EQ(d.take_oldest(3).size(), 1U);
    EXPECT_TRUE(d.take_oldest(3).empty());
    EXPECT_FALSE(d.waits_at("a"));
}

TEST(detached_sessions, the_longest_waiting_of_an_address_goes) {
    detached_sessions d({.per_ip = 2, .per_user = 100, .total = 100});
    EXPECT_EQ(told(d.add(named(1), "a", "ann")), names{});
    EXPECT_EQ(told(d.add(named(2), "b", "ann")), names{});
    EXPECT_EQ(told(d.add(named(3), "a", "")), names{});
    EXPECT_EQ(told(d.add(named(4), "a", "ben")), names{"1 per_ip"});
    EXPECT_EQ(told(d.add(named(5), "b", "")), names{});
    EXPECT_EQ(told(d.add(named(6), "a", "")), names{"3 per_ip"});
    EXPECT_EQ(d.size(), 4U);
}

TEST(detached_sessions, the_longest_waiting_of_a_user_goes_and_nobody_is_no_user) {
    detached_sessions d({.per_ip = 100, .per_user = 2, .total = 100});
    for (std::uint8_t i = 1; i != 4; ++i) EXPECT_EQ(told(d.add(named(i), "a", "")), names{});
    EXPECT_EQ(told(d.add(named(4), "a", "ann")), names{});
    EXPECT_EQ(told(d.add(named(5), "b", "ben")), names{});
    EXPECT_EQ(told(d.add(named(6), "c", "ann")), names{});
    EXPECT_EQ(told(d.add(named(7), "d", "ann")), names{"4 per_user"});
    EXPECT_EQ(told(d.add(named(8), "d", "ben")), names{});
}

TEST(detached_sessions, the_longest_waiting_of_all_goes) {
    detached_sessions d({.per_ip = 100, .per_user = 100, .total = 2});
    d.add(named(1), "a", "ann");
    d.add(named(2), "b", "");
    EXPECT_EQ(told(d.add(named(3), "c", "")), names{"1 total"});
    EXPECT_EQ(told(d.add(named(4), "c", "")), names{"2 total"});
    EXPECT_EQ(d.size(), 2U);
}

TEST(detached_sessions, what_goes_for_one_limit_counts_for_none) {
    detached_sessions d({.per_ip = 1, .per_user = 1, .total = 1});
    d.add(named(1), "a", "ann");
    EXPECT_EQ(told(d.add(named(2), "a", "ann")), names{"1 per_ip"});
    EXPECT_EQ(told(d.add(named(3), "b", "ann")), names{"2 per_user"});
    EXPECT_EQ(told(d.add(named(4), "c", "ben")), names{"3 total"});
}

TEST(detached_sessions, who_came_back_gives_its_place_back) {
    detached_sessions d({.per_ip = 2, .per_user = 2, .total = 2});
    auto const one = named(1);
    auto const two = named(2);
    d.add(one, "a", "ann");
    d.add(two, "a", "ann");
    d.remove(one);
    d.remove(one);
    d.remove(named(9));
    EXPECT_EQ(d.size(), 1U);
    EXPECT_EQ(told(d.add(one, "a", "ann")), names{});
    EXPECT_EQ(told(d.add(named(3), "a", "ann")), names{"2 per_ip"}) << "it had left before it";
}

TEST(detached_sessions, adding_twice_is_nothing) {
    detached_sessions d({.per_ip = 2, .per_user = 2, .total = 2});
    auto const one = named(1);
    d.add(one, "a", "ann");
    EXPECT_EQ(told(d.add(one, "b", "ben")), names{});
    EXPECT_EQ(d.size(), 1U);
}

TEST(detached_sessions, a_limit_of_nothing_keeps_nothing) {
    for (detached_limits const& l : {detached_limits{.per_ip = 0}, detached_limits{.per_user = 0},
                                     detached_limits{.total = 0}}) {
        detached_sessions d(l);
        EXPECT_EQ(told(d.add(named(1), "a", "ann")).size(), 1U);
        EXPECT_EQ(d.size(), 0U);
    }
}

TEST(detached_sessions, new_limits_count_from_the_next_one_on) {
    detached_sessions d({.per_ip = 100, .per_user = 100, .total = 100});
    for (std::uint8_t i = 1; i != 6; ++i) d.add(named(i), "a", "ann");
    d.change({.per_ip = 3, .per_user = 2, .total = 100});
    EXPECT_EQ(d.size(), 5U);
    EXPECT_EQ(told(d.add(named(6), "a", "ann")),
              (names{"1 per_ip", "2 per_ip", "3 per_ip", "4 per_user"}));
}

/// The same in the plainest words.
struct model {
    struct one {
        session_id id;
        std::string ip, user;
    };
    detached_limits limits;
    std::list<one> all;

    template <class Same>
    void shrink(std::size_t max, Same same, std::vector<session_id>& gone) {
        while (static_cast<std::size_t>(std::count_if(all.begin(), all.end(), same)) > max) {
            auto const oldest = std::find_if(all.begin(), all.end(), same);
            gone.push_back(oldest->id);
            all.erase(oldest);
        }
    }
    std::vector<session_id> add(one const& o) {
        std::vector<session_id> gone;
        all.push_back(o);
        shrink(limits.per_ip, [&](one const& x) { return x.ip == o.ip; }, gone);
        if (!o.user.empty()) {
            shrink(limits.per_user, [&](one const& x) { return x.user == o.user; }, gone);
        }
        shrink(limits.total, [](one const&) { return true; }, gone);
        return gone;
    }
};

TEST(detached_sessions, do_what_their_model_does) {
    SCOPED_TRACE(seed_trace());
    dice random(test_seed());
    for (int round = 0; round != 20; ++round) {
        auto const any = [&] {
            return detached_limits{random.below(6), random.below(6), random.below(20)};
        };
        model m{any(), {}};
        detached_sessions d(m.limits);
        for (int step = 0; step != 500; ++step) {
            if (random.one_in(50)) {
                m.limits = any();
                d.change(m.limits);
            } else if (random.one_in(3) && !m.all.empty()) {
                auto const which = std::next(
                    m.all.begin(), static_cast<std::ptrdiff_t>(random.below(m.all.size())));
                d.remove(which->id);
                m.all.erase(which);
            } else {
                std::string user(1, static_cast<char>('A' + random.below(5)));
                if (random.one_in(3)) user.clear();
                model::one const o{session_id::random(),
                                   std::string(1, static_cast<char>('a' + random.below(5))), user};
                std::vector<session_id> gone;
                for (auto const& e : d.add(o.id, o.ip, o.user)) gone.push_back(e.session);
                ASSERT_EQ(gone, m.add(o));
            }
            ASSERT_EQ(d.size(), m.all.size());
        }
    }
}

}  // namespace
}  // namespace weir
