#include "async/run_loop.hpp"

#include <weir/async/task_group.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>

#include <stdexcept>

namespace weir {
namespace {

namespace asio = boost::asio;

asio::awaitable<void> finish(int& finished) {
    auto const executor = co_await asio::this_coro::executor;
    co_await asio::post(executor, asio::use_awaitable);
    ++finished;
}

asio::awaitable<void> sleep_for_ever(int& finished) {
    asio::steady_timer timer(co_await asio::this_coro::executor,
                             asio::steady_timer::time_point::max());
    co_await timer.async_wait(asio::use_awaitable);
    ++finished;
}

// Cleans up after its cancellation, which needs more waits.
asio::awaitable<void> leave_slowly(int& finished) {
    co_await asio::this_coro::throw_if_cancelled(false);
    asio::steady_timer timer(co_await asio::this_coro::executor,
                             asio::steady_timer::time_point::max());
    auto const token = asio::as_tuple(asio::use_awaitable);
    auto const [ec] = co_await timer.async_wait(token);
    EXPECT_EQ(ec, asio::error::operation_aborted);
    co_await asio::this_coro::reset_cancellation_state();
    for (int i = 0; i < 3; ++i) {
        co_await asio::post(timer.get_executor(), asio::use_awaitable);
    }
    ++finished;
}

asio::awaitable<void> fail() {
    co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
    throw std::runtime_error("expected by the test");
}

asio::awaitable<void> stop_others(task_group& group, int& finished) {
    co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
    group.stop();
    ++finished;
}

TEST(task_group, forgets_what_has_finished) {
    asio::io_context loop(1);
    task_group group(loop.get_executor());
    int finished = 0;
    for (int i = 0; i < 5; ++i) group.spawn("finish", finish(finished));
    EXPECT_EQ(group.size(), 5u);
    test::await(loop, group.join());
    EXPECT_EQ(finished, 5);
    EXPECT_EQ(group.size(), 0u);
}

TEST(task_group, join_of_an_empty_group_completes) {
    asio::io_context loop(1);
    task_group group(loop.get_executor());
    test::await(loop, group.join());
}

TEST(task_group, stop_cancels_everything) {
    asio::io_context loop(1);
    task_group group(loop.get_executor());
    int finished = 0;
    for (int i = 0; i < 5; ++i) group.spawn("sleep", sleep_for_ever(finished));
    group.spawn("leave", leave_slowly(finished));
    test::run_ready(loop);
    EXPECT_EQ(group.size(), 6u);
    group.stop();
    test::await(loop, group.join());
    EXPECT_EQ(finished, 1);  // the slow one ended by itself
}

TEST(task_group, stop_before_a_task_has_begun) {
    asio::io_context loop(1);
    task_group group(loop.get_executor());
    int finished = 0;
    group.spawn("sleep", sleep_for_ever(finished));
    group.stop();
    test::await(loop, group.join());
    EXPECT_EQ(finished, 0);
}

TEST(task_group, after_stop_nothing_starts) {
    asio::io_context loop(1);
    task_group group(loop.get_executor());
    int finished = 0;
    group.stop();
    group.spawn("finish", finish(finished));
    EXPECT_EQ(group.size(), 0u);
    test::run_ready(loop);
    EXPECT_EQ(finished, 0);
}

TEST(task_group, a_task_may_stop_its_own_group) {
    asio::io_context loop(1);
    task_group group(loop.get_executor());
    int finished = 0;
    group.spawn("sleep", sleep_for_ever(finished));
    group.spawn("stop", stop_others(group, finished));
    test::await(loop, group.join());
    EXPECT_EQ(finished, 1);
}

TEST(task_group, an_exception_ends_its_task_only) {
    asio::io_context loop(1);
    task_group group(loop.get_executor());
    int finished = 0;
    group.spawn("fail", fail());
    group.spawn("finish", finish(finished));
    test::await(loop, group.join());
    EXPECT_EQ(finished, 1);
}

TEST(task_group, two_may_join) {
    asio::io_context loop(1);
    task_group group(loop.get_executor());
    int finished = 0;
    int joined = 0;
    group.spawn("sleep", sleep_for_ever(finished));
    for (int i = 0; i < 2; ++i) {
        asio::co_spawn(loop, group.join(), [&](std::exception_ptr) { ++joined; });
    }
    test::run_ready(loop);
    EXPECT_EQ(joined, 0);
    group.stop();
    EXPECT_TRUE(test::run_until(loop, [&] { return joined == 2; }));
}

// The loop's end destroys the frames; nothing is left on the list then.
TEST(task_group, outlives_its_loop) {
    auto loop = std::make_unique<asio::io_context>(1);
    int finished = 0;
    auto group = std::make_unique<task_group>(loop->get_executor());
    group->spawn("sleep", sleep_for_ever(finished));
    group->spawn("finish", finish(finished));
    loop->poll();
    group->spawn("not begun", finish(finished));
    loop.reset();
    EXPECT_EQ(group->size(), 0u);
}

TEST(task_group_death, dying_with_a_task_left_is_a_bug) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_DEATH(
        {
            asio::io_context loop(1);
            int finished = 0;
            task_group group(loop.get_executor());
            group.spawn("sleep", sleep_for_ever(finished));
        },
        "");
}

}  // namespace
}  // namespace weir
