#include <weir/async/mailbox.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace weir {
namespace {

TEST(mailbox, one_wake_up_however_many_wait) {
    int wakes = 0;
    mailbox<int> box([&] { ++wakes; });
    for (int i = 0; i < 10; ++i) box.push(i);
    EXPECT_EQ(wakes, 1);
    EXPECT_EQ(box.size(), 10u);
    std::vector<int> got;
    EXPECT_EQ(box.drain([&](int i) { got.push_back(i); }), 10u);
    EXPECT_EQ(got, (std::vector{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
    EXPECT_EQ(box.size(), 0u);
    box.push(10);
    EXPECT_EQ(wakes, 2);
}

TEST(mailbox, what_is_pushed_while_draining_wakes_again) {
    int wakes = 0;
    mailbox<int> box([&] { ++wakes; });
    box.push(1);
    EXPECT_EQ(box.drain([&](int i) { box.push(i + 1); }), 1u);
    EXPECT_EQ(wakes, 2);
    EXPECT_EQ(box.drain([](int i) { EXPECT_EQ(i, 2); }), 1u);
}

TEST(mailbox, a_bound_leaves_the_rest_for_the_next_drain) {
    int wakes = 0;
    mailbox<int> box([&] { ++wakes; });
    for (int i = 0; i != 5; ++i) box.push(i);
    std::vector<int> got;
    auto const take = [&](int i) { got.push_back(i); };
    EXPECT_EQ(box.drain(take, 3), 3U);
    EXPECT_TRUE(box.has_left_over());
    EXPECT_EQ(box.size(), 2U);
    box.push(5);  // behind what is left over, and wakes: the owner's list is not the senders'
    EXPECT_EQ(wakes, 2);
    EXPECT_EQ(box.drain(take, 3), 3U);
    EXPECT_FALSE(box.has_left_over());
    EXPECT_EQ(got, (std::vector{0, 1, 2, 3, 4, 5}));
    EXPECT_EQ(box.drain(take, 3), 0U);
}

TEST(mailbox, drops_what_nobody_took_and_what_was_left_over) {
    auto const item = std::make_shared<int>(1);
    {
        mailbox<std::shared_ptr<int>> box([] {});
        for (int i = 0; i != 3; ++i) box.push(item);
        EXPECT_EQ(box.drain([](std::shared_ptr<int> const&) {}, 1), 1U);
        box.push(item);
        EXPECT_EQ(item.use_count(), 4);
    }
    EXPECT_EQ(item.use_count(), 1);
}

TEST(mailbox, drops_what_nobody_took) {
    auto const item = std::make_shared<int>(1);
    {
        mailbox<std::shared_ptr<int>> box([] {});
        box.push(item);
        EXPECT_EQ(item.use_count(), 2);
    }
    EXPECT_EQ(item.use_count(), 1);
}

// Every item arrives, each sender's in its order, and a sleeping owner is never left asleep.
TEST(mailbox, many_threads_to_one) {
    constexpr int senders = 4;
    constexpr int items = 20000;
    struct letter {
        int sender;
        int number;
    };
    std::mutex mutex;
    std::condition_variable changed;
    bool woken = false;
    std::atomic<int> wakes{0};
    mailbox<letter> box([&] {
        ++wakes;
        std::lock_guard const lock(mutex);
        woken = true;
        changed.notify_one();
    });
    std::vector<std::thread> threads;
    for (int s = 0; s < senders; ++s) {
        threads.emplace_back([&box, s] {
            for (int i = 0; i < items; ++i) box.push({s, i});
        });
    }
    std::vector<int> next(senders, 0);
    int total = 0;
    int drains = 0;
    while (total < senders * items) {
        {
            std::unique_lock lock(mutex);
            changed.wait(lock, [&] { return woken; });
            woken = false;
        }
        ++drains;
        box.drain([&](letter l) {
            auto& expected = next[static_cast<std::size_t>(l.sender)];
            EXPECT_EQ(l.number, expected);
            ++expected;
            ++total;
        });
    }
    for (auto& t : threads) t.join();
    EXPECT_EQ(total, senders * items);
    EXPECT_LE(wakes, drains + 1);
}

}  // namespace
}  // namespace weir
