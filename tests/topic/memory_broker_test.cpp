#include "topic/lone_shard.hpp"

#include <weir/topic/memory_broker.hpp>

#include <gtest/gtest.h>

#include <string>

namespace weir {
namespace {

using names = std::vector<std::string>;

TEST(memory_broker, homes_are_spread_evenly) {
    for (unsigned const shards : {2U, 3U, 8U, 64U}) {
        std::vector<unsigned> count(shards);
        auto const topics = 500 * shards;
        for (unsigned i = 0; i != topics; ++i) {
            ++count.at(memory_broker::home_of("chat.room-" + std::to_string(i), shards));
        }
        for (auto const n : count) {
            EXPECT_GT(n, 350U);
            EXPECT_LT(n, 650U);
        }
    }
    EXPECT_EQ(memory_broker::home_of("anything", 1), 0U);
}

TEST(memory_broker, a_topic_at_home_sends_no_mail) {
    lone_shard shard({.shard = 2, .shards = 4});
    auto const topic = topic_at(2, 4);
    EXPECT_TRUE(shard.attach(topic).has_value());
    EXPECT_TRUE(shard.publish(topic).has_value());
    shard.broker.detach(topic);
    EXPECT_EQ(shard.messages.size(), 1U);
    EXPECT_TRUE(shard.sent.empty());
}

TEST(memory_broker, a_topic_elsewhere_is_mail_to_its_home_only) {
    lone_shard shard({.shard = 2, .shards = 4});
    auto const topic = topic_at(3, 4);
    shard.broker.attach(topic);
    shard.broker.publish(make_publication(topic), 9);
    shard.broker.detach(topic);
    ASSERT_EQ(shard.sent.size(), 3U);
    for (auto const& [to, mail] : shard.sent) {
        EXPECT_EQ(to, 3U);
        EXPECT_EQ(mail.from, 2U);
    }
    EXPECT_EQ(shard.topics(), 0U);
    EXPECT_TRUE(shard.attached.empty());
    EXPECT_TRUE(shard.published.empty());
}

TEST(memory_broker, a_home_that_is_far_behind_gets_no_more_publishes) {
    lone_shard shard({.shard = 2, .shards = 4, .backlog_messages_max = 5});
    shard.mails[3].messages = 6;
    auto const refused = shard.publish(topic_at(3, 4));
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, errc::unavailable);
    EXPECT_EQ(refused.error().retry_after, seconds{1});
    EXPECT_EQ(refused.error().stored, outcome::not_stored);
    EXPECT_TRUE(shard.sent.empty());
    shard.broker.attach(topic_at(3, 4));  // an attach waits its turn
    EXPECT_EQ(shard.sent.size(), 1U);
    shard.mails[3].messages = 5;
    shard.broker.publish(make_publication(topic_at(3, 4)), 2);
    EXPECT_EQ(shard.sent.size(), 2U);
}

TEST(memory_broker, the_position_of_a_topic_is_known_at_its_home) {
    lone_shard home({});
    EXPECT_FALSE(home.find("news").has_value());
    auto const at = home.publish("news");
    EXPECT_EQ(home.find("news"), *at);
}

TEST(memory_broker, the_home_passes_on_before_it_answers) {
    lone_shard home({.shard = 0, .shards = 3});
    auto const topic = topic_at(0, 3);
    home.broker.on_mail({2, broker_mail::attach{topic}});
    home.broker.on_mail({2, broker_mail::publish{make_publication(topic), 9}});
    ASSERT_EQ(home.sent.size(), 3U);
    EXPECT_TRUE(std::holds_alternative<broker_mail::attached>(home.sent[0].second.content));
    EXPECT_TRUE(std::holds_alternative<broker_mail::deliver>(home.sent[1].second.content));
    auto const* answer = std::get_if<broker_mail::published>(&home.sent[2].second.content);
    ASSERT_NE(answer, nullptr);
    EXPECT_EQ(answer->ticket, 9U);
    EXPECT_EQ(answer->at->offset, 1U);
}

TEST(memory_broker, a_payload_is_moved_and_never_copied) {
    lone_shard shard({});
    shard.attach("news");
    std::string payload(1000, '7');
    auto const* const bytes = payload.data();
    shard.publish("news", std::move(payload));
    EXPECT_EQ(shard.messages.front()->payload.data(), bytes);
}

TEST(memory_broker, a_full_fan_out_at_home_refuses_publishes) {
    lone_shard shard({.backlog_messages_max = 5});
    shard.attach("news");
    shard.fan_outs[0].messages = 6;
    auto const refused = shard.publish("news");
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, errc::unavailable);
    EXPECT_EQ(refused.error().retry_after, seconds{1});
    EXPECT_EQ(refused.error().stored, outcome::not_stored);
    EXPECT_TRUE(shard.publish("nobody.there").has_value()) << "reaches no queue";
    shard.fan_outs[0].messages = 5;
    EXPECT_EQ(shard.publish("news")->offset, 1U) << "the refused one took an offset";
}

