#include <weir/topic/topic_index.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace weir {
namespace {

using offsets = std::vector<std::uint64_t>;
using calls = std::vector<std::string>;

/// Writes down what the index asks; answers at once where the test says how.
struct scripted_broker final : topic_interest {
    void attach(std::string_view topic) override {
        asked.push_back("+" + std::string(topic));
        if (at_once) index->on_attached(topic, at_once());
    }
    topic_policy policy_of(std::string_view) const override { return {}; }
    void detach(std::string_view topic) override { asked.push_back("-" + std::string(topic)); }

    calls asked;
    std::function<result<position>()> at_once;
    topic_index* index = nullptr;
};

struct listener final : subscriber {
    explicit listener(topic_index& i) : index(i) {}

    void join(std::string_view topic) {
        auto const [entry, slot] = index.join(topic, *this);
        if (entry != nullptr) slots[entry] = slot;
    }
    void leave(std::string_view topic) {
        auto* const entry = index.find(topic);
        ASSERT_NE(entry, nullptr);
        auto const slot = slots.at(entry);
        slots.erase(entry);
        index.leave(*entry, slot);
    }

    void deliver(delivery& d) override {
        got.push_back(d.what().at.offset);
        if (on_deliver) on_deliver(d);
    }
    void presence_changed(topic_entry&, presence_delivery& d) override {
        versions.push_back(d.what().version);
    }
    void watch(std::string_view topic) { topic_index::watch(*index.find(topic), *this); }
    void unwatch(std::string_view topic) { topic_index::unwatch(*index.find(topic), *this); }
    void joined(topic_entry& topic, result<position> const& at) override {
        if (at.has_value()) {
            joined_at.push_back(at->offset);
            EXPECT_TRUE(topic.attached());
        } else {
            refusals.push_back(at.error().code);
        }
    }
    void moved(topic_entry& topic, std::uint32_t from, std::uint32_t to) override {
        EXPECT_EQ(slots.at(&topic), from);
        slots[&topic] = to;
        ++moves;
    }

    topic_index& index;
    std::map<topic_entry*, std::uint32_t> slots;
    std::function<void(delivery&)> on_deliver;
    offsets got;
    offsets versions;
    offsets joined_at;
    std::vector<errc> refusals;
    int moves = 0;
};

struct topic_index_fixture : testing::Test {
    topic_index_fixture() { broker.index = &index; }

    void attached(std::uint64_t offset, std::uint64_t epoch = 1) {
        index.on_attached("news", position{{epoch}, offset});
    }
    void message_at(std::uint64_t offset, std::uint64_t epoch = 1, std::string topic = "news") {
        auto m = std::make_shared<message>();
        m->topic = std::move(topic);
        m->payload = "1";
        m->at = {{epoch}, offset};
        index.on_message(std::move(m));
    }
    void presence_at(std::uint64_t version) {
        auto change = std::make_shared<presence_change>();
        change->topic = "news";
        change->version = version;
        index.on_presence(std::move(change));
    }
    void drain() {
        while (index.fan_out(100)) {
        }
    }
    static result<position> refusal() {
        fault f;
        f.code = errc::limit_reached;
        return f;
    }

