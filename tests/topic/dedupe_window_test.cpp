#include "topic/dedupe_window.hpp"

#include "topic/dice.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace weir {
namespace {

using verdict = dedupe_window::verdict;

publication make(std::string topic, std::string scope, std::string id, std::string payload = "1") {
    publication p;
    p.topic = std::move(topic);
    p.scope = std::move(scope);
    p.dedupe = std::move(id);
    p.payload = std::move(payload);
    return p;
}
constexpr position at(std::uint64_t offset) {
    return {epoch_id{7}, offset};
}

TEST(dedupe_window, tells_fresh_from_repeated_and_from_other_content) {
    std::atomic<std::size_t> taken{0};
    dedupe_window window(seconds{300}, 10, taken);
    auto const p = make("t", "alice", "7");
    EXPECT_EQ(window.look_up(window.print_of(p)).first, verdict::fresh);
    EXPECT_TRUE(window.remember(window.print_of(p), at(3), seconds{0}));
    auto const again = window.look_up(window.print_of(p));
    EXPECT_EQ(again.first, verdict::repeated);
    EXPECT_EQ(again.second, at(3));
    auto other = p;
    other.event = "e";
    EXPECT_EQ(window.look_up(window.print_of(other)).first, verdict::other_content);
    other = p;
    other.key = "k";
    EXPECT_EQ(window.look_up(window.print_of(other)).first, verdict::other_content);
    other = p;
    other.payload = "2";
    EXPECT_EQ(window.look_up(window.print_of(other)).first, verdict::other_content);
    other = p;  // what the server adds is not what the publisher said
    other.time = 5;
    other.from = "alice";
    EXPECT_EQ(window.look_up(window.print_of(other)).first, verdict::repeated);
}

TEST(dedupe_window, moved_text_between_the_parts_of_a_content_is_another_content) {
    std::atomic<std::size_t> taken{0};
    dedupe_window window(seconds{300}, 10, taken);
    auto p = make("t", "s", "1");
    p.event = "a";
    p.key = "b";
    window.remember(window.print_of(p), at(1), seconds{0});
    std::swap(p.event, p.key);
    EXPECT_EQ(window.look_up(window.print_of(p)).first, verdict::other_content);
}

TEST(dedupe_window, no_id_is_that_of_another_topic_or_scope) {
    std::atomic<std::size_t> taken{0};
    dedupe_window window(seconds{300}, 100, taken);
    std::vector<publication> const all = {
        make("t", "a", "b"),   make("t", "ab", ""),   make("t", "", "ab"),
        make("bt", "a", ""),   make("t", "b", "a"),   make("bt", "", "a"),
        make("t", "1 2", "3"), make("t", "1", " 23"), make("3t", "1 2", ""),
    };
    for (auto const& p : all) {
        EXPECT_EQ(window.look_up(window.print_of(p)).first, verdict::fresh);
        EXPECT_TRUE(window.remember(window.print_of(p), at(1), seconds{0}));
    }
}

TEST(dedupe_window, windows_share_a_bound_and_give_back) {
    std::atomic<std::size_t> taken{0};
    dedupe_window first(seconds{60}, 3, taken);
    {
        dedupe_window second(seconds{60}, 3, taken);
        EXPECT_TRUE(first.remember(first.print_of(make("t", "s", "1")), at(1), seconds{0}));
        EXPECT_TRUE(second.remember(second.print_of(make("u", "s", "1")), at(1), seconds{0}));
        EXPECT_TRUE(second.remember(second.print_of(make("u", "s", "2")), at(2), seconds{0}));
        EXPECT_FALSE(first.remember(first.print_of(make("t", "s", "2")), at(2), seconds{0}));
        EXPECT_EQ(first.look_up(first.print_of(make("t", "s", "2"))).first, verdict::fresh);
        EXPECT_EQ(taken.load(), 3U);
    }
    EXPECT_EQ(taken.load(), 1U);
    EXPECT_TRUE(first.remember(first.print_of(make("t", "s", "2")), at(2), seconds{0}));
}

TEST(dedupe_window, expires_in_portions_and_a_new_id_pays_for_two) {
    std::atomic<std::size_t> taken{0};
    dedupe_window window(seconds{60}, 10, taken);
    auto const remember = [&](int id, seconds now) {
        return window.remember(window.print_of(make("t", "s", std::to_string(id))), at(1), now);
    };
    for (int i = 0; i != 10; ++i) EXPECT_TRUE(remember(i, seconds{0}));
    EXPECT_FALSE(remember(10, seconds{59}));
    EXPECT_EQ(window.expire(seconds{59}, 100), 0U);
    EXPECT_EQ(window.expire(seconds{60}, 3), 3U);
    EXPECT_EQ(window.size(), 7U);
    EXPECT_TRUE(remember(10, seconds{60}));
    EXPECT_EQ(window.size(), 6U);
    EXPECT_EQ(window.expire(seconds{60}, 100), 5U);
    EXPECT_EQ(taken.load(), 1U);
}

TEST(dedupe_window, random_steps_agree_with_a_map) {
    SCOPED_TRACE(seed_trace());
    dice random(test_seed());
    struct known {
        std::string payload;
        position where;
        nanoseconds since;
    };
    for (int round = 0; round != 20; ++round) {
        std::atomic<std::size_t> taken{0};
        auto const bound = 1 + random.below(30);
        dedupe_window window(seconds{20}, bound, taken);
        std::map<std::string, known> model;
        nanoseconds now{0};
        for (std::uint64_t step = 1; step != 500; ++step) {
            if (random.one_in(4)) {
                now += milliseconds{random.below(4000)};
                window.expire(now, 1000);
                std::erase_if(model,
                              [&](auto const& k) { return now - k.second.since >= seconds{20}; });
            }
            auto const id = std::to_string(random.below(40));
            auto const payload = std::to_string(random.below(2));
            auto const print = window.print_of(make("t", "s", id, payload));
            auto const [v, where] = window.look_up(print);
            if (auto const k = model.find(id); k != model.end()) {
                ASSERT_EQ(
                    v, k->second.payload == payload ? verdict::repeated : verdict::other_content);
                if (v == verdict::repeated) ASSERT_EQ(where, k->second.where);
            } else {
                ASSERT_EQ(v, verdict::fresh);
                bool const room = model.size() < bound;
                ASSERT_EQ(window.remember(print, at(step), now), room);
                if (room) model[id] = {payload, at(step), now};
            }
            ASSERT_EQ(window.size(), model.size());
            ASSERT_EQ(taken.load(), model.size());
        }
    }
}

}  // namespace
}  // namespace weir
