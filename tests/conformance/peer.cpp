#include "conformance/peer.hpp"

#include "bench/child_process.hpp"

#include <weir/bench/bench.hpp>

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace weir::conformance {
namespace {

int dial(std::uint16_t port) {
    int const fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_port = htons(port);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd, reinterpret_cast<sockaddr*>(&a), sizeof a) == 0) return fd;
    ::close(fd);
    return -1;
}

struct target {
    target() : port(bench::free_port()) {
        pid = ::fork();
        if (pid == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            bench::target_options o;
            o.port = port;
            ::_exit(bench::run_target(o));
        }
        for (int i = 0; i != 1000; ++i) {
            if (int const fd = dial(port); fd >= 0) {
                ::close(fd);
                return;
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
        throw std::runtime_error("the echo target does not start");
    }
    target(target const&) = delete;
    target& operator=(target const&) = delete;
    ~target() {
        ::kill(pid, SIGKILL);
        ::waitpid(pid, nullptr, 0);
    }
    std::uint16_t port;
    pid_t pid = -1;
};

}  // namespace

std::uint16_t target_port() {
    static target const one;
    return one.port;
}

peer::peer(std::string_view extensions) : fd_(dial(target_port())) {
    if (fd_ < 0) throw std::runtime_error("cannot connect to the target");
    int const on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    timeval const patience{60, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    std::string request =
        "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    if (!extensions.empty()) {
        request.append("Sec-WebSocket-Extensions: ").append(extensions).append("\r\n");
    }
    send(request + "\r\n");
    std::size_t end = 0;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
        if (!fill(buffer_.size() + 1)) throw std::runtime_error("no answer to the handshake");
    }
    auto const head = buffer_.substr(0, end);
    buffer_.erase(0, end + 4);
    if (!head.starts_with("HTTP/1.1 101")) throw std::runtime_error("refused: " + head);
    // The key of RFC 6455 section 1.3 has this answer.
    EXPECT_NE(head.find("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), std::string::npos);
    auto const at = head.find("Sec-WebSocket-Extensions: ");
    if (at != std::string::npos) {
        negotiated_ = head.substr(at + 26, head.find("\r\n", at) - at - 26);
    }
}

peer::~peer() {
    ::close(fd_);
}

void peer::send(std::string_view bytes, std::size_t chop) {
    while (!bytes.empty()) {
        auto const piece = chop == 0 ? bytes.size() : std::min(chop, bytes.size());
        auto const n = ::send(fd_, bytes.data(), piece, MSG_NOSIGNAL);
        if (n <= 0) return;  // the server had enough; what it said is still to be read
        bytes.remove_prefix(static_cast<std::size_t>(n));
    }
}

bool peer::fill(std::size_t bytes) {
    std::string part(64 * 1024, ' ');
    while (buffer_.size() < bytes) {
        auto const n = ::recv(fd_, part.data(), part.size(), 0);
        if (n <= 0) return false;
        buffer_.append(part, 0, static_cast<std::size_t>(n));
    }
    return true;
}

std::optional<frame_seen> peer::read() {
    if (!fill(2)) return std::nullopt;
    auto const byte = [this](std::size_t i) { return static_cast<unsigned char>(buffer_[i]); };
    frame_seen f;
    f.op = byte(0) & 0x0f;
    f.fin = (byte(0) & 0x80) != 0;
    f.rsv1 = (byte(0) & 0x40) != 0;
    EXPECT_EQ(byte(0) & 0x30, 0);
    EXPECT_EQ(byte(1) & 0x80, 0) << "a server does not mask";
    std::size_t header = 2;
    std::size_t size = byte(1) & 0x7f;
    if (size >= 126) {
        auto const digits = size == 126 ? 2U : 8U;
        header += digits;
        if (!fill(header)) return std::nullopt;
        size = 0;
        for (std::size_t i = 2; i != header; ++i) size = size << 8 | byte(i);
    }
    if (!fill(header + size)) return std::nullopt;
    f.payload = buffer_.substr(header, size);
    buffer_.erase(0, header + size);
    return f;
}

bool peer::ended() {
    if (!buffer_.empty()) return false;
    char c = 0;
    return ::recv(fd_, &c, 1, 0) <= 0 && errno != EAGAIN;
}

std::string frame(int op, std::string_view payload, bool fin, int rsv) {
    // By hand: the project's own writer refuses to make what must be refused.
    std::string out;
    auto const byte = [&out](std::size_t b) { out += static_cast<char>(b & 0xff); };
    byte((fin ? 0x80U : 0U) | static_cast<unsigned>(rsv) << 4 | static_cast<unsigned>(op));
    auto const size = payload.size();
    if (size < 126) {
        byte(0x80 | size);
    } else if (size < 65536) {
        byte(0x80 | 126);
        byte(size >> 8);
        byte(size);
    } else {
        byte(0x80 | 127);
        for (int shift = 56; shift >= 0; shift -= 8) byte(size >> shift);
    }
    constexpr std::array<unsigned char, 4> mask{7, 33, 200, 91};
    for (auto const m : mask) byte(m);
    for (std::size_t k = 0; k != size; ++k) {
        byte(static_cast<unsigned char>(payload[k]) ^ static_cast<unsigned>(mask[k % 4]));
    }
    return out;
}

void check(conformance_case const& c) {
    SCOPED_TRACE(c.name);
    peer p;
    p.send(c.out, c.chop);
    for (expected const& e : c.answers) {
        auto const f = p.read();
        ASSERT_TRUE(f.has_value()) << "the connection ended before an answer";
        ASSERT_EQ(f->op, e.op) << f->payload.substr(0, 100);
        ASSERT_TRUE(f->fin);
        ASSERT_FALSE(f->rsv1);
        ASSERT_TRUE(f->payload == e.payload)
            << f->payload.size() << " bytes of " << e.payload.size();
    }
    if (c.close == 0) p.send(frame(8, close_payload(1000)));
    auto const end = p.read();
    ASSERT_TRUE(end.has_value()) << "ended without a close frame";
    ASSERT_EQ(end->op, 8) << "instead of a close: " << end->payload.substr(0, 100);
    if (c.close == 1005) {
        EXPECT_TRUE(end->payload.empty());
    } else {
        ASSERT_GE(end->payload.size(), 2U);
        auto const code = static_cast<unsigned char>(end->payload[0]) << 8 |
                          static_cast<unsigned char>(end->payload[1]);
        EXPECT_EQ(code, c.close == 0 ? 1000 : c.close) << end->payload.substr(2);
        if (c.close != 0) p.send(frame(8, close_payload(code)));
    }
    EXPECT_TRUE(p.ended()) << "the server must end the connection";
}

void check_all(std::vector<conformance_case> const& cases) {
    for (conformance_case const& c : cases) {
        check(c);
        if (testing::Test::HasFatalFailure()) break;
    }
    testing::Test::RecordProperty("cases", static_cast<int>(cases.size()));
    std::printf("%zu cases\n", cases.size());
}

}  // namespace weir::conformance
