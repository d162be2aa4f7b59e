#include "bench/proxy_loop.hpp"

#include "bench/loopback.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <netinet/tcp.h>
#include <stdexcept>
#include <string>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <utility>

namespace weir::bench {
namespace {

/// Event data of the loop's own descriptors; connections count from 1, two numbers each.
constexpr std::uint64_t listener_data = 0;
constexpr std::uint64_t timer_data = 1;
/// How long a connection that was cut waits for its peers to end, too.
constexpr auto burial = std::chrono::seconds(5);
constexpr auto no_descriptors_pause = std::chrono::milliseconds(20);
constexpr int accepts_a_turn = 256;
constexpr int events_a_turn = 512;

[[noreturn]] void fail(char const* what) {
    throw std::runtime_error(std::string("fault proxy: ") + what + ": " + std::strerror(errno));
}

int tcp_socket() {
    return ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

void set(int fd, int level, int name) {
    int const on = 1;
    ::setsockopt(fd, level, name, &on, sizeof on);
}

/// A socket that holds the port; several of this user may, and only those that listen get any.
int bound_to(std::uint16_t port) {
    int const fd = tcp_socket();
    if (fd < 0) return fd;
    set(fd, SOL_SOCKET, SO_REUSEADDR);
    set(fd, SOL_SOCKET, SO_REUSEPORT);
    auto const at = loopback(port);
    if (::bind(fd, reinterpret_cast<sockaddr const*>(&at), sizeof at) == 0) return fd;
    ::close(fd);
    return -1;
}

bool shapes(disturbance_kind kind) noexcept {
    return kind <= disturbance_kind::stall;
}

}  // namespace

proxy_loop::proxy_loop(fault_proxy::settings const& s)
    : settings_(s),
      poll_(::epoll_create1(EPOLL_CLOEXEC)),
      timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)),
      reserved_(bound_to(s.port)),
      chance_(s.seed),
      scratch_(64 * 1024) {
    sockaddr_in at{};
    socklen_t size = sizeof at;
    if (poll_ < 0 || timer_ < 0 || reserved_ < 0 ||
        ::getsockname(reserved_, reinterpret_cast<sockaddr*>(&at), &size) != 0) {
        fail("cannot begin");
    }
    port_ = ntohs(at.sin_port);
    watch(timer_, timer_data, EPOLLIN);
    listen();
    if (listener_ < 0) fail("cannot listen");
}

proxy_loop::~proxy_loop() {
    for (auto& [number, m] : members_) {
        if (!m.link->over()) m.link->reset();
    }
    stop_listening();
    for (int const fd : {reserved_, timer_, poll_}) ::close(fd);
}

void proxy_loop::watch(int fd, std::uint64_t data, std::uint32_t events) const {
    epoll_event e{};
    e.events = events;
    e.data.u64 = data;
    if (::epoll_ctl(poll_, EPOLL_CTL_ADD, fd, &e) != 0) fail("epoll");
}

void proxy_loop::listen() {
    if (listener_ >= 0) return;
    listener_ = bound_to(port_);
    if (listener_ >= 0 && ::listen(listener_, 8192) != 0) stop_listening();
    if (listener_ >= 0) watch(listener_, listener_data, EPOLLIN);
}

void proxy_loop::stop_listening() {
    if (listener_ >= 0) ::close(listener_);
    listener_ = -1;
}

void proxy_loop::turn() {
    std::array<epoll_event, events_a_turn> events;
    int const n = ::epoll_wait(poll_, events.data(), static_cast<int>(events.size()), 0);
    auto const now = std::chrono::steady_clock::now();
    std::vector<std::uint64_t> const left = std::exchange(ready_, {});
    for (std::uint64_t const number : left) {
        if (auto const found = members_.find(number); found != members_.end()) {
            found->second.ready = false;
            pump(number, found->second, now);
        }
    }
    for (int i = 0; i < n; ++i) {
        epoll_event const& e = events[static_cast<std::size_t>(i)];
        if (e.data.u64 == listener_data) {
            accept();
        } else if (e.data.u64 == timer_data) {
            std::uint64_t ignored = 0;
            [[maybe_unused]] auto const got = ::read(timer_, &ignored, sizeof ignored);
            armed_ = never;
        } else if (auto const found = members_.find(e.data.u64 / 2); found != members_.end()) {
            auto const side = e.data.u64 % 2 == 0 ? proxied::client : proxied::server;
            found->second.link->on_event(side, e.events);
            pump(found->first, found->second, now);
        }
    }
    while (!timers_.empty() && timers_.top().at <= now) {
        timer const t = timers_.top();
        timers_.pop();
        fire(t, now);
    }
    arm();
}

