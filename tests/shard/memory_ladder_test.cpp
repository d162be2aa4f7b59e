#include "shard/memory_ladder.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <limits>
#include <string>

namespace weir {
namespace {

constexpr std::size_t limit = 1000;

/// The steps that are on, in their order.
std::string steps(memory_ladder const& l) {
    std::string out;
    for (std::size_t i = 0; i != memory_step_count; ++i) {
        auto const s = static_cast<memory_step>(i);
        if (l.on(s)) out += std::string(to_string(s)) + ' ';
    }
    return out;
}

TEST(memory_ladder, begins_the_steps_in_their_order) {
    memory_ladder l;
    std::size_t before = 0;
    for (std::size_t used = 0; used <= limit; ++used) {
        l.look(used, limit);
        std::size_t on = 0;
        while (on != memory_step_count && l.on(static_cast<memory_step>(on))) ++on;
        for (std::size_t i = on; i != memory_step_count; ++i) {
            ASSERT_FALSE(l.on(static_cast<memory_step>(i))) << used << ": " << steps(l);
        }
        ASSERT_GE(on, before) << used;
        ASSERT_LE(on, before + 1) << used;
        before = on;
    }
    EXPECT_EQ(before, memory_step_count) << "below the limit every step is on";
}

TEST(memory_ladder, script) {
    struct line {
        std::size_t used;
        std::string on;
    };
    line const lines[] = {
        {699, ""},
        {700, "tails "},
        {666, "tails "},  // not yet 5 hundredths below where it began
        {649, ""},
        {699, ""},
        {850, "tails detached handshakes consumers "},
        {801, "tails detached handshakes consumers "},
        {799, "tails detached handshakes "},
        {750, "tails detached handshakes "},
        {749, "tails detached "},
        {919, "tails detached handshakes consumers "},
        {920, "tails detached handshakes consumers publishes "},
        {1200, "tails detached handshakes consumers publishes "},
        {870, "tails detached handshakes consumers publishes "},
        {869, "tails detached handshakes consumers "},
        {0, ""},
    };
    memory_ladder l;
    for (line const& s : lines) {
        EXPECT_EQ(l.look(s.used, limit), !s.on.empty()) << s.used;
        EXPECT_EQ(steps(l), s.on) << s.used;
    }
}

TEST(memory_ladder, what_has_to_go_ends_the_step) {
    memory_ladder l;
    for (std::size_t const used : {850U, 900U, 1000U, 5000U}) {
        l.look(used, limit);
        for (auto const s : {memory_step::detached, memory_step::consumers}) {
            auto const excess = l.excess(s);
            ASSERT_GT(excess, 0U);
            memory_ladder after = l;
            after.look(used - excess + 1, limit);
            EXPECT_TRUE(after.on(s)) << "a byte less does not";
            after.look(used - excess, limit);
            EXPECT_FALSE(after.on(s));
        }
    }
    l.look(0, limit);
    EXPECT_EQ(l.excess(memory_step::consumers), 0U);
}

TEST(memory_ladder, tells_when_a_step_begins_and_ends) {
    memory_ladder l;
    l.look(760, limit);
    EXPECT_TRUE(l.began(memory_step::detached));
    EXPECT_FALSE(l.began(memory_step::handshakes));
    l.look(760, limit);
    EXPECT_FALSE(l.began(memory_step::detached));
    EXPECT_FALSE(l.ended(memory_step::detached));
    l.look(10, limit);
    EXPECT_TRUE(l.ended(memory_step::detached));
    l.look(10, limit);
    EXPECT_FALSE(l.ended(memory_step::detached));
}

TEST(memory_ladder, a_new_limit_counts_at_once) {
    memory_ladder l;
    EXPECT_FALSE(l.look(600, limit));
    EXPECT_TRUE(l.look(600, limit / 2));
    EXPECT_TRUE(l.on(memory_step::publishes));
    EXPECT_FALSE(l.look(600, limit));
}

TEST(memory_ladder, without_a_limit_nothing_is_done) {
    memory_ladder l;
    auto const none = std::numeric_limits<std::size_t>::max();
    EXPECT_FALSE(l.look(std::size_t{1} << 50, none));
    EXPECT_FALSE(l.look(none / 100 * 70 - 1, none));
}

}  // namespace
}  // namespace weir
