#include "topic/topic_state.hpp"

#include "topic/dice.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace weir {
namespace {

constexpr epoch_id epoch{7};

struct written_state {
    explicit written_state(state_kind kind, std::uint32_t keys = 100) : state(kind, keys) {}
    bool publish(std::string key, std::string payload = "1") {
        if (!state.admits(key, payload)) return false;
        auto m = std::make_shared<message>();
        m->key = std::move(key);
        m->payload = std::move(payload);
        m->at = {epoch, ++head};
        auto const before = state.bytes();
        auto const growth = state.growth(m->key, m->payload, stored_bytes(*m));
        state.apply(m);
        EXPECT_EQ(growth, state.bytes() > before ? state.bytes() - before : 0);
        return true;
    }
    log_page read(std::optional<std::uint64_t> behind = std::nullopt, std::uint32_t max = 1000,
                  std::size_t bytes = std::numeric_limits<std::size_t>::max()) const {
        log_query q;
        q.kind = log_query::what::state;
        if (behind) q.at = position{epoch, *behind};
        q.messages_max = max;
        q.bytes_max = bytes;
        return state.read(q, {epoch, head});
    }
    topic_state state;
    std::uint64_t head = 0;
};

using entries = std::vector<std::string>;
entries on(log_page const& page) {
    entries out;
    for (auto const& m : page.messages) {
        out.push_back(std::to_string(m->at.offset) + " " + m->key + "=" + m->payload);
    }
    return out;
}

TEST(topic_state, last_is_the_newest_whatever_its_key) {
    written_state w(state_kind::last);
    EXPECT_TRUE(w.read().messages.empty());
    w.publish("a", "1");
    w.publish("", "2");
    EXPECT_EQ(on(w.read()), entries{"2 =2"});
    w.publish("b", "null");
    EXPECT_EQ(on(w.read()), entries{"3 b=null"});
    EXPECT_EQ(w.state.size(), 1U);
}

TEST(topic_state, keyed_is_the_newest_of_each_key_in_the_order_of_offsets) {
    written_state w(state_kind::keyed);
    w.publish("a", "1");
    w.publish("b", "2");
    w.publish("a", "3");
    w.publish("", "4");
    EXPECT_EQ(on(w.read()), (entries{"2 b=2", "3 a=3"}));
    EXPECT_EQ(w.read().head.offset, 4U);
    EXPECT_EQ(on(w.read(2)), entries{"3 a=3"});
}

TEST(topic_state, null_removes_a_key) {
    written_state w(state_kind::keyed);
    w.publish("a", "1");
    w.publish("b", "\"null\"");
    w.publish("a", "null");
    w.publish("c", "null");
    EXPECT_EQ(on(w.read()), entries{"2 b=\"null\""});
    w.publish("b", "null");
    EXPECT_EQ(w.state.size(), 0U);
    EXPECT_EQ(w.state.bytes(), 0U);
}

TEST(topic_state, a_new_key_beyond_the_bound_is_not_admitted) {
    written_state w(state_kind::keyed, 2);
    EXPECT_TRUE(w.publish("a"));
    EXPECT_TRUE(w.publish("b"));
    EXPECT_FALSE(w.publish("c"));
    EXPECT_TRUE(w.publish("c", "null"));
    EXPECT_TRUE(w.publish(""));
    EXPECT_TRUE(w.publish("a", "2"));
    EXPECT_TRUE(w.publish("b", "null"));
    EXPECT_TRUE(w.publish("c"));
    EXPECT_FALSE(w.publish("b"));
}

TEST(topic_state, pages_are_bounded_and_never_empty) {
    written_state w(state_kind::keyed);
    for (auto const* key : {"a", "b", "c"}) w.publish(key);
    auto page = w.read(std::nullopt, 2);
    EXPECT_EQ(on(page), (entries{"1 a=1", "2 b=1"}));
    EXPECT_TRUE(page.more);
    page = w.read(2, 2);
    EXPECT_EQ(on(page), entries{"3 c=1"});
    EXPECT_FALSE(page.more);
    page = w.read(0, 9, 1);
    EXPECT_EQ(on(page), entries{"1 a=1"});
    EXPECT_TRUE(page.more);
}

TEST(topic_state, a_position_nobody_knows_gets_all_of_it) {
    written_state w(state_kind::keyed);
    w.publish("a");
    EXPECT_EQ(w.read(1).missing, std::nullopt);
    EXPECT_TRUE(w.read(1).messages.empty());
    EXPECT_EQ(w.read(2).missing, (loss{.reason = gap_reason::epoch}));
    EXPECT_EQ(w.read(2).messages.size(), 1U);
    log_query q;
    q.kind = log_query::what::state;
    q.at = position{epoch_id{8}, 1};
    EXPECT_EQ(w.state.read(q, {epoch, 1}).missing, (loss{.reason = gap_reason::epoch}));
    EXPECT_EQ(w.state.read(q, {epoch, 1}).messages.size(), 1U);
}

TEST(topic_state, another_kind_starts_empty_and_another_bound_does_not) {
    written_state w(state_kind::keyed);
    for (auto const* key : {"a", "b", "c"}) w.publish(key);
    w.state.set_policy(state_kind::keyed, 1);
    EXPECT_EQ(w.state.size(), 3U);
    EXPECT_FALSE(w.publish("d"));
    EXPECT_TRUE(w.publish("a"));
    w.state.set_policy(state_kind::last, 1);
    EXPECT_EQ(w.state.size(), 0U);
    EXPECT_EQ(w.state.bytes(), 0U);
    w.publish("a");
    w.state.set_policy(state_kind::none, 1);
    w.publish("b");
    EXPECT_EQ(w.state.size(), 0U);
}

TEST(topic_state, random_steps_agree_with_a_map) {
    SCOPED_TRACE(seed_trace());
    dice random(test_seed());
    for (int round = 0; round != 30; ++round) {
        auto const bound = 1 + random.below(12);
        written_state w(state_kind::keyed, static_cast<std::uint32_t>(bound));
        std::map<std::string, std::pair<std::uint64_t, std::string>> model;
        for (int step = 0; step != 300; ++step) {
            // Long keys have a block of their own, which goes with the message.
            std::string const key = random.one_in(10) ? ""
                                                      : std::string(random.below(2) * 40, 'k') +
                                                            std::to_string(random.below(12));
            std::string const payload =
                random.one_in(4) ? "null" : std::to_string(random.below(1000));
            bool const fits =
                key.empty() || payload == "null" || model.contains(key) || model.size() < bound;
            ASSERT_EQ(w.publish(key, payload), fits);
            if (!fits || key.empty()) continue;
            if (payload == "null") {
                model.erase(key);
            } else {
                model[key] = {w.head, payload};
            }
            std::map<std::uint64_t, std::string> in_order;
            for (auto const& [k, v] : model) in_order[v.first] = k + "=" + v.second;
            entries expected;
            for (auto const& [at, text] : in_order) {
                expected.push_back(std::to_string(at) + " " + text);
            }
            entries seen;
            auto page = w.read(0, 3);
            for (;;) {
                for (auto& e : on(page)) seen.push_back(e);
                if (!page.more) break;
                page = w.read(page.messages.back()->at.offset, 3);
            }
            ASSERT_EQ(seen, expected);
            ASSERT_EQ(w.state.size(), model.size());
        }
    }
}

}  // namespace
}  // namespace weir
