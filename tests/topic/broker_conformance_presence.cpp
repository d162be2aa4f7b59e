// Presence: a page and the changes behind it are who is there.

#include "topic/broker_conformance.hpp"

namespace weir {
namespace {

cluster_wish with_presence(std::uint64_t seed = 1) {
    return {.seed = seed, .policy = [](std::string_view topic) {
                topic_policy p;
                p.presence = topic != "none";
                return p;
            }};
}

std::string info_of(std::string const& user) {
    return user == "u1" ? "" : "{\"name\":\"" + user + "\"}";
}

}  // namespace

TEST_P(broker_conformance, a_topic_that_nobody_knows_has_no_members) {
    start(with_presence());
    auto const ticket = at(0).ask_members("news");
    settle_and_check();
    EXPECT_EQ(at(0).members(ticket)->total, 0U);
    EXPECT_TRUE(at(0).members(ticket)->members.empty());
}

TEST_P(broker_conformance, a_member_counts_its_connections_of_all_shards) {
    start(with_presence());
    cluster_->member(0).enter("news", "alice", "{\"a\":1}");
    cluster_->member(members() - 1).enter("news", "alice", "{\"a\":1}");
    cluster_->member(0).enter("news", "bob", "");
    auto ticket = at(0).ask_members("news");
    cluster_->settle();
    ticket = at(0).ask_members("news");
    settle_and_check();
    auto const& page = at(0).members(ticket).value();
    EXPECT_EQ(page.total, 2U);
    ASSERT_EQ(page.members.size(), 2U);
    EXPECT_EQ(page.members[0], (presence_member{"alice", 2, "{\"a\":1}"}));
    EXPECT_EQ(page.members[1], (presence_member{"bob", 1, ""}));
    ticket = at(0).ask_members("news", 1);
    settle_and_check();
    EXPECT_EQ(at(0).members(ticket)->total, 2U);
    EXPECT_EQ(at(0).members(ticket)->members.size(), 1U);
}

TEST_P(broker_conformance, a_topic_without_presence_has_no_members) {
    start(with_presence());
    at(0).attach("none");
    at(0).watch("none");
    cluster_->member(0).enter("none", "alice", "");
    cluster_->member(0).exit("none", "bob");
    cluster_->settle();
    auto const ticket = at(0).ask_members("none");
    settle_and_check();
    EXPECT_EQ(at(0).members(ticket)->total, 0U);
    EXPECT_TRUE(at(0).changes().empty());
}

TEST_P(broker_conformance, a_reconnect_does_not_flicker_and_leaving_is_told_once) {
    if (!GetParam().moves_time) GTEST_SKIP() << "time is not the suite's";
    start(with_presence());
    at(0).attach("news");
    at(0).watch("news");
    cluster_->member(0).enter("news", "alice", "");
    cluster_->settle();
    cluster_->pass(seconds{3});
    ASSERT_EQ(at(0).changes().size(), 1U);
    cluster_->member(0).exit("news", "alice");
    cluster_->pass(seconds{5});
    cluster_->member(members() - 1).enter("news", "alice", "");
    cluster_->pass(seconds{20});
    EXPECT_EQ(at(0).changes().size(), 1U);
    cluster_->member(members() - 1).exit("news", "alice");
    cluster_->pass(seconds{20});
    settle_and_check();
    ASSERT_EQ(at(0).changes().size(), 2U);
    EXPECT_EQ(at(0).changes()[1]->left, std::vector<std::string>{"alice"});
    EXPECT_TRUE(at(0).of("news").watches.users.empty());
}

TEST_P(broker_conformance, a_watcher_knows_who_is_there) {
    if (!GetParam().moves_time) GTEST_SKIP() << "time is not the suite's";
    SCOPED_TRACE(seed_trace());
    std::vector<std::string> const topics = {"a", "b.c", "d"};
    std::size_t told = 0;
    for (std::uint64_t round = 0; round != 20; ++round) {
        SCOPED_TRACE("round " + std::to_string(round));
        auto const seed = test_seed() + round;
        start(with_presence(seed));
        dice random(seed);
        // By topic, user and member: what was entered and not exited.
        std::map<std::string, std::map<std::string, std::map<unsigned, unsigned>>> truth;
        for (int step = 0; step != 300; ++step) {
            auto const i = static_cast<unsigned>(random.below(members()));
            auto const& topic = random.pick(topics);
            auto const user = "u" + std::to_string(random.below(8));
            auto& view = at(i).of(topic);
            auto& mine = truth[topic][user][i];
            if (random.one_in(3)) {
                cluster_->member(i).enter(topic, user, info_of(user));
                ++mine;
            } else if (mine != 0) {
                cluster_->member(i).exit(topic, user);
                --mine;
            } else if (!view.wanted) {
                at(i).attach(topic);
            } else if (random.one_in(6)) {
                at(i).detach(topic);
            } else {
                at(i).watch(topic);
            }
            for (auto n = random.below(4); n != 0; --n) cluster_->pump();
            if (random.one_in(20)) cluster_->pass(seconds{1 + random.below(12)});
        }
        cluster_->settle();
        cluster_->pass(seconds{15});
        settle_and_check();
        for (unsigned i = 0; i != members(); ++i) {
            told += at(i).changes().size();
            for (auto const& topic : topics) {
                std::map<std::string, std::string> expected;
                for (auto const& [user, by_member] : truth[topic]) {
                    for (auto const& [m, count] : by_member) {
                        if (count != 0) expected[user] = info_of(user);
                    }
                }
                auto const ticket = at(i).ask_members(topic);
                cluster_->settle();
                EXPECT_EQ(at(i).members(ticket)->total, expected.size());
                auto const& view = at(i).of(topic);
                if (!view.attached || !view.watches.active) continue;
                EXPECT_TRUE(view.watches.paged);
                EXPECT_EQ(view.watches.users, expected) << topic;
            }
        }
        if (HasFailure()) return;
    }
    EXPECT_GT(told, 100U);
}

}  // namespace weir
