#include "bench/load_engine.hpp"

#include <weir/base/ids.hpp>

#include <openssl/ssl.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace weir::bench {
namespace {

/// Connections of one source address; below the daemon's default limit by address.
constexpr std::size_t links_a_source = 50;
/// Keeps its sources apart from those of a link_set.
constexpr std::uint8_t source_block = 1;
/// Handshakes under way at once: fewer than a listen queue holds.
constexpr std::size_t handshakes_at_once = 500;

[[noreturn]] void fail(std::string const& what) {
    throw std::runtime_error(what + ": " + std::strerror(errno));
}

}  // namespace

struct load_engine::link {
    int fd = -1;
    tls_connection tls;  ///< null: plain
    bool upgraded = false;
    bool websocket = true;
    std::string head;  ///< of the 101 response, while it is not complete
    ws::decoder decoder{{.side = ws::role::client, .message_bytes_max = 16 * 1024 * 1024}};
};

class load_engine::sink final : public ws::decoder_sink {
public:
    sink(load_engine& owner, std::size_t index) : owner_(owner), index_(index) {}
    ws::flow on_message(ws::opcode, std::string_view payload) override {
        if (owner_.handler_) owner_.handler_(index_, payload);
        return ws::flow::more;
    }
    ws::flow on_ping(std::string_view payload) override {
        std::string pong;
        ws::append_frame(pong, {.op = ws::opcode::pong, .mask = ws::mask_key{}}, payload);
        owner_.send_bytes(index_, pong);
        return ws::flow::more;
    }
    ws::flow on_pong(std::string_view) override { return ws::flow::more; }
    ws::flow on_close(std::optional<std::uint16_t> code, std::string_view text) override {
        throw std::runtime_error("the server closed a connection: " +
                                 std::to_string(code.value_or(0)) + " " + std::string(text));
    }

private:
    load_engine& owner_;
    std::size_t index_;
};

load_engine::load_engine(endpoint where)
    : where_(std::move(where)), poll_(::epoll_create1(EPOLL_CLOEXEC)), scratch_(256 * 1024) {
    if (poll_ < 0) fail("epoll");
}

