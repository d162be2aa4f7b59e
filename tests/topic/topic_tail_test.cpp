// What a shard keeps of a topic without history for subscribers that are not live, and how the
// index keeps these out of the way of the others.
#include <weir/topic/policy.hpp>
#include <weir/topic/topic_index.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace weir {
namespace {

using offsets = std::vector<std::uint64_t>;

message_ptr numbered(std::uint64_t offset, std::string key = {}, std::string payload = "1",
                     bool is_volatile = false) {
    auto m = std::make_shared<message>();
    m->topic = "t";
    m->key = std::move(key);
    m->payload = std::move(payload);
    m->at = {epoch_id{1}, offset};
    m->is_volatile = is_volatile;
    m->received = mono_time(seconds(offset));
    return m;
}

offsets kept(topic_tail const& tail, std::uint64_t after = 0) {
    offsets out;
    for (auto i = tail.next(after); i.what != nullptr; i = tail.next(i.offset)) {
        if (i.what->what) out.push_back(i.offset);
    }
    return out;
}

TEST(topic_tail, is_bounded_in_messages_bytes_and_age) {
    std::size_t const one = stored_bytes(*numbered(1)) + 128;
    for (topic_tail::bounds const b :
         {topic_tail::bounds{.messages = 3}, topic_tail::bounds{.bytes = 3 * one},
          topic_tail::bounds{.age = seconds(2)}}) {
        topic_tail tail(b, {}, {epoch_id{1}, 10});
        EXPECT_EQ(tail.base(), 10U);
        for (std::uint64_t i = 11; i != 20; ++i) tail.append(numbered(i));
        EXPECT_EQ(kept(tail), (offsets{17, 18, 19}));
        EXPECT_EQ(kept(tail, 18), offsets{19});
        EXPECT_EQ(tail.base(), 16U);
        EXPECT_EQ(tail.head().offset, 19U);
        EXPECT_EQ(tail.bytes(), 3 * one);
    }
}

TEST(topic_tail, keeps_a_message_that_is_larger_than_all_it_may_hold) {
    topic_tail::bounds const b{.bytes = 100};
    topic_tail tail(b, {}, {epoch_id{1}, 0});
    tail.append(numbered(1, {}, std::string(1000, '1')));
    EXPECT_EQ(kept(tail), offsets{1});
    tail.append(numbered(2));
    EXPECT_EQ(kept(tail), offsets{2});
}

TEST(topic_tail, has_a_place_for_a_volatile_message_and_not_its_content) {
    topic_tail::bounds const b;
    topic_tail tail(b, {}, {epoch_id{1}, 0});
    tail.append(numbered(1, {}, "1", true));
    ASSERT_NE(tail.next(0).what, nullptr);
    EXPECT_EQ(tail.next(0).offset, 1U);
    EXPECT_EQ(tail.next(0).what->what, nullptr);
    EXPECT_LT(tail.bytes(), stored_bytes(*numbered(1)));
    topic_tail with_state(b, {.keeps_volatile = true}, {epoch_id{1}, 0});
    with_state.append(numbered(1, {}, "1", true));
    EXPECT_EQ(kept(with_state), offsets{1});
}

TEST(topic_tail, of_a_topic_that_conflates_has_the_newest_of_each_key) {
    topic_tail::bounds const b{.messages = 3};
    topic_tail tail(b, {.conflates = true}, {epoch_id{1}, 0});
    std::uint64_t offset = 0;
    for (int round = 0; round != 100; ++round) {
        for (auto const* key : {"a", "b", "c"}) tail.append(numbered(++offset, key));
    }
    EXPECT_EQ(kept(tail), (offsets{298, 299, 300}));
    EXPECT_EQ(tail.base(), 0U) << "what is replaced is not lost";
    tail.append(numbered(301, "d"));
    EXPECT_EQ(kept(tail), (offsets{299, 300, 301}));
    EXPECT_EQ(tail.base(), 298U);
}

TEST(topic_tail, remembers_the_newest_removal_that_it_lost) {
    topic_tail::bounds const b{.messages = 1};
    topic_tail tail(b, {}, {epoch_id{1}, 0});
    tail.append(numbered(1, "a"));
    tail.append(numbered(2, "a", "null"));
    EXPECT_EQ(tail.removal_trimmed(), 0U);
    tail.append(numbered(3, "b"));
    tail.append(numbered(4, "b"));
    EXPECT_EQ(tail.removal_trimmed(), 2U);
}

struct quiet_broker final : topic_interest {
    void attach(std::string_view) override {}
    void detach(std::string_view) override {}
    topic_policy policy_of(std::string_view) const override { return {}; }
};

/// Falls behind when it is told to, as a detached session does.
struct sleeper final : subscriber {
    explicit sleeper(topic_index& i) : index(i) {}
    void join(bool live = true) { std::tie(entry, slot) = index.join("t", *this, live); }
    void deliver(delivery& d) override {
        ++visits;
        if (awake) {
            got.push_back(d.what().at.offset);
        } else {
            place = d.what().at.offset - 1;
            index.hold(*entry, slot);
            index.use_tail(*entry);
        }
    }
    void joined(topic_entry&, result<position> const&) override {}
    void presence_changed(topic_entry&, presence_delivery&) override {}
    void moved(topic_entry&, std::uint32_t from, std::uint32_t to) override {
        EXPECT_EQ(slot, from);
        slot = to;
    }
    void wake() {
        awake = true;
        topic_tail const& tail = *topic_index::tail_of(*entry);
        for (auto const offset : kept(tail, place)) got.push_back(offset);
        auto const head = tail.head().offset;
        topic_index::release_tail(*entry);
        index.go_live(*entry, slot, head);
    }

