#include "shard/server_fixture.hpp"

#include <weir/ws/header.hpp>

#include <arpa/inet.h>
#include <atomic>
#include <netinet/in.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

namespace weir {
namespace {

/// A thread that writes as much as the socket takes and throws away what comes back.
class flooder {
public:
    flooder(std::uint16_t port, std::string request, std::string frames)
        : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in a{};
        a.sin_family = AF_INET;
        a.sin_port = htons(port);
        a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::connect(fd_, reinterpret_cast<sockaddr*>(&a), sizeof a), 0);
        timeval const brief{0, 20'000};
        ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &brief, sizeof brief);
        ::send(fd_, request.data(), request.size(), MSG_NOSIGNAL);
        std::string answer(4096, ' ');
        EXPECT_GT(::recv(fd_, answer.data(), answer.size(), 0), 0);
        thread_ = std::thread([this, frames = std::move(frames)] {
            std::string sink(65536, ' ');
            while (!stop_) {
                auto const n = ::send(fd_, frames.data(), frames.size(), MSG_NOSIGNAL);
                // A part of the bytes went: the rest must follow, or the next is no frame.
                if (n > 0 && static_cast<std::size_t>(n) < frames.size()) {
                    auto left = std::string_view(frames).substr(static_cast<std::size_t>(n));
                    while (!stop_ && !left.empty()) {
                        auto const more = ::send(fd_, left.data(), left.size(), MSG_NOSIGNAL);
                        if (more > 0) left.remove_prefix(static_cast<std::size_t>(more));
                        while (::recv(fd_, sink.data(), sink.size(), MSG_DONTWAIT) > 0) {
                        }
                    }
                }
                if (n > 0) sent_ += static_cast<std::uint64_t>(n);
                while (::recv(fd_, sink.data(), sink.size(), MSG_DONTWAIT) > 0) {
                }
            }
        });
    }
    flooder(flooder const&) = delete;
    flooder& operator=(flooder const&) = delete;
    ~flooder() {
        stop_ = true;
        thread_.join();
        ::close(fd_);
    }
    std::uint64_t sent() const { return sent_; }

private:
    int fd_;
    std::atomic<bool> stop_{false};
    std::atomic<std::uint64_t> sent_{0};
    std::thread thread_;
};

struct fairness_fixture : server_fixture {
    std::string request() const {
        return "GET /v1/ws HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(server->port()) +
               "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
               "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    }
    static std::string many(ws::opcode op, std::string_view payload, int count) {
        std::string all;
        for (int i = 0; i != count; ++i) {
            ws::append_frame(all, {.op = op, .mask = ws::mask_key{1, 2, 3, 4}}, payload);
        }
        return all;
    }
    /// The longest that the shard kept anybody waiting, over `rounds` questions.
    asio::awaitable<milliseconds> longest_wait(int rounds) {
        milliseconds longest{0};
        for (int i = 0; i != rounds; ++i) {
            auto const asked = std::chrono::steady_clock::now();
            co_await server->topic("nothing");
            auto const took =
                std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - asked);
            longest = std::max(longest, took);
        }
        co_return longest;
    }
};

// The aim is 20 ms; a sanitizer and a loaded machine get ten times that.
constexpr milliseconds bound{200};

TEST_F(fairness_fixture, a_flood_of_commands_keeps_nobody_waiting) {
    start(1);
    run([](fairness_fixture& f) -> asio::awaitable<void> {
        flooder const pings(f.server->port(), f.request(),
                            many(ws::opcode::text, R"({"type":"ping"})", 2000));
        flooder const frames(f.server->port(), f.request(), many(ws::opcode::ping, "x", 5000));
        auto const longest = co_await f.longest_wait(80);
        EXPECT_LT(longest, bound);
        EXPECT_GT(pings.sent() + frames.sent(), 100'000U) << "it was a flood";
    }(*this));
}

TEST_F(fairness_fixture, a_large_fan_out_keeps_nobody_waiting) {
    start(1);
    run([](fairness_fixture& f) -> asio::awaitable<void> {
        std::vector<std::unique_ptr<ws_client>> readers;
        for (int i = 0; i != 200; ++i) {
            readers.push_back(co_await f.client());
            co_await follow(*readers.back(), "wide");
        }
        auto const writer = co_await f.client();
        for (int i = 0; i != 100; ++i) co_await say(*writer, publish_text("wide", "1"));
        auto const longest = co_await f.longest_wait(50);
        EXPECT_LT(longest, bound);
        for (auto const& r : readers) {
            for (int i = 0; i != 100; ++i) co_await hear(*r, R"({"type":"message")");
        }
    }(*this));
}

}  // namespace
}  // namespace weir