void proxy_loop::accept() {
    for (int i = 0; i != accepts_a_turn; ++i) {
        sockaddr_in from{};
        socklen_t size = sizeof from;
        int const client = ::accept4(listener_, reinterpret_cast<sockaddr*>(&from), &size,
                                     SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (client < 0 && (errno == EMFILE || errno == ENFILE)) {
            stop_listening();  // those who wait are reset, as an overloaded host would do
            return later({.at = std::chrono::steady_clock::now() + no_descriptors_pause,
                          .what = task::listen,
                          .set_by = refused_by_});
        }
        if (client < 0) return;
        int const server = members_.size() < settings_.connections_max
                               ? connect_from(ntohl(from.sin_addr.s_addr))
                               : -1;
        if (server < 0) {
            linger const at_once{1, 0};
            ::setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
            ::close(client);
            continue;
        }
        set(client, IPPROTO_TCP, TCP_NODELAY);
        auto const number = ++totals_.accepted;
        member& m = members_[number];
        m.link = std::make_unique<proxied>(client, server, settings_.buffer_bytes);
        if (settings_.cut_at) {
            if (auto const where = settings_.cut_at(number)) m.link->cut_at(*where);
        }
        auto const now = std::chrono::steady_clock::now();
        for (auto const& [d, stamp] : coming_) {
            if (shares(d, number)) meet(number, m, d, stamp, now);
        }
        constexpr std::uint32_t all = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
        watch(client, number * 2 + proxied::client, all);
        watch(server, number * 2 + proxied::server, all);
    }
}

int proxy_loop::connect_from(std::uint32_t client_host) const {
    int const fd = tcp_socket();
    if (fd < 0) return fd;
    if (settings_.receive_bytes > 0) {
        ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &settings_.receive_bytes, sizeof(int));
    }
    set(fd, IPPROTO_TCP, TCP_NODELAY);
    set(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT);
    auto const source = loopback(0, client_host);
    auto const to = loopback(settings_.server_port);
    if (::bind(fd, reinterpret_cast<sockaddr const*>(&source), sizeof source) == 0 &&
        (::connect(fd, reinterpret_cast<sockaddr const*>(&to), sizeof to) == 0 ||
         errno == EINPROGRESS)) {
        return fd;
    }
    ::close(fd);
    return -1;
}

void proxy_loop::pump(std::uint64_t number, member& m, mono_time now) {
    bool const more = m.link->pump(scratch_, now, chance_, totals_);
    if (m.link->over()) {
        members_.erase(number);
        return;
    }
    if (more && !m.ready) {
        m.ready = true;
        ready_.push_back(number);
    }
    auto const at = m.link->next(now);
    if (at == never || at >= m.armed) return;
    m.armed = at;
    later({.at = at, .what = task::pump, .connection = number});
}

void proxy_loop::later(timer t) {
    timers_.push(t);
}

void proxy_loop::arm() {
    auto at = timers_.empty() ? never : timers_.top().at;
    if (!ready_.empty()) at = mono_time(std::chrono::nanoseconds(1));  // at once
    if (at == armed_) return;
    armed_ = at;
    itimerspec when{};
    if (at != never) {
        auto const ns = at.time_since_epoch().count();
        when.it_value.tv_sec = ns / 1'000'000'000;
        when.it_value.tv_nsec = ns % 1'000'000'000;
    }
    ::timerfd_settime(timer_, TFD_TIMER_ABSTIME, &when, nullptr);
}

void proxy_loop::fire(timer const& t, mono_time now) {
    if (t.what == task::listen) {
        if (t.set_by != refused_by_) return;  // another refusal has begun since
        listen();
        if (listener_ < 0) later({.at = now + no_descriptors_pause, .what = t.what});
        return;
    }
    if (t.what == task::expire) {
        std::erase_if(coming_, [&](auto const& c) { return c.second == t.set_by; });
    }
    auto const found = members_.find(t.connection);
    if (found == members_.end()) return;
    member& m = found->second;
    if (t.what == task::bury) {
        members_.erase(found);
        return;
    }
    if (t.what == task::expire) {
        for (unsigned w = 0; w != 2; ++w) {
            auto const way = static_cast<direction>(w + 1);
            bool const still = m.set_by[w][static_cast<std::size_t>(t.kind)] == t.set_by;
            if (still && includes(t.way, way)) m.link->end(t.kind, way, now);
        }
    } else {
        m.armed = never;
    }
    pump(t.connection, m, now);
}

