#include "topic/topic_presence.hpp"

#include "topic/dice.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <string>
#include <vector>

namespace weir {
namespace {

using names = std::vector<std::string>;
constexpr std::size_t all = std::numeric_limits<std::size_t>::max();

/// Does as a home does: tells what is due after each step.
struct told_presence {
    void enter(std::string const& user, std::string const& info = "") {
        EXPECT_TRUE(presence.enter(user, info, now));
        tell_due();
    }
    void exit(std::string const& user) {
        presence.exit(user, now);
        tell_due();
    }
    void pass(nanoseconds time) {
        now += time;
        presence.expire(now, all);
        tell_due();
    }
    void tell_due() {
        if (presence.flush_due(now)) flush();
    }
    void flush() {
        for (auto const& change : presence.flush("t", now)) {
            EXPECT_EQ(change->topic, "t");
            EXPECT_EQ(change->version, ++version);
            EXPECT_FALSE(change->joined.empty() && change->left.empty());
            EXPECT_LE(change->joined.size() + change->left.size(), topic_presence::change_max);
            std::string text;
            for (auto const& m : change->joined) {
                text += "+" + m.user + m.info;
                auto const [was, fresh] = users.try_emplace(m.user, m);
                EXPECT_TRUE(fresh || was->second != m) << m.user << " joined again";
                was->second = m;
            }
            for (auto const& user : change->left) {
                text += "-" + user;
                EXPECT_EQ(users.erase(user), 1U) << user;
            }
            changes.push_back(text);
        }
    }
    /// What has been told is what a page says.
    void compare() {
        flush();
        auto const page = presence.page(1000);
        EXPECT_EQ(page.version, version);
        EXPECT_EQ(page.total, users.size());
        std::map<std::string, presence_member> in_page;
        for (auto const& m : page.members) in_page[m.user] = m;
        EXPECT_EQ(in_page, users);
    }
    topic_presence presence;
    nanoseconds now{0};
    std::uint64_t version = 0;
    names changes;
    std::map<std::string, presence_member> users;
};

TEST(topic_presence, the_first_change_after_a_quiet_second_is_told_at_once) {
    told_presence t;
    t.enter("a");
    EXPECT_EQ(t.changes, names{"+a"});
    t.enter("b");
    t.enter("c");
    EXPECT_EQ(t.changes, names{"+a"});
    EXPECT_EQ(t.presence.next_due(), nanoseconds{1});
    t.pass(seconds{1});
    EXPECT_EQ(t.changes, (names{"+a", "+b+c"}));
    t.enter("d");
    EXPECT_EQ(t.changes.size(), 2U);
    t.pass(seconds{1});
    t.pass(seconds{1});
    EXPECT_EQ(t.presence.next_due(), nanoseconds::max());
    t.enter("e");
    EXPECT_EQ(t.changes, (names{"+a", "+b+c", "+d", "+e"}));
    t.compare();
}

TEST(topic_presence, a_user_leaves_after_the_grace_of_its_last_connection) {
    told_presence t;
    t.enter("a");
    t.enter("a");
    t.exit("a");
    t.pass(seconds{30});
    EXPECT_EQ(t.changes, names{"+a"});
    t.exit("a");
    EXPECT_EQ(t.presence.page(9).members, (std::vector<presence_member>{{"a", 1, ""}}));
    EXPECT_EQ(t.presence.next_due(), seconds{40});
    t.pass(topic_presence::grace - nanoseconds{1});
    EXPECT_EQ(t.changes, names{"+a"});
    t.enter("a");
    t.pass(seconds{30});
    t.exit("a");
    t.exit("a");  // not known to be there
    t.pass(topic_presence::grace);
    EXPECT_EQ(t.changes, (names{"+a", "-a"}));
    EXPECT_TRUE(t.presence.idle());
    t.exit("a");
    t.exit("b");
    t.pass(seconds{30});
    EXPECT_EQ(t.changes.size(), 2U);
}

TEST(topic_presence, what_is_undone_within_a_batch_is_not_told) {
    told_presence t;
    t.enter("a");
    t.enter("b");
    t.exit("b");
    t.now += seconds{20};  // a late tick
    EXPECT_EQ(t.presence.expire(t.now, all), 1U);
    EXPECT_FALSE(t.presence.flush_due(t.now));
    t.exit("a");
    t.now += seconds{20};
    EXPECT_EQ(t.presence.expire(t.now, all), 1U);
    EXPECT_TRUE(t.presence.flush_due(t.now));
    EXPECT_TRUE(t.presence.enter("a", "", t.now));
    EXPECT_FALSE(t.presence.flush_due(t.now));
    t.compare();
    EXPECT_EQ(t.changes, names{"+a"});
}

TEST(topic_presence, the_newest_info_counts_and_is_told) {
    told_presence t;
    t.enter("a", "1");
    t.exit("a");
    t.pass(seconds{5});
    t.enter("a", "1");
    EXPECT_EQ(t.changes, names{"+a1"});
    t.exit("a");
    t.enter("a", "2");
    EXPECT_EQ(t.changes, (names{"+a1", "+a2"}));
    t.enter("a", "3");
    t.enter("a", "2");
    t.exit("a");
    t.exit("a");  // and back
    t.pass(seconds{1});
    EXPECT_EQ(t.changes.size(), 2U);
    t.compare();
}

TEST(topic_presence, another_number_of_connections_has_another_version) {
    told_presence t;
    t.enter("a");
    t.pass(seconds{5});
    t.enter("a");
    EXPECT_EQ(t.users.at("a").connections, 2U);
    EXPECT_EQ(t.presence.page(9).version, 2U);
    t.pass(seconds{5});
    t.exit("a");
    EXPECT_EQ(t.users.at("a").connections, 1U);
    EXPECT_EQ(t.presence.page(9).version, 3U);
    t.pass(seconds{5});
    t.exit("a");  // as if it were there, until the grace is over
    EXPECT_EQ(t.presence.page(9).version, 3U);
    EXPECT_EQ(t.presence.page(9).members.at(0).connections, 1U);
    t.compare();
}

/// Has a page of some moment, and every change since.
struct page_reader {
    explicit page_reader(presence_page const& page) : version(page.version) {
        for (auto const& m : page.members) users[m.user] = m;
    }
    void apply(presence_change const& change) {
        if (change.version <= version) return;
        version = change.version;
        for (auto const& m : change.joined) users[m.user] = m;
        for (auto const& user : change.left) users.erase(user);
    }
    std::uint64_t version;
    std::map<std::string, presence_member> users;
};

TEST(topic_presence, a_page_does_not_end_a_batch) {
    topic_presence presence;
    std::size_t told = 0;
    for (int i = 0; i != 100; ++i) {
        presence.enter("u" + std::to_string(i), "", nanoseconds{0});
        if (presence.flush_due(nanoseconds{0})) told += presence.flush("t", nanoseconds{0}).size();
        auto const page = presence.page(1000);
        EXPECT_EQ(page.total, static_cast<std::size_t>(i) + 1) << "what is not told yet, too";
        EXPECT_EQ(page.version, 1U);
    }
    EXPECT_EQ(told, 1U);
    EXPECT_EQ(presence.flush("t", seconds{1}).size(), 1U);
}

TEST(topic_presence, what_a_page_shows_and_is_undone_is_told) {
    topic_presence presence;
    nanoseconds now{0};
    presence.enter("a", "", now);
    presence.flush("t", now);
    presence.exit("a", now);
    presence.enter("b", "", now);
    presence.exit("b", now);
    now += topic_presence::grace;
    presence.expire(now, 1);  // a has left, b is there
    page_reader reader(presence.page(9));
    EXPECT_EQ(reader.users.size(), 1U);
    presence.expire(now, all);
    presence.enter("a", "", now);
    for (auto const& change : presence.flush("t", now)) reader.apply(*change);
    EXPECT_EQ(reader.users, (std::map<std::string, presence_member>{{"a", {"a", 1, ""}}}));
}

TEST(topic_presence, every_page_and_the_changes_behind_it_are_who_is_there) {
    SCOPED_TRACE(seed_trace());
    dice random(test_seed());
    for (int round = 0; round != 50; ++round) {
        topic_presence presence;
        nanoseconds now{0};
        std::vector<page_reader> readers;
        for (int step = 0; step != 300; ++step) {
            auto const name = std::string(1, static_cast<char>('a' + random.below(6)));
            auto const what = random.below(12);
            if (what < 4) {
                presence.enter(name, std::to_string(random.below(2)), now);
            } else if (what < 8) {
                presence.exit(name, now);
            } else if (what < 10) {
                now += milliseconds{random.below(8000)};
                presence.expire(now, 1 + random.below(3));
            } else if (what < 11 || step == 299) {
                for (auto const& change : presence.flush("t", now)) {
                    for (auto& r : readers) r.apply(*change);
                }
            } else {
                readers.emplace_back(presence.page(1000));
            }
        }
        for (auto const& change : presence.flush("t", now)) {
            for (auto& r : readers) r.apply(*change);
        }
        page_reader const truth(presence.page(1000));
        for (auto const& r : readers) {
            ASSERT_EQ(r.users, truth.users);
            ASSERT_EQ(r.version, truth.version);
        }
    }
}

TEST(topic_presence, a_page_has_an_end_and_the_total_does_not) {
    told_presence t;
    for (int i = 0; i != 2500; ++i) t.enter("u" + std::to_string(10'000 + i));
    t.pass(seconds{1});
    EXPECT_EQ(t.changes.size(), 1U + 3U) << "of at most a thousand each";
    auto const page = t.presence.page(5000);
    EXPECT_EQ(page.members.size(), topic_presence::page_max);
    EXPECT_EQ(page.total, 2500U);
    EXPECT_EQ(page.members.front().user, "u10000");
    EXPECT_EQ(t.presence.page(2).members.back().user, "u10001");
    t.presence.clear(t.now);
    t.flush();
    EXPECT_TRUE(t.users.empty());
    EXPECT_TRUE(t.presence.idle());
}

TEST(topic_presence, turns_away_beyond_its_bound) {
    topic_presence presence;
    for (std::size_t i = 0; i != topic_presence::members_max; ++i) {
        ASSERT_TRUE(presence.enter("u" + std::to_string(i), "", nanoseconds{0}));
    }
    EXPECT_FALSE(presence.enter("late", "", nanoseconds{0}));
    EXPECT_TRUE(presence.enter("u7", "", nanoseconds{0}));
    EXPECT_EQ(presence.size(), topic_presence::members_max);
    presence.exit("late", nanoseconds{0});
    presence.exit("u8", nanoseconds{0});
    EXPECT_EQ(presence.expire(topic_presence::grace, all), 1U);
    EXPECT_TRUE(presence.enter("late", "", nanoseconds{0}));
}

TEST(topic_presence, leaving_is_done_in_portions) {
    told_presence t;
    for (auto const* user : {"a", "b", "c"}) t.enter(user);
    for (auto const* user : {"b", "a", "c"}) t.exit(user);
    t.now += topic_presence::grace;
    EXPECT_EQ(t.presence.expire(t.now, 2), 2U);
    t.compare();
    EXPECT_EQ(t.presence.page(9).members.at(0).user, "c");
    EXPECT_LE(t.presence.next_due(), t.now);
}

TEST(topic_presence, random_steps_agree_with_a_naive_model) {
    SCOPED_TRACE(seed_trace());
    dice random(test_seed());
    struct user {
        unsigned connections = 0;
        std::string info;
        nanoseconds leaves_at{0};
    };
    for (int round = 0; round != 30; ++round) {
        told_presence t;
        std::map<std::string, user> model;
        for (int step = 0; step != 400; ++step) {
            auto const name = std::string(1, static_cast<char>('a' + random.below(8)));
            switch (random.below(4)) {
                case 0: {
                    auto& u = model[name];
                    ++u.connections;
                    u.info = std::to_string(random.below(3));
                    // Not told here, so that a batch holds more than one step.
                    EXPECT_TRUE(t.presence.enter(name, u.info, t.now));
                    break;
                }
                case 1: {
                    t.presence.exit(name, t.now);
                    auto const u = model.find(name);
                    if (u == model.end() || u->second.connections == 0) break;
                    if (--u->second.connections == 0) {
                        u->second.leaves_at = t.now + topic_presence::grace;
                    }
                    break;
                }
                case 2:
                    t.now += milliseconds{random.below(6000)};
                    t.presence.expire(t.now, all);
                    std::erase_if(model, [&](auto const& u) {
                        return u.second.connections == 0 && u.second.leaves_at <= t.now;
                    });
                    break;
                default:
                    if (random.one_in(2)) break;
                    t.compare();
                    std::vector<presence_member> expected;
                    for (auto const& [n, u] : model) {
                        expected.push_back({n, std::max(u.connections, 1U), u.info});
                    }
                    ASSERT_EQ(t.presence.page(1000).members, expected);
            }
            ASSERT_EQ(t.presence.size(), model.size());
            if (testing::Test::HasFailure()) return;
        }
    }
}

}  // namespace
}  // namespace weir