load_engine::~load_engine() {
    for (auto const& l : links_) {
        linger const at_once{1, 0};  // no thousands of sockets in TIME_WAIT
        ::setsockopt(l->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        ::close(l->fd);
    }
    ::close(poll_);
}

void load_engine::connect(link& l, std::size_t number, bool websocket) {
    l.websocket = websocket;
    l.fd = where_.connect(next_source_++ / links_a_source, source_block);
    if (where_.has_tls()) l.tls = where_.start_tls(l.fd);
    epoll_event e{};
    e.events = EPOLLIN;
    e.data.u64 = number;
    if (::epoll_ctl(poll_, EPOLL_CTL_ADD, l.fd, &e) != 0) fail("epoll");
}

void load_engine::open(std::size_t count, bool websocket, double rate) {
    auto const first = links_.size();
    auto const began = clock::now();
    auto const pause = std::chrono::duration<double>(rate > 0 ? 1 / rate : 0);
    auto const deadline =
        began + std::chrono::seconds(60) +
        std::chrono::duration_cast<clock::duration>(pause * static_cast<double>(count));
    for (std::size_t i = 0; i != count; ++i) {
        if (rate > 0) {
            auto const at =
                began + std::chrono::duration_cast<clock::duration>(pause * static_cast<double>(i));
            run_until([&] { return clock::now() >= at; }, at);
        }
        links_.push_back(std::make_unique<link>());
        link& l = *links_.back();
        connect(l, first + i, websocket);
        // Loopback connects are done when connect() returns, or a moment later.
        if (!websocket) {
            l.upgraded = true;
            ++opened_;
            continue;
        }
        send_bytes(first + i, where_.request());
        auto const allowed =
            first + i + 1 > handshakes_at_once ? first + i + 1 - handshakes_at_once : 0;
        if (!run_until([&] { return opened_ >= allowed; }, deadline)) break;
    }
    if (!run_until([&] { return opened_ == links_.size(); }, deadline)) {
        throw std::runtime_error("only " + std::to_string(opened_) + " of " +
                                 std::to_string(links_.size()) + " connections opened in time");
    }
}

std::ptrdiff_t load_engine::transmit(link& l, std::string_view bytes) {
    if (!l.tls) return ::send(l.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    int const n = SSL_write(l.tls.get(), bytes.data(), static_cast<int>(bytes.size()));
    if (n > 0) return n;
    errno = SSL_get_error(l.tls.get(), n) == SSL_ERROR_WANT_WRITE ? EAGAIN : EPIPE;
    return -1;
}

std::ptrdiff_t load_engine::receive(link& l) {
    if (!l.tls) return ::recv(l.fd, scratch_.data(), scratch_.size(), 0);
    int const n = SSL_read(l.tls.get(), scratch_.data(), static_cast<int>(scratch_.size()));
    if (n > 0) return n;
    auto const why = SSL_get_error(l.tls.get(), n);
    if (why == SSL_ERROR_ZERO_RETURN) return 0;
    errno = why == SSL_ERROR_WANT_READ ? EAGAIN : EPIPE;
    return -1;
}

void load_engine::send_bytes(std::size_t index, std::string_view bytes) {
    link& l = *links_[index];
    for (int tries = 0; !bytes.empty(); ++tries) {
        auto const n = transmit(l, bytes);
        if (n > 0) {
            bytes.remove_prefix(static_cast<std::size_t>(n));
        } else if ((errno == EAGAIN || errno == ENOTCONN) && tries < 10'000) {
            ::usleep(100);
        } else {
            fail("send");
        }
    }
}

void load_engine::send_text(std::size_t index, std::string_view text) {
    std::string frame;
    ws::append_frame(frame, {.op = ws::opcode::text, .mask = ws::mask_key{1, 2, 3, 4}}, text);
    send_bytes(index, frame);
}

void load_engine::send_texts(std::size_t index, std::vector<std::string> const& texts) {
    std::string all;
    for (std::string const& t : texts) {
        ws::append_frame(all, {.op = ws::opcode::text, .mask = ws::mask_key{1, 2, 3, 4}}, t);
    }
    send_bytes(index, all);
}

bool load_engine::run_until(std::function<bool()> const& done, clock::time_point deadline) {
    std::array<epoll_event, 256> events;
    while (!done()) {
        auto const left =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline - clock::now());
        if (left.count() <= 0) return false;
        int const n = ::epoll_wait(poll_, events.data(), static_cast<int>(events.size()),
                                   static_cast<int>(std::min<std::int64_t>(left.count(), 1000)));
        for (int i = 0; i < n; ++i) on_event(events[static_cast<std::size_t>(i)].data.u64);
    }
    return true;
}

void load_engine::on_event(std::size_t index) {
    link& l = *links_[index];
    do {  // ends: OpenSSL holds nothing more that epoll would not tell of
        auto const n = receive(l);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (n <= 0) throw std::runtime_error("a connection was lost");
        std::span<char> bytes(scratch_.data(), static_cast<std::size_t>(n));
        if (l.upgraded) {
            decode(index, bytes);
        } else {
            read_handshake(l, {bytes.data(), bytes.size()});
        }
    } while (l.tls && SSL_pending(l.tls.get()) > 0);
}

void load_engine::read_handshake(link& l, std::string_view bytes) {
    l.head += bytes;
    auto const end = l.head.find("\r\n\r\n");
    if (end == std::string::npos) {
        if (l.head.size() > 16 * 1024) throw std::runtime_error("no end of the handshake");
        return;
    }
    if (l.head.rfind("HTTP/1.1 101", 0) != 0) {
        throw std::runtime_error("handshake refused: " + l.head.substr(0, l.head.find('\r')));
    }
    l.upgraded = true;
    ++opened_;
    std::string().swap(
        l.head);  // no frame can have come: the server speaks after the first message
}

void load_engine::decode(std::size_t index, std::span<char> bytes) {
    sink s(*this, index);
    auto const fed = links_[index]->decoder.feed(bytes, s);
    if (fed.state == ws::feed_state::failed) {
        throw std::runtime_error("bad frame from the server: " + std::string(fed.fault.text));
    }
}

}  // namespace weir::bench