bool proxy_loop::shares(disturbance const& d, std::uint64_t number) const noexcept {
    if (d.who != disturbance::reach::share) return d.who == disturbance::reach::all;
    return dice(mix(settings_.seed ^ mix(d.pick)) ^ mix(number)).part() < d.share;
}

std::vector<std::uint64_t> proxy_loop::chosen(disturbance const& d) const {
    std::vector<std::uint64_t> all;
    if (d.who == disturbance::reach::one) {
        if (members_.contains(d.connection)) all.push_back(d.connection);
        return all;
    }
    for (auto const& [number, m] : members_) {
        bool const in = d.who == disturbance::reach::some || shares(d, number);
        if (in && !m.link->cutting()) all.push_back(number);
    }
    std::sort(all.begin(), all.end());  // the table's order is nobody's seed
    if (d.who != disturbance::reach::some) return all;
    dice chance(settings_.seed ^ mix(d.pick));
    auto const count = std::min(d.count, all.size());
    for (std::size_t i = 0; i != count; ++i) {
        std::swap(all[i], all[i + chance.below(all.size() - i)]);
    }
    all.resize(count);
    return all;
}

std::size_t proxy_loop::apply(disturbance const& d) {
    auto const now = std::chrono::steady_clock::now();
    auto const stamp = ++stamp_;
    std::size_t met = 0;
    if (d.kind == disturbance_kind::refuse || d.kind == disturbance_kind::admit) {
        refused_by_ = stamp;
        if (d.kind == disturbance_kind::admit) {
            fire({.at = now, .what = task::listen, .set_by = stamp}, now);
        } else {
            stop_listening();
            if (d.lasting.count() > 0) {
                later({.at = now + d.lasting, .what = task::listen, .set_by = stamp});
            }
        }
    } else {
        if (d.kind == disturbance_kind::heal && d.who == disturbance::reach::all) {
            std::erase_if(coming_, [&](auto const& c) { return includes(d.way, c.first.way); });
        } else if (d.coming && shapes(d.kind)) {
            coming_.emplace_back(d, stamp);
            if (d.lasting.count() > 0) {
                later({.at = now + d.lasting, .what = task::expire, .set_by = stamp});
            }
        }
        for (std::uint64_t const number : chosen(d)) {
            meet(number, members_[number], d, stamp, now);
            ++met;
        }
    }
    totals_.disturbances += met;
    arm();
    return met;
}

void proxy_loop::meet(std::uint64_t number, member& m, disturbance const& d, std::uint64_t stamp,
                      mono_time now) {
    if (d.kind == disturbance_kind::cut) {
        m.link->cut();
        ++totals_.cut;
        later({.at = now + burial, .what = task::bury, .connection = number});
        return pump(number, m, now);
    }
    if (d.kind == disturbance_kind::reset) {
        m.link->reset();
        ++totals_.reset;
        members_.erase(number);
        return;
    }
    m.link->disturb(d, now);
    for (unsigned w = 0; w != 2 && shapes(d.kind); ++w) {
        if (!includes(d.way, static_cast<direction>(w + 1))) continue;
        m.set_by[w][static_cast<std::size_t>(d.kind)] = stamp;
    }
    if (shapes(d.kind) && d.lasting.count() > 0) {
        later({.at = now + d.lasting,
               .what = task::expire,
               .connection = number,
               .kind = d.kind,
               .way = d.way,
               .set_by = stamp});
    }
    if (!m.ready) {
        m.ready = true;
        ready_.push_back(number);
    }
}

std::optional<std::uint64_t> proxy_loop::connection_from(std::uint16_t client_port) const {
    for (auto const& [number, m] : members_) {
        sockaddr_in from{};
        socklen_t size = sizeof from;
        if (!m.link->cutting() &&
            ::getpeername(m.link->descriptor(proxied::client), reinterpret_cast<sockaddr*>(&from),
                          &size) == 0 &&
            ntohs(from.sin_port) == client_port) {
            return number;
        }
    }
    return std::nullopt;
}

fault_proxy::counts proxy_loop::totals() const {
    auto all = totals_;
    all.open = members_.size();
    for (auto const& [number, m] : members_) all.buffered += m.link->held();
    return all;
}

}  // namespace weir::bench