    scripted_broker broker;
    topic_index index{broker};
    listener a{index}, b{index}, c{index}, d{index};
};

TEST_F(topic_index_fixture, attaches_for_the_first_and_detaches_after_the_last) {
    a.join("news");
    b.join("news");
    EXPECT_EQ(broker.asked, calls{"+news"});
    EXPECT_TRUE(a.joined_at.empty());
    attached(7);
    EXPECT_EQ(a.joined_at, offsets{7});
    EXPECT_EQ(b.joined_at, offsets{7});
    c.join("news");
    EXPECT_EQ(c.joined_at, offsets{7});
    EXPECT_EQ(index.find("news")->subscribers(), 3U);
    EXPECT_EQ(index.subscriptions(), 3U);
    a.leave("news");
    b.leave("news");
    EXPECT_EQ(broker.asked, calls{"+news"});
    c.leave("news");
    EXPECT_EQ(broker.asked, (calls{"+news", "-news"}));
    EXPECT_EQ(index.find("news"), nullptr);
    EXPECT_EQ(index.topics(), 0U);
    EXPECT_EQ(index.subscriptions(), 0U);
}

TEST_F(topic_index_fixture, an_answer_from_inside_join_comes_before_it_returns) {
    broker.at_once = [] { return position{{1}, 3}; };
    a.join("news");
    EXPECT_EQ(a.joined_at, offsets{3});
    EXPECT_EQ(a.slots.size(), 1U);
    message_at(4);
    drain();
    EXPECT_EQ(a.got, offsets{4});
}

TEST_F(topic_index_fixture, a_refusal_from_inside_join_leaves_nothing) {
    broker.at_once = refusal;
    auto const [entry, slot] = index.join("news", a);
    EXPECT_EQ(entry, nullptr);
    EXPECT_EQ(a.refusals, std::vector{errc::limit_reached});
    EXPECT_EQ(index.topics(), 0U);
    EXPECT_EQ(index.subscriptions(), 0U);
    EXPECT_EQ(broker.asked, calls{"+news"}) << "there is nothing to detach";
    broker.at_once = [] { return position{{1}, 0}; };
    a.join("news");
    EXPECT_EQ(a.joined_at, offsets{0});
}

TEST_F(topic_index_fixture, a_refusal_ends_everybody_who_waits) {
    a.join("news");
    b.join("news");
    c.join("other");
    index.on_attached("news", refusal());
    EXPECT_EQ(a.refusals.size(), 1U);
    EXPECT_EQ(b.refusals.size(), 1U);
    EXPECT_EQ(index.find("news"), nullptr);
    EXPECT_EQ(index.topics(), 1U);
    EXPECT_EQ(index.subscriptions(), 1U);
    EXPECT_EQ(broker.asked, (calls{"+news", "+other"}));
}

TEST_F(topic_index_fixture, only_the_answer_to_the_latest_attach_counts) {
    a.join("news");
    a.leave("news");
    EXPECT_EQ(index.find("news"), nullptr);
    b.join("news");
    EXPECT_EQ(broker.asked, (calls{"+news", "-news", "+news"}));
    attached(5);  // to a's
    EXPECT_TRUE(b.joined_at.empty());
    message_at(6);  // sent before a was gone
    attached(9);    // to b's
    EXPECT_EQ(b.joined_at, offsets{9});
    message_at(10);
    drain();
    EXPECT_EQ(b.got, offsets{10});
    EXPECT_TRUE(a.joined_at.empty());
}

TEST_F(topic_index_fixture, an_early_refusal_is_not_the_later_ones) {
    a.join("news");
    a.leave("news");
    b.join("news");
    index.on_attached("news", refusal());
    EXPECT_TRUE(b.refusals.empty());
    attached(1, 2);
    EXPECT_EQ(b.joined_at, offsets{1});
}

TEST_F(topic_index_fixture, an_answer_after_everybody_left_is_the_end) {
    a.join("news");
    a.leave("news");
    EXPECT_EQ(index.topics(), 1U) << "an answer is due";
    attached(5);
    EXPECT_EQ(index.topics(), 0U);
    EXPECT_EQ(broker.asked, (calls{"+news", "-news"}));
    attached(5);  // that nobody asked for
    index.on_attached("other", refusal());
    message_at(6);
    EXPECT_TRUE(index.idle());
}

TEST_F(topic_index_fixture, who_joins_during_a_fan_out_gets_no_older_message) {
    a.join("news");
    attached(0);
    message_at(1);
    message_at(2);
    EXPECT_TRUE(index.fan_out(1));
    b.join("news");
    EXPECT_EQ(b.joined_at, offsets{2});
    message_at(3);
    drain();
    EXPECT_EQ(a.got, (offsets{1, 2, 3}));
    EXPECT_EQ(b.got, offsets{3});
}

TEST_F(topic_index_fixture, goes_on_where_the_budget_ended) {
    std::vector<listener> many;
    many.reserve(10);
    for (int i = 0; i != 10; ++i) many.emplace_back(index).join("news");
    attached(0);
    message_at(1);
    message_at(2);
    EXPECT_EQ(index.backlog(), 2U);
    EXPECT_TRUE(index.fan_out(4));
    std::size_t got = 0;
    for (auto const& l : many) got += l.got.size();
    EXPECT_EQ(got, 4U);
    EXPECT_TRUE(index.fan_out(9));
    EXPECT_EQ(index.backlog(), 2U);  // both go side by side
    EXPECT_FALSE(index.fan_out(7));
    EXPECT_TRUE(index.idle());
    for (auto const& l : many) EXPECT_EQ(l.got, (offsets{1, 2}));
    EXPECT_FALSE(index.fan_out(1));
}

TEST_F(topic_index_fixture, one_call_without_budget_does_nothing) {
    a.join("news");
    attached(0);
    message_at(1);
    EXPECT_TRUE(index.fan_out(0));
    EXPECT_TRUE(a.got.empty());
}

TEST_F(topic_index_fixture, topics_are_fanned_out_in_the_order_their_messages_came) {
    a.join("news");
    a.join("other");
    attached(0);
    index.on_attached("other", position{{9}, 100});
    message_at(101, 9, "other");
    message_at(1);
    message_at(102, 9, "other");
    drain();
    EXPECT_EQ(a.got, (offsets{101, 1, 102}));
}

TEST_F(topic_index_fixture, a_place_left_is_filled_from_the_end) {
    for (auto* l : {&a, &b, &c}) l->join("news");
    attached(0);
    a.leave("news");
    EXPECT_EQ(c.moves, 1);
    EXPECT_EQ(b.moves, 0);
    c.leave("news");
    message_at(1);
    drain();
    EXPECT_TRUE(a.got.empty());
    EXPECT_EQ(b.got, offsets{1});
    EXPECT_TRUE(c.got.empty());
}

TEST_F(topic_index_fixture, places_keep_their_numbers_while_a_fan_out_is_under_way) {
    for (auto* l : {&a, &b, &c, &d}) l->join("news");
    attached(0);
    message_at(1);
    message_at(2);
    EXPECT_TRUE(index.fan_out(1));
    a.leave("news");
    c.leave("news");
    EXPECT_EQ(b.moves + d.moves, 0);
    drain();
    EXPECT_EQ(d.moves, 1);
    EXPECT_EQ(b.moves, 0);
    EXPECT_EQ(a.got, offsets{1});
    EXPECT_EQ(b.got, (offsets{1, 2}));
    EXPECT_TRUE(c.got.empty());
    EXPECT_EQ(d.got, (offsets{1, 2}));
    b.leave("news");
    d.leave("news");
    EXPECT_EQ(index.topics(), 0U);
}

TEST_F(topic_index_fixture, who_leaves_from_inside_deliver_gets_nothing_more) {
    for (auto* l : {&a, &b}) l->join("news");
    attached(0);
    a.on_deliver = [&](delivery&) { a.leave("news"); };
    message_at(1);
    message_at(2);
    drain();
    EXPECT_EQ(a.got, offsets{1});
    EXPECT_EQ(b.got, (offsets{1, 2}));
}

TEST_F(topic_index_fixture, the_last_one_may_leave_from_inside_deliver) {
    for (auto* l : {&a, &b}) {
        l->join("news");
        l->on_deliver = [l](delivery&) { l->leave("news"); };
    }
    attached(0);
    message_at(1);
    message_at(2);
    drain();
    EXPECT_EQ(a.got, offsets{1});
    EXPECT_EQ(b.got, offsets{1});
    EXPECT_EQ(broker.asked, (calls{"+news", "-news"}));
    EXPECT_EQ(index.topics(), 0U);
}

TEST_F(topic_index_fixture, messages_of_an_earlier_attachment_do_not_reach_a_later_one) {
    a.join("news");
    attached(50);
    message_at(51);
    message_at(52);
    a.leave("news");  // with two fan-outs waiting
    b.join("news");
    attached(0, 2);  // the topic was forgotten meanwhile: another epoch, lower offsets
    message_at(1, 2);
    drain();
    EXPECT_TRUE(a.got.empty());
    EXPECT_EQ(b.got, offsets{1});
}

TEST_F(topic_index_fixture, what_receivers_made_of_a_message_is_kept_across_calls) {
    for (auto* l : {&a, &b}) l->join("news");
    attached(0);
    a.on_deliver = [](delivery& x) { x.cache = std::make_shared<int>(42); };
    b.on_deliver = [](delivery& x) { EXPECT_EQ(*std::static_pointer_cast<int>(x.cache), 42); };
    message_at(1);
    EXPECT_TRUE(index.fan_out(1));
    EXPECT_FALSE(index.fan_out(1));
    EXPECT_EQ(b.got, offsets{1});
}

TEST_F(topic_index_fixture, voided_fan_outs_cost_budget_too) {
    a.join("news");
    attached(0);
    for (std::uint64_t i = 1; i != 11; ++i) message_at(i);
    a.leave("news");
    EXPECT_TRUE(index.fan_out(4));
    EXPECT_EQ(index.backlog(), 6U);
    drain();
    EXPECT_EQ(index.topics(), 0U);
}

TEST_F(topic_index_fixture, watchers_are_told_within_the_budget_and_beside_messages) {
    std::vector<std::unique_ptr<listener>> many;
    for (int i = 0; i != 20; ++i) {
        many.push_back(std::make_unique<listener>(index));
        many.back()->join("news");
        many.back()->watch("news");
    }
    attached(0);
    auto const told = [&] {
        std::size_t n = 0;
        for (auto const& l : many) n += l->versions.size();
        return n;
    };
    for (std::uint64_t i = 1; i != 4; ++i) message_at(i);
    presence_at(1);
    presence_at(2);
    EXPECT_EQ(told(), 0U) << "queued, not told in the call";
    EXPECT_TRUE(index.fan_out(16));
    EXPECT_EQ(told(), 4U) << "a quarter, and messages the rest";
    EXPECT_EQ(many[0]->got.size(), 3U);
    many[1]->unwatch("news");
    many[10]->unwatch("news");
    listener late(index);
    late.join("news");
    late.watch("news");
    drain();
    presence_at(3);
    drain();
    EXPECT_EQ(many[0]->versions, (offsets{1, 2, 3}));
    EXPECT_EQ(many[1]->versions, offsets{1});
    EXPECT_TRUE(many[10]->versions.empty());
    EXPECT_EQ(many[19]->versions, (offsets{1, 2, 3}));
    EXPECT_EQ(late.versions, offsets{3}) << "what was queued before it came is in its page";
    for (auto const& l : many) l->unwatch("news");
    presence_at(4);
    drain();
    EXPECT_EQ(late.versions, (offsets{3, 4}));
    for (auto const& l : many) l->leave("news");
    presence_at(5);
    late.unwatch("news");
    late.leave("news");
    EXPECT_EQ(index.topics(), 1U) << "a change is on its way";
    drain();
    EXPECT_EQ(late.versions, (offsets{3, 4}));
    EXPECT_EQ(index.topics(), 0U);
}

}  // namespace
}  // namespace weir