TEST(memory_broker, the_backlog_is_bounded_in_messages_and_bytes_of_every_shard) {
    lone_shard home({.shard = 0, .shards = 3, .backlog_messages_max = 5, .backlog_bytes_max = 700});
    auto const followed = topic_at(0, 3);
    home.broker.on_mail({2, broker_mail::attach{followed}});
    std::uint64_t refused = 0;
    auto const takes = [&](std::string const& topic) {
        auto const at = home.publish(topic);
        if (at) return true;
        EXPECT_EQ(at.error().code, errc::unavailable);
        EXPECT_EQ(at.error().stored, outcome::not_stored);
        EXPECT_EQ(at.error().retry_after, seconds{1});
        EXPECT_EQ(home.limited(limit_kind::backlog), ++refused);
        return false;
    };
    EXPECT_TRUE(takes(followed));
    home.fan_outs[2] = {.messages = 6, .bytes = 1};
    EXPECT_FALSE(takes(followed)) << "a sibling that does not keep up with its fan-out";
    home.fan_outs[2] = {.messages = 1, .bytes = 701};
    EXPECT_FALSE(takes(followed)) << "bytes";
    home.fan_outs[2] = {.messages = 3, .bytes = 400};
    home.mails[2] = {.messages = 2, .bytes = 300};
    EXPECT_TRUE(takes(followed)) << "at the bounds";
    home.mails[2] = {.messages = 2, .bytes = 301};
    EXPECT_FALSE(takes(followed)) << "both together";
    home.mails[2] = {};
    home.fan_outs[0] = home.fan_outs[1] = {.messages = 99, .bytes = 9999};
    EXPECT_TRUE(takes(followed)) << "what does not go there is taken";
}

TEST(memory_broker, topics_at_home_on_a_flooded_shard_stay_usable) {
    lone_shard shard({.shard = 0, .shards = 2, .backlog_messages_max = 5});
    auto const there = topic_at(1, 2);
    shard.fan_outs[1].messages = 99;  // its mail is read nevertheless
    shard.broker.publish(make_publication(there), 1);
    shard.broker.read({.topic = there}, 2);
    EXPECT_EQ(shard.sent.size(), 2U);
    EXPECT_TRUE(shard.published.empty());
    shard.mails[1].messages = 6;
    EXPECT_FALSE(shard.publish(there).has_value());
    EXPECT_EQ(shard.limited(limit_kind::backlog), 1U);
}

TEST(memory_broker, a_quiet_topic_is_forgotten_after_a_minute) {
    lone_shard shard({});
    shard.publish("a");
    shard.attach("kept");
    shard.tick(seconds{30});
    shard.publish("b");
    shard.tick(seconds{29});
    EXPECT_EQ(shard.names(), (names{"a", "b", "kept"}));
    shard.tick(seconds{1});
    EXPECT_EQ(shard.names(), (names{"b", "kept"}));
    shard.publish("b");  // heard of again
    shard.tick(seconds{30});
    EXPECT_EQ(shard.names(), (names{"b", "kept"}));
    shard.tick(seconds{30});
    EXPECT_EQ(shard.names(), (names{"kept"}));
    shard.broker.detach("kept");
    shard.tick(seconds{59});
    EXPECT_EQ(shard.names(), (names{"kept"}));
    shard.tick(seconds{1});
    EXPECT_EQ(shard.topics(), 0U);
    EXPECT_EQ(shard.shared.topics.load(), 0U);
}

