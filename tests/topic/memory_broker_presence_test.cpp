// Presence at a topic's home in the memory broker: when it is told, to whom, and what it keeps.

#include "topic/lone_shard.hpp"

#include <weir/topic/memory_broker.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace weir {
namespace {

using names = std::vector<std::string>;

topic_policy with_presence() {
    topic_policy p;
    p.presence = true;
    return p;
}

struct presence_shard {
    explicit presence_shard(memory_broker_settings s = {}) : shard(s) {
        for (auto const* topic : {"a", "b"}) shard.policies[topic] = with_presence();
    }
    presence_page members(std::string_view topic) {
        shard.broker.members(topic, 1000, 1);
        return shard.member_pages.back().value();
    }
    lone_shard shard;
};

TEST(memory_broker_presence, is_told_at_once_and_then_once_a_tick) {
    presence_shard p;
    p.shard.attach("a");
    p.shard.broker.enter("a", "alice", "");
    EXPECT_EQ(p.shard.changes.size(), 1U);
    p.shard.broker.enter("a", "bob", "");
    p.shard.broker.enter("a", "carol", "");
    p.shard.publish("a");  // brings no work of its own
    EXPECT_EQ(p.shard.changes.size(), 1U);
    p.shard.tick(seconds{1});
    ASSERT_EQ(p.shard.changes.size(), 2U);
    EXPECT_EQ(p.shard.changes[1]->joined.size(), 2U);
    EXPECT_EQ(p.shard.changes[1]->version, 2U);
    p.shard.broker.enter("b", "alice", "");
    EXPECT_EQ(p.shard.changes.size(), 2U) << "nobody is interested";
}

TEST(memory_broker_presence, a_page_comes_at_once_and_ends_no_batch) {
    presence_shard p;
    p.shard.attach("a");
    p.shard.broker.enter("a", "alice", "");
    p.shard.broker.enter("a", "bob", "");
    auto const page = p.members("a");
    EXPECT_EQ(page.total, 2U);
    ASSERT_EQ(p.shard.changes.size(), 1U) << "a question moved the watchers";
    EXPECT_EQ(page.version, 1U);
    p.shard.tick(seconds{1});
    ASSERT_EQ(p.shard.changes.size(), 2U);
    EXPECT_EQ(p.shard.changes[1]->version, 2U);
    EXPECT_EQ(p.shard.changes[1]->joined.at(0).user, "bob");
}

TEST(memory_broker_presence, goes_to_interested_shards_in_order_with_messages) {
    presence_shard p({.shard = 0, .shards = 3});
    auto const topic = topic_at(0, 3);
    p.shard.policies[topic] = with_presence();
    p.shard.broker.on_mail({2, broker_mail::attach{topic}});
    p.shard.sent.clear();
    p.shard.broker.on_mail({1, broker_mail::enter{topic, "alice", ""}});
    p.shard.broker.on_mail({1, broker_mail::enter{topic, "bob", ""}});
    p.shard.broker.on_mail({2, broker_mail::members{topic, 10, 5}});
    ASSERT_EQ(p.shard.sent.size(), 2U);
    for (auto const& [to, mail] : p.shard.sent) EXPECT_EQ(to, 2U);
    EXPECT_TRUE(std::holds_alternative<broker_mail::presence>(p.shard.sent[0].second.content));
    auto const* page = std::get_if<broker_mail::members_page>(&p.shard.sent[1].second.content);
    ASSERT_NE(page, nullptr);
    EXPECT_EQ(page->ticket, 5U);
    EXPECT_EQ(page->what->version, 1U);
    EXPECT_EQ(page->what->total, 2U);
    EXPECT_TRUE(p.shard.changes.empty());
    p.shard.broker.on_mail({1, broker_mail::exit{topic, "bob"}});
    p.shard.pass(seconds{11});
    EXPECT_EQ(p.members(topic).total, 1U);
}

TEST(memory_broker_presence, elsewhere_is_mail_to_the_home) {
    presence_shard p({.shard = 1, .shards = 3});
    auto const topic = topic_at(2, 3);
    p.shard.broker.enter(topic, "alice", "{}");
    p.shard.broker.exit(topic, "alice");
    p.shard.broker.members(topic, 10, 5);
    ASSERT_EQ(p.shard.sent.size(), 3U);
    auto const* entered = std::get_if<broker_mail::enter>(&p.shard.sent[0].second.content);
    ASSERT_NE(entered, nullptr);
    EXPECT_EQ(entered->user, "alice");
    EXPECT_EQ(entered->info, "{}");
    EXPECT_TRUE(std::holds_alternative<broker_mail::exit>(p.shard.sent[1].second.content));
    EXPECT_TRUE(std::holds_alternative<broker_mail::members>(p.shard.sent[2].second.content));
    EXPECT_TRUE(p.shard.member_pages.empty());
}

TEST(memory_broker_presence, a_topic_with_members_is_not_forgotten) {
    presence_shard p;
    p.shard.broker.enter("a", "alice", "");
    p.shard.pass(seconds{300});
    EXPECT_EQ(p.shard.names(), names{"a"});
    EXPECT_EQ(p.shard.facts("a")->members, 1U);
    p.shard.broker.exit("a", "alice");
    p.shard.pass(seconds{69});
    EXPECT_EQ(p.shard.names(), names{"a"});
    p.shard.pass(seconds{2});
    EXPECT_TRUE(p.shard.names().empty());
}

TEST(memory_broker_presence, who_detaches_has_not_left) {
    presence_shard p;
    p.shard.attach("a");
    p.shard.broker.enter("a", "alice", "");
    p.shard.broker.detach("a");
    p.shard.pass(seconds{120});
    EXPECT_EQ(p.members("a").total, 1U);
    EXPECT_EQ(p.shard.changes.size(), 1U);
}

TEST(memory_broker_presence, ends_with_its_policy_and_goes_on_with_the_next_version) {
    presence_shard p;
    p.shard.attach("a");
    p.shard.broker.enter("a", "alice", "");
    p.shard.policies["a"] = {};
    p.shard.broker.upkeep().policies_changed();
    p.shard.pass(seconds{2});
    ASSERT_EQ(p.shard.changes.size(), 2U);
    EXPECT_EQ(p.shard.changes[1]->left, names{"alice"});
    p.shard.broker.enter("a", "alice", "");
    EXPECT_EQ(p.members("a").total, 0U);
    EXPECT_EQ(p.members("a").version, 2U);
    p.shard.policies["a"] = with_presence();
    p.shard.broker.upkeep().policies_changed();
    p.shard.broker.enter("a", "bob", "");
    p.shard.tick(seconds{1});
    ASSERT_EQ(p.shard.changes.size(), 3U);
    EXPECT_EQ(p.shard.changes[2]->version, 3U);
}

TEST(memory_broker_presence, who_finds_no_place_is_counted) {
    presence_shard p({.topics_max = 1});
    p.shard.attach("b");
    p.shard.broker.enter("a", "alice", "");
    EXPECT_EQ(p.shard.limited(limit_kind::presence), 1U);
    EXPECT_EQ(p.members("a").total, 0U);
    p.shard.broker.exit("a", "alice");
    EXPECT_EQ(p.shard.names(), names{"b"});
}

/// Enters others and asks for the members from inside what it is told.
struct curious_listener final : broker_listener {
    void on_attached(std::string_view, result<position>) override {}
    void on_published(publish_ticket, result<position>) override {}
    void on_message(message_ptr) override {}
    void on_read(read_ticket, result<log_page>) override {}
    void on_members(read_ticket, result<presence_page> page) override {
        EXPECT_EQ(page->version, told) << "a page of another moment than the changes";
        ++pages;
    }
    void on_presence(presence_change_ptr change) override {
        EXPECT_EQ(change->version, ++told);
        if (told > 3) return;
        broker->enter("a", "u" + std::to_string(told), "");
        broker->members("a", 10, 1);
    }
    memory_broker* broker = nullptr;
    std::uint64_t told = 0;
    int pages = 0;
};

TEST(memory_broker_presence, a_listener_may_enter_and_ask_from_inside) {
    memory_broker_shared shared;
    lone_shard post({});
    post.policies["a"] = with_presence();
    curious_listener listener;
    observer counts;
    memory_broker broker({}, shared, post, listener, post, counts);
    listener.broker = &broker;
    broker.attach("a");
    broker.enter("a", "first", "");
    broker.members("a", 10, 1);
    auto at = mono_time{} + seconds{100};
    for (int i = 0; i != 5; ++i) broker.upkeep().on_tick(at += seconds{1});
    EXPECT_EQ(listener.told, 4U);
    EXPECT_EQ(listener.pages, 4);
}

}  // namespace
}  // namespace weir
