#include "topic/dice.hpp"

#include <weir/session/held_messages.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace weir {
namespace {

message_ptr numbered(std::uint64_t offset, std::size_t payload_bytes = 3) {
    auto m = std::make_shared<message>();
    m->topic = "t";
    m->payload = std::string(payload_bytes, '1');
    m->at.offset = offset;
    return m;
}

/// All that is in there: "7" is a message, "[3..5 n3 slow]" a loss.
std::vector<std::string> drain(held_messages& held) {
    std::vector<std::string> out;
    while (!held.empty()) {
        auto const item = held.take();
        if (auto const* const m = std::get_if<message_ptr>(&item)) {
            out.push_back(std::to_string((*m)->at.offset));
        } else {
            loss const& l = std::get<loss>(item);
            out.push_back('[' + std::to_string(l.from) + ".." + std::to_string(l.to) + " n" +
                          std::to_string(l.count) + ' ' + std::string(to_string(l.reason)) + ']');
        }
    }
    return out;
}
using items = std::vector<std::string>;

TEST(held_messages, gives_in_the_order_it_was_given) {
    held_messages held;
    EXPECT_TRUE(held.empty());
    EXPECT_FALSE(held.has_message());
    for (std::uint64_t i = 1; i != 4; ++i) held.add(numbered(i));
    EXPECT_TRUE(held.has_message());
    EXPECT_EQ(held.bytes(), 3 * held_bytes(*numbered(1)));
    EXPECT_EQ(drain(held), (items{"1", "2", "3"}));
    EXPECT_EQ(held.bytes(), 0U);
    EXPECT_FALSE(held.has_message());
}

TEST(held_messages, a_message_counts_with_all_its_text) {
    message m;
    std::size_t const bare = held_bytes(m);
    EXPECT_GT(bare, sizeof(message));
    m.topic = "12345";
    m.event = "1234";
    m.payload = "123";
    m.key = "12";
    m.from = "1";
    EXPECT_EQ(held_bytes(m), bare + 15);
}

TEST(held_messages, a_loss_stands_where_its_messages_would) {
    held_messages held;
    held.add(numbered(1));
    held.lose(*numbered(2), gap_reason::slow);
    held.lose(*numbered(3), gap_reason::slow);
    held.add(numbered(4));
    held.lose(*numbered(5), gap_reason::slow);
    EXPECT_EQ(drain(held), (items{"1", "[2..3 n2 slow]", "4", "[5..5 n1 slow]"}));
}

TEST(held_messages, losses_of_two_reasons_are_two) {
    held_messages held;
    held.lose(*numbered(1), gap_reason::detached);
    held.lose(*numbered(2), gap_reason::slow);
    held.lose(*numbered(3), gap_reason::slow);
    EXPECT_FALSE(held.empty());
    EXPECT_FALSE(held.has_message());
    EXPECT_EQ(held.bytes(), 0U);
    EXPECT_EQ(drain(held), (items{"[1..1 n1 detached]", "[2..3 n2 slow]"}));
}

TEST(held_messages, the_oldest_becomes_a_loss) {
    held_messages held;
    for (std::uint64_t i = 1; i != 6; ++i) held.add(numbered(i));
    held.drop_oldest(gap_reason::slow);
    held.drop_oldest(gap_reason::slow);
    EXPECT_EQ(held.bytes(), 3 * held_bytes(*numbered(1)));
    EXPECT_EQ(drain(held), (items{"[1..2 n2 slow]", "3", "4", "5"}));
}

TEST(held_messages, a_dropped_one_joins_its_neighbours) {
    struct row {
        gap_reason before, dropped, behind;
        items after;
    };
    auto const slow = gap_reason::slow;
    auto const away = gap_reason::detached;
    for (row const& r : std::vector<row>{
             {slow, slow, slow, {"[1..3 n3 slow]", "4"}},
             {away, slow, slow, {"[1..1 n1 detached]", "[2..3 n2 slow]", "4"}},
             {slow, slow, away, {"[1..2 n2 slow]", "[3..3 n1 detached]", "4"}},
             {slow, away, slow, {"[1..1 n1 slow]", "[2..2 n1 detached]", "[3..3 n1 slow]", "4"}},
         }) {
        held_messages held;
        held.lose(*numbered(1), r.before);
        held.add(numbered(2));
        held.lose(*numbered(3), r.behind);
        held.add(numbered(4));
        held.drop_oldest(r.dropped);
        EXPECT_EQ(drain(held), r.after);
    }
}

TEST(held_messages, front_is_what_take_gives) {
    held_messages held;
    message_ptr const m = numbered(1);
    held.add(m);
    held.lose(*numbered(2), gap_reason::slow);
    EXPECT_EQ(std::get<message_ptr>(held.front()), m);
    EXPECT_EQ(std::get<message_ptr>(held.take()), m);
    EXPECT_EQ(std::get<loss>(held.front()).from, 2U);
    held.lose(*numbered(3), gap_reason::slow);
    EXPECT_EQ(std::get<loss>(held.take()).count, 2U) << "it grows as long as it stands";
    EXPECT_TRUE(held.empty());
}

/// What is delivered and what the losses declare is what was published, in its order.
TEST(held_messages, loses_nothing_silently) {
    SCOPED_TRACE(seed_trace());
    dice random(test_seed());
    std::vector<gap_reason> const reasons{gap_reason::slow, gap_reason::detached};
    for (int round = 0; round != 100; ++round) {
        held_messages held;
        std::uint64_t published = 0, seen = 0;
        std::size_t waiting = 0, bytes = 0;
        std::vector<std::size_t> sizes{0};
        auto const take = [&] {
            auto const item = held.take();
            if (auto const* const m = std::get_if<message_ptr>(&item)) {
                ASSERT_EQ((*m)->at.offset, ++seen);
                --waiting;
                bytes -= held_bytes(**m);
            } else {
                loss const& l = std::get<loss>(item);
                ASSERT_EQ(l.from, seen + 1);
                ASSERT_EQ(l.to - l.from + 1, l.count);
                seen = l.to;
            }
        };
        for (int step = 0; step != 300; ++step) {
            switch (random.below(5)) {
                case 0:
                case 1: {
                    auto const m = numbered(++published, random.below(100));
                    bytes += held_bytes(*m);
                    sizes.push_back(held_bytes(*m));
                    held.add(m);
                    ++waiting;
                    break;
                }
                case 2:
                    held.lose(*numbered(++published), random.pick(reasons));
                    sizes.push_back(0);
                    break;
                case 3:
                    if (waiting == 0) break;
                    {
                        auto const before = held.bytes();
                        held.drop_oldest(random.pick(reasons));
                        --waiting;
                        bytes -= before - held.bytes();
                        ASSERT_GT(before, held.bytes());
                        break;
                    }
                default:
                    if (!held.empty()) take();
            }
            ASSERT_EQ(held.bytes(), bytes);
            ASSERT_EQ(held.has_message(), waiting != 0);
        }
        while (!held.empty()) take();
        ASSERT_EQ(seen, published);
        ASSERT_EQ(held.bytes(), 0U);
    }
}

}  // namespace
}  // namespace weir
