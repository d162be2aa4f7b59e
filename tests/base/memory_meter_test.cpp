#include <weir/base/frame.hpp>
#include <weir/base/memory_meter.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <deque>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace weir {
namespace {

constexpr auto kind = memory_kind::presence;  // nothing else in this program uses it
using units = memory_units<kind>;

std::size_t used() {
    return memory_used_for(kind);
}

TEST(memory_meter, units_count_as_long_as_they_live) {
    auto const before = used();
    {
        units u(100);
        EXPECT_EQ(used() - before, 100U);
        u.set(30);
        EXPECT_EQ(used() - before, 30U);
        units moved = std::move(u);
        EXPECT_EQ(used() - before, 30U);
        units const copy = moved;
        EXPECT_EQ(copy.bytes(), 0U);
        moved = units(7);
        EXPECT_EQ(used() - before, 7U);
    }
    EXPECT_EQ(used(), before);
}

TEST(memory_meter, a_container_counts_what_it_allocates) {
    auto const before = used();
    {
        std::vector<int, counted_allocator<int, kind>> v;
        v.reserve(100);
        EXPECT_EQ(used() - before, 100 * sizeof(int));
        std::deque<int, counted_allocator<int, kind>> const queue(1000, 1);
        EXPECT_GE(used() - before, 1100 * sizeof(int));
    }
    EXPECT_EQ(used(), before);
}

TEST(memory_meter, frames_are_counted_until_the_last_reference_is_gone) {
    auto const before = memory_used_for(memory_kind::frames);
    auto first = make_frame("", std::string(1000, 'x'), true);
    auto const one = memory_used_for(memory_kind::frames) - before;
    EXPECT_GE(one, 1000U);
    EXPECT_LE(one, 1100U);
    auto second = first;
    first->add_twin(15, make_frame("", "short", true));
    first = {};
    EXPECT_GT(memory_used_for(memory_kind::frames) - before, one);
    second = {};
    EXPECT_EQ(memory_used_for(memory_kind::frames), before);
}

// Here the heap is not counted, so the kinds make the total. More threads than there are slots,
// one after another, also share the last slot.
TEST(memory_meter, the_total_is_right_whatever_thread_frees) {
    auto const before = memory_used_exactly();
    constexpr std::size_t rounds = 400;
    for (std::size_t i = 0; i != rounds; ++i) {
        std::thread([] { count_memory(kind, 100'000); }).join();
    }
    EXPECT_EQ(memory_used_exactly() - before, rounds * 100'000);
    EXPECT_GE(memory_used() + 65'536 * rounds, memory_used_exactly());
    std::thread([] { uncount_memory(kind, rounds * 100'000); }).join();
    EXPECT_EQ(memory_used_exactly(), before);
}

TEST(memory_meter, the_peak_is_remembered_until_it_is_taken) {
    constexpr std::size_t MiB = 1024 * 1024;
    auto const before = memory_used_exactly();
    count_memory(kind, 64 * MiB);
    uncount_memory(kind, 60 * MiB);
    auto const near = [](std::size_t a, std::size_t b) { return a < b + MiB && b < a + MiB; };
    EXPECT_TRUE(near(take_memory_peak(), before + 64 * MiB));
    EXPECT_TRUE(near(take_memory_peak(), before + 4 * MiB));
    uncount_memory(kind, 4 * MiB);
}

TEST(memory_meter, threads_that_share_a_slot_lose_nothing) {
    for (int i = 0; i != 400; ++i) std::thread([] { count_memory(kind, 0); }).join();
    auto const before = memory_used_exactly();
    auto const kept = used();
    std::vector<std::thread> threads;
    for (int t = 0; t != 4; ++t) {
        threads.emplace_back([] {
            for (int i = 0; i != 10'000; ++i) count_memory(kind, 64);
            for (int i = 0; i != 9'999; ++i) uncount_memory(kind, 64);
        });
    }
    for (auto& t : threads) t.join();
    EXPECT_EQ(used() - kept, 4 * 64U);
    EXPECT_EQ(memory_used_exactly() - before, 4 * 64U);
    uncount_memory(kind, std::size_t{4} * 64);
}

}  // namespace
}  // namespace weir
