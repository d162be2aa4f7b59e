#include "async/run_loop.hpp"

#include <weir/async/poller.hpp>

#include <gtest/gtest.h>

#include <array>
#include <fcntl.h>
#include <functional>
#include <memory>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace weir {
namespace {

/// One end in the poller, the other in the test's hand.
struct wired final : pollable {
    explicit wired(poller& p) : set(&p) {
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()), 0);
        EXPECT_TRUE(p.add(ends[0], *this));
    }
    ~wired() {
        leave();
        ::close(ends[0]);
        ::close(ends[1]);
    }
    void leave() {
        if (set != nullptr) set->remove(ends[0], *this);
        set = nullptr;
    }
    void say() const { EXPECT_EQ(::write(ends[1], "x", 1), 1); }
    void on_ready(std::uint32_t e) override {
        ++calls;
        events = e;
        if (then) then();
    }

    poller* set;
    std::array<int, 2> ends{};
    int calls = 0;
    std::uint32_t events = 0;
    std::function<void()> then;
};

struct poller_fixture : testing::Test {
    poller_fixture() { set.start(); }
    // Takes the events that adding makes (writable).
    void settle() { test::run_ready(loop); }

    boost::asio::io_context loop{1};
    int batches = 0;
    poller set{loop.get_executor(), [this] { ++batches; }};
};

TEST_F(poller_fixture, tells_of_input_once) {
    wired w(set);
    settle();
    EXPECT_EQ(w.calls, 1);
    EXPECT_EQ(w.events, std::uint32_t{EPOLLOUT});
    w.say();
    settle();
    EXPECT_EQ(w.calls, 2);
    EXPECT_TRUE(w.events & EPOLLIN);
    settle();  // not read, yet not told again: edge-triggered
    EXPECT_EQ(w.calls, 2);
    w.say();
    settle();
    EXPECT_EQ(w.calls, 3);
}

TEST_F(poller_fixture, tells_of_the_end) {
    wired w(set);
    settle();
    ::shutdown(w.ends[1], SHUT_WR);
    settle();
    EXPECT_TRUE(w.events & EPOLLRDHUP);
}

TEST_F(poller_fixture, a_batch_ends_once_however_many_are_ready) {
    std::vector<std::unique_ptr<wired>> all;
    for (int i = 0; i < 100; ++i) all.push_back(std::make_unique<wired>(set));
    settle();
    batches = 0;
    for (auto const& w : all) w->say();
    settle();
    EXPECT_EQ(batches, 1);
    for (auto const& w : all) EXPECT_EQ(w->calls, 2);
}

TEST_F(poller_fixture, more_than_a_batch_all_get_their_turn_and_let_others_in_between) {
    std::vector<std::unique_ptr<wired>> all;
    for (int i = 0; i < 400; ++i) all.push_back(std::make_unique<wired>(set));
    settle();
    batches = 0;
    for (auto const& w : all) w->say();
    settle();
    EXPECT_EQ(batches, 2);
    for (auto const& w : all) EXPECT_EQ(w->calls, 2);
}

TEST_F(poller_fixture, what_is_removed_in_a_batch_gets_nothing_more_from_it) {
    auto a = std::make_unique<wired>(set);
    auto b = std::make_unique<wired>(set);
    settle();
    int calls = 0;
    // Whoever comes first destroys the other, whose event is in the same batch.
    a->then = [&] { ++calls, b.reset(); };
    b->then = [&] { ++calls, a.reset(); };
    a->say();
    b->say();
    settle();
    EXPECT_EQ(calls, 1);
}

TEST_F(poller_fixture, one_may_remove_itself) {
    wired w(set);
    settle();
    w.then = [&] { w.leave(); };
    w.say();
    w.say();
    settle();
    w.say();
    settle();
    EXPECT_EQ(w.calls, 2);
}

TEST_F(poller_fixture, a_newcomer_at_the_same_place_does_not_get_the_old_ones_events) {
    auto first = std::make_unique<wired>(set);
    alignas(wired) std::array<std::byte, sizeof(wired)> place;
    auto* second = new (place.data()) wired(set);
    settle();
    int late = 0;
    first->then = [&] {
        second->~wired();
        second = new (place.data()) wired(set);
        second->then = [&] { late += (second->events & EPOLLIN) != 0 ? 1 : 0; };
    };
    first->say();
    second->say();
    // The order in a batch is the order of readiness.
    settle();
    EXPECT_EQ(late, 0);
    second->~wired();
}

TEST_F(poller_fixture, says_when_it_dispatches) {
    wired w(set);
    bool inside = false;
    w.then = [&] { inside = set.dispatching(); };
    settle();
    EXPECT_TRUE(inside);
    EXPECT_FALSE(set.dispatching());
}

TEST_F(poller_fixture, stopped_it_is_silent_and_starts_again) {
    wired w(set);
    settle();
    set.stop();
    w.say();
    settle();
    EXPECT_EQ(w.calls, 1);
    set.start();
    settle();
    EXPECT_EQ(w.calls, 2);
}

TEST_F(poller_fixture, stop_and_start_before_the_loop_ran_keep_one_watch) {
    wired w(set);
    settle();
    set.stop();
    set.start();
    batches = 0;
    w.say();
    settle();
    EXPECT_EQ(w.calls, 2);
    EXPECT_EQ(batches, 1);
}

TEST_F(poller_fixture, stop_ends_the_batch) {
    wired a(set);
    wired b(set);
    settle();
    a.then = b.then = [&] { set.stop(); };
    batches = 0;
    a.say();
    b.say();
    settle();
    EXPECT_EQ(a.calls + b.calls, 3);
    EXPECT_EQ(batches, 0);
}

TEST(poller, dies_before_its_loop_and_after) {
    {
        boost::asio::io_context loop(1);
        {
            poller set(loop.get_executor(), [] { FAIL(); });
            set.start();
        }
        test::run_ready(loop);
    }
    {
        boost::asio::io_context loop(1);
        poller set(loop.get_executor(), [] {});
        set.start();
    }
    boost::asio::io_context loop(1);
    auto set = std::make_unique<poller>(loop.get_executor(), [] { FAIL(); });
    set->start();
    wired w(*set);
    w.then = [&] {
        w.leave();
        set.reset();
    };
    test::run_ready(loop);
    EXPECT_EQ(w.calls, 1);
}

TEST(poller, refuses_what_cannot_be_watched) {
    boost::asio::io_context loop(1);
    poller set(loop.get_executor(), [] {});
    struct unused final : pollable {
        void on_ready(std::uint32_t) override {}
    } nobody;
    int const file = ::open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
    EXPECT_FALSE(set.add(file, nobody));
    ::close(file);
    EXPECT_FALSE(set.add(-1, nobody));
}

}  // namespace
}  // namespace weir
