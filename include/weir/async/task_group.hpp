#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <memory>
#include <string_view>

namespace weir {

/// Owns coroutines: nothing is detached. Cancels them all on stop(), and asserts when it dies that
/// none is left. Single-threaded: everything on the executor's thread. An exception that leaves a
/// coroutine is logged as ours (error) and ends that coroutine only.
class task_group {
public:
    explicit task_group(boost::asio::any_io_executor executor);
    task_group(task_group const&) = delete;
    task_group& operator=(task_group const&) = delete;
    ~task_group();

    /// `name` (static storage) is for logs. After stop(): not started.
    void spawn(std::string_view name, boost::asio::awaitable<void> task);
    /// Emits terminal cancellation to all; they end in their own time.
    void stop();
    /// Completes when none is left.
    boost::asio::awaitable<void> join();
    std::size_t size() const noexcept;

private:
    struct state;
    std::shared_ptr<state> state_;
};

}  // namespace weir
