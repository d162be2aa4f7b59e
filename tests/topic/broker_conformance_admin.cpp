// What operators ask a broker: every topic once, facts that fit, pages, and clearing.

#include "topic/broker_conformance.hpp"

#include <weir/topic/broker_admin.hpp>

#include <optional>
#include <set>

namespace weir {
namespace {

cluster_wish keeping() {
    return {.policy = [](std::string_view topic) {
        topic_policy p;
        if (topic == "plain") return p;
        p.history.messages = 100;
        p.state = state_kind::keyed;
        p.presence = true;
        return p;
    }};
}

/// Asks, lets everything settle, and expects exactly one answer.
template <class R, class Ask>
R answered(broker_cluster& cluster, Ask&& ask) {
    std::optional<result<R>> got;
    ask([&got](result<R> r) {
        EXPECT_FALSE(got.has_value()) << "answered twice";
        got = std::move(r);
    });
    cluster.settle();
    if (!got || !*got) {
        ADD_FAILURE() << "no answer, or a fault";
        return R{};
    }
    return std::move(got->value());
}

broker_admin& admin_of(broker_cluster& cluster, std::string_view topic) {
    return cluster.member(cluster.member_for(topic)).admin();
}

std::optional<broker_topic> facts(broker_cluster& c, std::string const& topic) {
    return answered<std::optional<broker_topic>>(
        c, [&](auto done) { admin_of(c, topic).facts(topic, std::move(done)); });
}

publication keyed_by(std::string key) {
    publication p;
    p.key = std::move(key);
    return p;
}

}  // namespace

TEST_P(broker_conformance, admin_lists_every_topic_exactly_once_in_pages) {
    start(keeping());
    std::set<std::string> expected;
    for (int i = 0; i != 40; ++i) {
        auto const topic = "t" + std::to_string(i);
        expected.insert(topic);
        at(static_cast<unsigned>(i)).publish(topic);
    }
    cluster_->settle();
    std::set<std::string> seen;
    for (unsigned i = 0; i != members(); ++i) {
        std::string after;
        for (;;) {
            auto const page = answered<std::vector<broker_topic>>(*cluster_, [&](auto done) {
                cluster_->member(i).admin().list(after, 3, std::move(done));
            });
            ASSERT_LE(page.size(), 3U);
            if (page.empty()) break;
            for (auto const& t : page) {
                EXPECT_LT(after, t.name) << "in the order of names";
                EXPECT_TRUE(seen.insert(t.name).second) << t.name << " is listed twice";
                EXPECT_EQ(t.at.offset, 1U);
                after = t.name;
            }
        }
    }
    EXPECT_EQ(seen, expected);
    settle_and_check();
}

TEST_P(broker_conformance, admin_knows_what_is_kept_and_nothing_of_other_topics) {
    start(keeping());
    EXPECT_FALSE(facts(*cluster_, "news").has_value());
    for (auto const* key : {"a", "b", "a"}) at(0).publish("news", keyed_by(key));
    beside(0).publish("plain");
    cluster_->member(0).enter("news", "alice", "");
    cluster_->settle();
    auto const news = facts(*cluster_, "news");
    ASSERT_TRUE(news.has_value());
    EXPECT_EQ(news->name, "news");
    EXPECT_EQ(news->at.offset, 3U);
    EXPECT_EQ(news->messages, 3U);
    EXPECT_EQ(news->state_keys, 2U);
    EXPECT_EQ(news->members, 1U);
    EXPECT_GT(news->bytes, 0U);
    auto const plain = facts(*cluster_, "plain");
    ASSERT_TRUE(plain.has_value());
    EXPECT_EQ(plain->at.offset, 1U);
    EXPECT_EQ(plain->messages, 0U);
    EXPECT_EQ(plain->bytes, 0U);
    settle_and_check();
}

TEST_P(broker_conformance, admin_reads_as_a_shard_does) {
    start(keeping());
    for (int i = 0; i != 5; ++i) at(0).publish("news", keyed_by(std::to_string(i % 2)));
    cluster_->settle();
    for (auto const kind : {log_query::what::after, log_query::what::state}) {
        log_query const q{.topic = "news", .kind = kind, .messages_max = 10};
        auto const page = answered<std::optional<log_page>>(
            *cluster_, [&](auto done) { admin_of(*cluster_, "news").read(q, std::move(done)); });
        ASSERT_TRUE(page.has_value());
        auto const same = this->page(0, q);
        EXPECT_EQ(page->head, same.head);
        ASSERT_EQ(page->messages.size(), same.messages.size());
        for (std::size_t i = 0; i != same.messages.size(); ++i) {
            EXPECT_EQ(page->messages[i]->at, same.messages[i]->at);
        }
        auto const none = answered<std::optional<log_page>>(*cluster_, [&](auto done) {
            admin_of(*cluster_, "other").read({.topic = "other"}, std::move(done));
        });
        EXPECT_FALSE(none.has_value());
    }
    cluster_->member(0).enter("news", "alice", "");
    cluster_->settle();
    auto const who = answered<std::optional<presence_page>>(*cluster_, [&](auto done) {
        admin_of(*cluster_, "news").members("news", 10, std::move(done));
    });
    ASSERT_TRUE(who.has_value());
    EXPECT_EQ(who->total, 1U);
    auto const nobody = answered<std::optional<presence_page>>(*cluster_, [&](auto done) {
        admin_of(*cluster_, "other").members("other", 10, std::move(done));
    });
    EXPECT_FALSE(nobody.has_value());
    settle_and_check();
}

TEST_P(broker_conformance, admin_clears_and_the_order_goes_on) {
    start(keeping());
    for (int i = 0; i != 3; ++i) at(0).publish("news", keyed_by("k"));
    cluster_->settle();
    auto const before = facts(*cluster_, "news").value();
    auto const clear = [&](auto which) {
        return answered<std::optional<bool>>(*cluster_, [&](auto done) {
            (admin_of(*cluster_, "news").*which)("news", std::move(done));
        });
    };
    EXPECT_EQ(clear(&broker_admin::clear_history), true);
    EXPECT_EQ(clear(&broker_admin::clear_history), false) << "nothing is left";
    EXPECT_EQ(facts(*cluster_, "news")->messages, 0U);
    EXPECT_EQ(facts(*cluster_, "news")->state_keys, 1U);
    EXPECT_EQ(clear(&broker_admin::clear_state), true);
    EXPECT_EQ(clear(&broker_admin::clear_state), false);
    EXPECT_EQ(facts(*cluster_, "news")->bytes, 0U);
    EXPECT_EQ(facts(*cluster_, "news")->at, before.at);
    at(0).publish("news", keyed_by("k"));
    cluster_->settle();
    EXPECT_EQ(facts(*cluster_, "news")->at.offset, 4U);
    EXPECT_EQ(facts(*cluster_, "news")->at.epoch, before.at.epoch);
    auto const nothing = answered<std::optional<bool>>(*cluster_, [&](auto done) {
        admin_of(*cluster_, "other").clear_history("other", std::move(done));
    });
    EXPECT_FALSE(nothing.has_value());
    settle_and_check();
}

}  // namespace weir
