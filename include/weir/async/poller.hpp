#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <cstdint>
#include <functional>
#include <memory>

namespace weir {

/// Something with a descriptor in a poller's set. Its owner removes it before it dies or before
/// the descriptor is closed.
class pollable {
public:
    /// `events` are epoll's (EPOLLIN, EPOLLOUT, EPOLLRDHUP, EPOLLHUP, EPOLLERR). Edge-triggered:
    /// what is not consumed now does not come again; park on the turn's ready list instead.
    virtual void on_ready(std::uint32_t events) = 0;

protected:
    ~pollable() = default;
};

/// An edge-triggered epoll set inside an Asio loop: the loop watches the set's own descriptor; one
/// completion is one epoll_wait of up to 256 events without waiting, then the watch is armed
/// again. Established connections live here, because a reactor entry and an operation object each
/// cost more memory than such a connection has (ADR 0002). One a shard, on its thread only.
class poller {
public:
    /// `after` runs at the end of each batch of events.
    poller(boost::asio::any_io_executor executor, std::function<void()> after);
    poller(poller const&) = delete;
    poller& operator=(poller const&) = delete;
    ~poller();

    void start();
    void stop();

    /// Watches for input, output and hang-up, edge-triggered, once and for the descriptor's life.
    /// False: the kernel refused (errno).
    bool add(int descriptor, pollable& who);
    /// No further on_ready for it, also not from the batch under way.
    void remove(int descriptor, pollable& who);

    /// True inside on_ready and `after`.
    bool dispatching() const noexcept;
    /// True when the newest batch was a full one: more events may wait for the next.
    bool more_may_wait() const noexcept;

private:
    struct state;
    std::shared_ptr<state> state_;
};

}  // namespace weir