TEST(memory_broker, what_was_made_before_the_first_tick_gets_its_minute) {
    memory_broker_shared shared;
    lone_shard other({});
    observer counts;
    memory_broker fresh({}, shared, other, other, other, counts);
    fresh.publish(make_publication("a"), 1);
    fresh.upkeep().on_tick(mono_time{} + seconds{5'000'000});
    EXPECT_EQ(counts.topics.read(), 1U);
}

TEST(memory_broker, a_tick_forgets_a_bounded_number) {
    lone_shard shard({});
    for (int i = 0; i != 1200; ++i) shard.publish("t" + std::to_string(i));
    shard.tick(seconds{60});
    EXPECT_EQ(shard.topics(), 700U);
    shard.publish("new");  // pays for two
    EXPECT_EQ(shard.topics(), 699U);
    shard.tick(seconds{1});
    shard.tick(seconds{1});
    EXPECT_EQ(shard.names(), names{"new"});
}

TEST(memory_broker, at_the_limit_the_longest_quiet_makes_room) {
    lone_shard shard({.topics_max = 3});
    shard.attach("kept");
    shard.publish("a");
    shard.publish("b");
    shard.publish("a");
    EXPECT_TRUE(shard.attach("c").has_value());
    EXPECT_EQ(shard.names(), (names{"a", "c", "kept"}));
    EXPECT_TRUE(shard.publish("d").has_value());
    EXPECT_EQ(shard.names(), (names{"c", "d", "kept"}));
    EXPECT_TRUE(shard.attach("d").has_value());
    auto const refused = shard.attach("e");
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, errc::limit_reached);
    EXPECT_FALSE(shard.publish("e").has_value());
    EXPECT_EQ(shard.shared.topics.load(), 3U);
}

TEST(memory_broker, at_the_limit_quiet_topics_of_a_sibling_go_with_its_next_tick) {
    memory_broker_shared shared;
    lone_shard ears({});
    memory_broker_settings const settings{.shard = 0, .shards = 2, .topics_max = 1};
    observer counts, second_counts;
    memory_broker first(settings, shared, ears, ears, ears, counts);
    memory_broker second({.shard = 1, .shards = 2, .topics_max = 1}, shared, ears, ears, ears,
                         second_counts);
    first.publish(make_publication(topic_at(0, 2)), 1);
    second.attach(topic_at(1, 2));
    EXPECT_FALSE(ears.attached.back().second.has_value());
    first.upkeep().on_tick(ears.time);
    second.attach(topic_at(1, 2));
    EXPECT_TRUE(ears.attached.back().second.has_value());
}

TEST(memory_broker, at_the_limit_topics_that_only_their_log_holds_give_way_oldest_first) {
    lone_shard shard({.topics_max = 4});
    for (auto const* topic : {"followed", "present", "old", "new", "next", "last"}) {
        shard.policies[topic] = with_history(9, seconds{3600});
    }
    shard.policies["present"].presence = true;
    shard.attach("followed");
    EXPECT_TRUE(shard.publish("followed"));
    shard.broker.enter("present", "alice", "");
    auto const old = shard.publish("old").value();
    EXPECT_TRUE(shard.publish("new"));
    EXPECT_TRUE(shard.publish("old"));  // so it is the newer one
    EXPECT_TRUE(shard.publish("next")) << "in the place of the longest unused";
    EXPECT_EQ(shard.limited(limit_kind::topics), 1U);
    EXPECT_EQ(shard.names(), (std::vector<std::string>{"followed", "next", "old", "present"}));
    EXPECT_TRUE(shard.publish("last"));
    EXPECT_EQ(shard.names(), (std::vector<std::string>{"followed", "last", "next", "present"}));
    EXPECT_EQ(shard.shared.topics.load(), 4U);
    EXPECT_TRUE(shard.publish("old")) << "again, in the place of another";
    auto const page = shard.read({.topic = "old", .at = old});
    EXPECT_EQ(page->missing, (loss{.reason = gap_reason::epoch})) << "said to whoever comes back";
}