    topic_index& index;
    topic_entry* entry = nullptr;
    std::uint32_t slot = 0;
    bool awake = true;
    int visits = 0;
    std::uint64_t place = 0;
    offsets got;
};

TEST(held_slots, are_visited_once_and_miss_nothing_in_the_tail) {
    quiet_broker broker;
    topic_index index(broker);
    std::vector<std::unique_ptr<sleeper>> all;
    for (int i = 0; i != 10; ++i) {
        all.push_back(std::make_unique<sleeper>(index));
        all.back()->join();
    }
    index.on_attached("t", position{epoch_id{1}, 0});
    for (std::size_t i = 0; i < 10; i += 2) all[i]->awake = false;
    std::uint64_t offset = 0;
    offsets every;
    for (int round = 0; round != 20; ++round) {
        // Several side by side, and cut by a budget in the middle of them.
        for (int i = 0; i != 3; ++i) {
            every.push_back(++offset);
            index.on_message(numbered(offset));
        }
        while (index.fan_out(7)) {
        }
        if (round == 10) all[4]->wake();
    }
    EXPECT_LE(all[0]->visits, 3) << "the run in which it fell behind, and nothing after it";
    for (auto const& s : all) {
        if (!s->awake) s->wake();
    }
    index.on_message(numbered(++offset));
    every.push_back(offset);
    while (index.fan_out(100)) {
    }
    for (auto const& s : all) EXPECT_EQ(s->got, every);
    EXPECT_EQ(topic_index::tail_of(*all[0]->entry), nullptr);
    for (auto const& s : all) index.leave(*s->entry, s->slot);
    EXPECT_EQ(index.topics(), 0U);
}

TEST(held_slots, may_leave_and_go_live_while_a_fan_out_is_under_way) {
    quiet_broker broker;
    topic_index index(broker);
    std::vector<std::unique_ptr<sleeper>> all;
    for (int i = 0; i != 6; ++i) {
        all.push_back(std::make_unique<sleeper>(index));
        all.back()->awake = i >= 3;
        all.back()->join();
    }
    index.on_attached("t", position{epoch_id{1}, 0});
    index.on_message(numbered(1));
    EXPECT_FALSE(index.fan_out(100));  // three are held now
    index.on_message(numbered(2));
    index.on_message(numbered(3));
    EXPECT_TRUE(index.fan_out(2));  // in the middle
    all[1]->wake();
    topic_index::release_tail(*all[0]->entry);
    index.leave(*all[0]->entry, all[0]->slot);
    while (index.fan_out(2)) {
    }
    index.on_message(numbered(4));
    EXPECT_FALSE(index.fan_out(100));
    all[2]->wake();
    EXPECT_EQ(all[1]->got, (offsets{1, 2, 3, 4}));
    EXPECT_EQ(all[2]->got, (offsets{1, 2, 3, 4}));
    for (std::size_t i = 3; i != 6; ++i) EXPECT_EQ(all[i]->got, (offsets{1, 2, 3, 4}));
    for (std::size_t i = 1; i != 6; ++i) index.leave(*all[i]->entry, all[i]->slot);
    EXPECT_EQ(index.subscriptions(), 0U);
    EXPECT_EQ(index.topics(), 0U);
}

}  // namespace
}  // namespace weir
