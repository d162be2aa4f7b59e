#include "bench/limit_server.hpp"

#include "bench/loopback.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <netinet/tcp.h>
#include <string>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace weir::bench {
namespace {

/// A server frame of text, as the daemon would send it.
std::string frames(std::size_t bytes, std::size_t count) {
    std::string one;
    one += static_cast<char>(0x81);
    if (bytes < 126) {
        one += static_cast<char>(bytes);
    } else {
        one += static_cast<char>(126);
        one += static_cast<char>((bytes >> 8) & 0xff);
        one += static_cast<char>(bytes & 0xff);
    }
    one.append(bytes, 'x');
    std::string all;
    for (std::size_t i = 0; i != count; ++i) all += one;
    return all;
}

struct limit_state {
    int poll = -1;
    std::vector<int> sockets;
    std::string out;
    std::size_t bytes = 0, count = 0;
};

void accept_all(limit_state& s, int listener) {
    for (;;) {  // ends: EAGAIN
        int const fd = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) return;
        int const on = 1;
        ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        epoll_event e{};
        e.events = EPOLLIN;
        e.data.fd = fd;
        ::epoll_ctl(s.poll, EPOLL_CTL_ADD, fd, &e);
        s.sockets.push_back(fd);
    }
}

/// A "go" line sends; end of stream forgets the socket.
void on_readable(limit_state& s, int fd) {
    std::array<char, 256> line{};
    auto const n = ::recv(fd, line.data(), line.size() - 1, 0);
    if (n <= 0) {
        std::erase(s.sockets, fd);
        ::close(fd);
        return;
    }
    std::size_t bytes = 0;
    std::size_t count = 0;
    if (std::sscanf(line.data(), "go %zu %zu", &bytes, &count) != 2) return;
    if (bytes > 65535 || count > 10'000) return;
    if (bytes != s.bytes || count != s.count) {
        s.out = frames(bytes, count);
        s.bytes = bytes;
        s.count = count;
    }
    for (int const to : s.sockets) {
        if (to != fd) ::send(to, s.out.data(), s.out.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    }
}

}  // namespace

int serve_limit(std::uint16_t port) {
    int const listener = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int const on = 1;
    ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    auto const a = loopback(port);
    if (::bind(listener, reinterpret_cast<sockaddr const*>(&a), sizeof a) != 0 ||
        ::listen(listener, 4096) != 0) {
        return 1;
    }
    limit_state s;
    s.poll = ::epoll_create1(EPOLL_CLOEXEC);
    epoll_event e{};
    e.events = EPOLLIN;
    e.data.fd = listener;
    ::epoll_ctl(s.poll, EPOLL_CTL_ADD, listener, &e);
    std::array<epoll_event, 256> events;
    for (;;) {  // ends: the parent kills it
        int const n = ::epoll_wait(s.poll, events.data(), static_cast<int>(events.size()), -1);
        for (int i = 0; i < n; ++i) {
            if (events[static_cast<std::size_t>(i)].data.fd == listener) {
                accept_all(s, listener);
            } else {
                on_readable(s, events[static_cast<std::size_t>(i)].data.fd);
            }
        }
    }
}

}  // namespace weir::bench
