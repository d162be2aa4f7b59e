#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <exception>
#include <optional>
#include <stdexcept>
#include <utility>

namespace weir::test {

/// Runs the loop until `done()`. False when that takes 30 s: a hang fails the test instead of
/// holding everything up.
template <class Done>
bool run_until(boost::asio::io_context& loop, Done done) {
    auto const limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!done()) {
        if (std::chrono::steady_clock::now() >= limit) return false;
        if (loop.stopped()) loop.restart();
        loop.run_one_for(std::chrono::milliseconds(100));
    }
    return true;
}

/// Runs handlers until none is ready.
inline void run_ready(boost::asio::io_context& loop) {
    if (loop.stopped()) loop.restart();
    while (loop.poll() != 0) loop.restart();
}

/// Runs the loop until the coroutine has its result.
template <class T>
T await(boost::asio::io_context& loop, boost::asio::awaitable<T> work) {
    std::optional<T> got;
    std::exception_ptr thrown;
    bool done = false;
    boost::asio::co_spawn(loop, std::move(work), [&](std::exception_ptr e, T value) {
        thrown = e;
        got = std::move(value);
        done = true;
    });
    if (!run_until(loop, [&] { return done; })) throw std::runtime_error("the coroutine hangs");
    if (thrown) std::rethrow_exception(thrown);
    return std::move(*got);
}

inline void await(boost::asio::io_context& loop, boost::asio::awaitable<void> work) {
    std::exception_ptr thrown;
    bool done = false;
    boost::asio::co_spawn(loop, std::move(work), [&](std::exception_ptr e) {
        thrown = e;
        done = true;
    });
    if (!run_until(loop, [&] { return done; })) throw std::runtime_error("the coroutine hangs");
    if (thrown) std::rethrow_exception(thrown);
}

}  // namespace weir::test