TEST(memory_broker, at_the_limit_unused_logs_of_a_sibling_give_way_with_its_next_tick) {
    memory_broker_shared shared;
    lone_shard ears({});
    auto const there = topic_at(0, 2), here = topic_at(1, 2);
    ears.policies[there] = with_history(9, seconds{3600});
    observer counts, own_counts;
    memory_broker sibling({.shard = 0, .shards = 2, .topics_max = 1}, shared, ears, ears, ears,
                          counts);
    memory_broker own({.shard = 1, .shards = 2, .topics_max = 1}, shared, ears, ears, ears,
                      own_counts);
    sibling.publish(make_publication(there), 1);
    sibling.upkeep().on_tick(ears.time);
    EXPECT_TRUE(facts_of(sibling, there).has_value()) << "nobody wants its place";
    own.publish(make_publication(here), 1);
    EXPECT_FALSE(ears.published.back().has_value());
    EXPECT_EQ(at(own_counts.limited, limit_kind::topics).read(), 1U);
    sibling.upkeep().on_tick(ears.time);
    EXPECT_FALSE(facts_of(sibling, there).has_value());
    own.publish(make_publication(here), 1);
    EXPECT_TRUE(ears.published.back().has_value());
    EXPECT_EQ(shared.topics.load(), 1U);
}

TEST(memory_broker, the_count_goes_with_the_broker) {
    memory_broker_shared shared;
    lone_shard ears({});
    observer counts;
    {
        memory_broker broker({}, shared, ears, ears, ears, counts);
        broker.publish(make_publication("a"), 1);
        broker.attach("b");
        EXPECT_EQ(shared.topics.load(), 2U);
    }
    EXPECT_EQ(shared.topics.load(), 0U);
}

TEST(memory_broker, topics_are_listed_in_name_order_page_by_page) {
    lone_shard home({.shard = 0, .shards = 1});
    for (auto const* name : {"m", "a", "z", "a.b"}) home.publish(name);
    home.attach("m");
    home.publish("m");
    auto const page = home.list("a", 2);
    ASSERT_EQ(page.size(), 2U);
    EXPECT_EQ(page[0].name, "a.b");
    EXPECT_EQ(page[1].name, "m");
    EXPECT_EQ(page[1].at.offset, 2U);
    EXPECT_EQ(home.list("m", 9).size(), 1U);
    EXPECT_TRUE(home.list("z", 9).empty());
    EXPECT_TRUE(home.list("", 0).empty());
}

/// A listener that lets go of the topic from inside what it is told.
struct hasty_listener final : broker_listener {
    void on_attached(std::string_view, result<position>) override {}
    void on_published(publish_ticket, result<position> at) override { last = at->offset; }
    void on_message(message_ptr m) override {
        ++messages;
        broker->detach(m->topic);
        broker->upkeep().on_tick(mono_time{} + seconds{100});
        broker->upkeep().on_tick(mono_time{} + seconds{900});  // forgets it
    }
    void on_read(read_ticket, result<log_page>) override {}
    void on_members(read_ticket, result<presence_page>) override {}
    void on_presence(presence_change_ptr) override {}
    memory_broker* broker = nullptr;
    int messages = 0;
    std::uint64_t last = 0;
};

TEST(memory_broker, a_listener_may_detach_from_inside) {
    memory_broker_shared shared;
    lone_shard post({});
    hasty_listener listener;
    observer counts;
    memory_broker broker({}, shared, post, listener, post, counts);
    listener.broker = &broker;
    broker.attach("news");
    broker.publish(make_publication("news"), 1);
    EXPECT_EQ(listener.last, 1U);
    broker.publish(make_publication("news"), 2);
    EXPECT_EQ(listener.messages, 1);
}

TEST(memory_broker, works_with_as_many_shards_as_there_can_be) {
    lone_shard home({.shard = 255, .shards = 256});
    auto const topic = topic_at(255, 256);
    for (unsigned i = 0; i != 255; ++i) home.broker.on_mail({i, broker_mail::attach{topic}});
    home.attach(topic);
    home.sent.clear();
    EXPECT_TRUE(home.publish(topic).has_value());
    ASSERT_EQ(home.sent.size(), 255U);
    for (unsigned i = 0; i != 255; ++i) EXPECT_EQ(home.sent[i].first, i);
    EXPECT_EQ(home.messages.size(), 1U);
}

}  // namespace
}  // namespace weir
