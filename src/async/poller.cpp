#include <weir/async/poller.hpp>
#include <weir/base/assert.hpp>

#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>

#include <array>
#include <cerrno>
#include <cstddef>
#include <sys/epoll.h>
#include <utility>

namespace weir {
namespace {

constexpr std::size_t batch_max = 256;

int open_set() {
    int const set = ::epoll_create1(EPOLL_CLOEXEC);
    if (set < 0) {
        throw boost::system::system_error(errno, boost::system::system_category(), "epoll_create1");
    }
    return set;
}

}  // namespace

struct poller::state : std::enable_shared_from_this<state> {
    state(boost::asio::any_io_executor executor, std::function<void()> after_batch)
        : set(executor, open_set()), after(std::move(after_batch)) {}

    void arm();
    void run_batch();

    boost::asio::posix::stream_descriptor set;
    std::function<void()> after;
    std::array<epoll_event, batch_max> pending;
    std::size_t next = 0;  // of the batch under way: what is not dispatched yet
    std::size_t count = 0;
    bool running = false;
    bool armed = false;
    bool dispatching = false;
    bool was_full = false;
};

// Arming makes Asio look at the set's readiness afresh (EPOLL_CTL_MOD), so events that came between
// epoll_wait and here are not missed.
void poller::state::arm() {
    if (armed) return;
    armed = true;
    set.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                   [self = shared_from_this()](boost::system::error_code ec) {
                       self->armed = false;
                       if (!self->running) return;
                       if (!ec) self->run_batch();
                       if (self->running) self->arm();
                   });
}

void poller::state::run_batch() {
    int const n = ::epoll_wait(set.native_handle(), pending.data(), int{batch_max}, 0);
    count = n > 0 ? static_cast<std::size_t>(n) : 0;  // EINTR: armed again, nothing is lost
    was_full = count == batch_max;
    dispatching = true;
    for (next = 0; next < count && running;) {
        epoll_event const e = pending[next++];
        if (e.data.ptr != nullptr) static_cast<pollable*>(e.data.ptr)->on_ready(e.events);
    }
    count = 0;
    if (running) after();
    dispatching = false;
}

poller::poller(boost::asio::any_io_executor executor, std::function<void()> after)
    : state_(std::make_shared<state>(std::move(executor), std::move(after))) {}

poller::~poller() {
    stop();
}

void poller::start() {
    state_->running = true;
    state_->arm();
}

void poller::stop() {
    state_->running = false;
    boost::system::error_code ignored;
    state_->set.cancel(ignored);
}

bool poller::add(int descriptor, pollable& who) {
    epoll_event e{};
    e.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    e.data.ptr = &who;
    return ::epoll_ctl(state_->set.native_handle(), EPOLL_CTL_ADD, descriptor, &e) == 0;
}

void poller::remove(int descriptor, pollable& who) {
    epoll_event unused{};
    int const failed = ::epoll_ctl(state_->set.native_handle(), EPOLL_CTL_DEL, descriptor, &unused);
    WEIR_ASSERT(failed ==
                0);  // closed before it was removed: another descriptor's events would come
    for (std::size_t i = state_->next; i < state_->count; ++i) {
        if (state_->pending[i].data.ptr == &who) state_->pending[i].data.ptr = nullptr;
    }
}

bool poller::dispatching() const noexcept {
    return state_->dispatching;
}

bool poller::more_may_wait() const noexcept {
    return state_->was_full;
}

}  // namespace weir
