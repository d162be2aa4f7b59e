#pragma once

#include "bench/loopback.hpp"

#include <weir/bench/fault_proxy.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <optional>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace weir::bench {

/// Nothing here waits so long unless something is broken.
inline constexpr int patience_ms = 30'000;

/// A blocking socket with a deadline on every wait.
class plain_socket {
public:
    plain_socket() = default;
    explicit plain_socket(int fd) : fd_(fd) {}
    plain_socket(plain_socket&& o) noexcept : fd_(std::exchange(o.fd_, -1)) {}
    plain_socket& operator=(plain_socket&& o) noexcept {
        std::swap(fd_, o.fd_);
        return *this;
    }
    ~plain_socket() { close(); }

    static plain_socket connected_to(std::uint16_t port, std::uint32_t from = INADDR_LOOPBACK) {
        plain_socket s(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        auto const source = loopback(0, from);
        auto const to = loopback(port);
        if (::bind(s.fd_, reinterpret_cast<sockaddr const*>(&source), sizeof source) != 0 ||
            ::connect(s.fd_, reinterpret_cast<sockaddr const*>(&to), sizeof to) != 0) {
            s.close();
        }
        return s;
    }

    int fd() const noexcept { return fd_; }
    bool open() const noexcept { return fd_ >= 0; }
    void close() {
        if (fd_ >= 0) ::close(fd_);
        fd_ = -1;
    }
    void end_writing() const { ::shutdown(fd_, SHUT_WR); }
    bool wait(short events) const {
        pollfd p{fd_, events, 0};
        return ::poll(&p, 1, patience_ms) > 0;
    }
    void write(std::string_view bytes) const {
        while (!bytes.empty()) {
            ASSERT_TRUE(wait(POLLOUT));
            auto const n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            ASSERT_GT(n, 0) << errno;
            bytes.remove_prefix(static_cast<std::size_t>(n));
        }
    }
    /// Writes what there is room for now.
    std::size_t write_some(std::string_view bytes) const {
        auto const n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        return n < 0 ? 0 : static_cast<std::size_t>(n);
    }
    /// Reads so many bytes, fewer where the peer ends.
    std::string read(std::size_t count) const {
        std::string out(count, '\0');
        std::size_t have = 0;
        while (have != count && wait(POLLIN)) {
            auto const n = ::recv(fd_, out.data() + have, count - have, 0);
            if (n <= 0) break;
            have += static_cast<std::size_t>(n);
        }
        out.resize(have);
        return out;
    }
    /// Nothing has come: no byte, no end.
    bool quiet() const {
        std::array<char, 1> one;
        return ::recv(fd_, one.data(), 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
    }
    /// Throws away what comes until the peer ends. 0: with a FIN, else the error.
    int end_of_reading() const {
        std::array<char, 4096> bytes;
        for (;;) {  // ends: the peer does, or the deadline
            if (!wait(POLLIN)) return ETIMEDOUT;
            auto const n = ::recv(fd_, bytes.data(), bytes.size(), 0);
            if (n == 0) return 0;
            if (n < 0) return errno;
        }
    }
    std::uint16_t port() const { return ntohs(name(::getsockname).sin_port); }
    std::uint32_t peer_host() const { return ntohl(name(::getpeername).sin_addr.s_addr); }

private:
    sockaddr_in name(int (*which)(int, sockaddr*, socklen_t*)) const {
        sockaddr_in a{};
        socklen_t size = sizeof a;
        which(fd_, reinterpret_cast<sockaddr*>(&a), &size);
        return a;
    }
    int fd_ = -1;
};

/// A listening server without a mind of its own, and a proxy in front of it.
class proxy_fixture : public testing::Test {
protected:
    void SetUp() override { begin({}); }

    void begin(fault_proxy::settings s) {
        proxy.reset();
        listener = plain_socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        auto const at = loopback(0);
        ASSERT_EQ(::bind(listener.fd(), reinterpret_cast<sockaddr const*>(&at), sizeof at), 0);
        ASSERT_EQ(::listen(listener.fd(), 4096), 0);
        s.server_port = listener.port();
        proxy.emplace(s);
        proxy->start();
    }

    struct pair {
        plain_socket client, server;
        std::uint64_t number = 0;

        /// Bytes pass both ways.
        void expect_whole() const {
            client.write("there");
            EXPECT_EQ(server.read(5), "there");
            server.write("back");
            EXPECT_EQ(client.read(4), "back");
        }
    };
    pair connect(std::uint32_t from = INADDR_LOOPBACK) {
        pair p;
        p.client = plain_socket::connected_to(proxy->port(), from);
        EXPECT_TRUE(p.client.open() && listener.wait(POLLIN));
        p.server = plain_socket(::accept4(listener.fd(), nullptr, nullptr, SOCK_CLOEXEC));
        p.number = proxy->connection_from(p.client.port()).value_or(0);
        return p;
    }
    std::size_t apply_to(pair const& p, disturbance d) {
        d.who = disturbance::reach::one;
        d.connection = p.number;
        return proxy->apply(d);
    }
    /// The proxy's thread has gone around since, with whatever had come by then.
    void go_around(pair const& other) {
        for (int i = 0; i != 3; ++i) other.expect_whole();
    }

    plain_socket listener;
    std::optional<fault_proxy> proxy;
};

}  // namespace weir::bench
