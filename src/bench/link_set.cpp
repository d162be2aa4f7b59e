#include "bench/link_set.hpp"

#include <weir/ws/header.hpp>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <stdexcept>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace weir::bench {
namespace {

constexpr std::size_t links_a_source = 50;
constexpr std::size_t head_bytes_max = 16 * 1024;
constexpr std::size_t unsent_bytes_max = 1024 * 1024;
constexpr std::uint32_t message_bytes_max = 16 * 1024 * 1024;
constexpr ws::mask_key mask{1, 2, 3, 4};

int status_of(std::string_view head) {
    int status = -1;
    if (head.starts_with("HTTP/1.1 ")) std::from_chars(head.data() + 9, head.data() + 12, status);
    return status;
}

milliseconds retry_after_of(std::string_view head) {
    constexpr std::string_view name = "\r\nRetry-After: ";
    auto const at = head.find(name);
    std::uint32_t seconds = 0;
    if (at != std::string_view::npos) {
        std::from_chars(head.data() + at + name.size(), head.data() + head.size(), seconds);
    }
    return milliseconds(1000 * seconds);
}

}  // namespace

/// Stops at once when the link that is decoded is closed from inside.
class link_set::sink final : public ws::decoder_sink {
public:
    sink(link_set& owner, std::size_t index)
        : owner_(owner), index_(index), generation_(owner.links_[index].generation) {}
    ws::flow on_message(ws::opcode, std::string_view payload) override {
        owner_.listener_.on_text(index_, payload);
        return same() ? ws::flow::more : ws::flow::stop;
    }
    ws::flow on_ping(std::string_view payload) override {
        std::string pong;
        ws::append_frame(pong, {.op = ws::opcode::pong, .mask = mask}, payload);
        owner_.put(index_, pong);
        return ws::flow::more;
    }
    ws::flow on_pong(std::string_view) override { return ws::flow::more; }
    ws::flow on_close(std::optional<std::uint16_t> code, std::string_view) override {
        how.code = code.value_or(1005);
        return ws::flow::more;
    }
    bool same() const { return owner_.links_[index_].generation == generation_; }
    ending how;

private:
    link_set& owner_;
    std::size_t index_;
    std::uint32_t generation_;
};

link_set::link_set(endpoint where, std::size_t count, std::uint8_t block, link_listener& listener)
    : where_(std::move(where)),
      block_(block),
      poll_(::epoll_create1(EPOLL_CLOEXEC)),
      listener_(listener),
      links_(count),
      scratch_(256 * 1024) {
    if (poll_ < 0) throw std::runtime_error(std::string("epoll: ") + std::strerror(errno));
}

link_set::~link_set() {
    for (std::size_t i = 0; i != links_.size(); ++i) close(i, true);
    ::close(poll_);
}

void link_set::connect(std::size_t index) {
    link& l = links_[index];
    l.upgraded = l.leaving = false;
    l.writable = false;
    l.head.clear();
    l.decoder.reset();
    l.unsent = where_.request();
    ++l.generation;
    l.fd = where_.connect(index / links_a_source, block_);
    epoll_event e{};
    e.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    e.data.u64 = (std::uint64_t{l.generation} << 32U) | index;
    bool const begun = ::epoll_ctl(poll_, EPOLL_CTL_ADD, l.fd, &e) == 0;
    if (!begun) losses_.push_back({index, l.generation, {}});
}

void link_set::close(std::size_t index, bool abruptly) {
    link& l = links_[index];
    if (l.fd < 0) return;
    if (abruptly) {
        linger const at_once{1, 0};  // no thousands of sockets in TIME_WAIT
        ::setsockopt(l.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    ::close(l.fd);
    l.fd = -1;
    ++l.generation;
    std::string().swap(l.unsent);
}

void link_set::lose(std::size_t index, ending const& how) {
    bool const told = links_[index].leaving;
    close(index, !how.code.has_value() && !told);
    if (told) return;
    listener_.on_lost(index, how);
}

void link_set::drop(std::size_t index) {
    close(index, true);
}

void link_set::leave(std::size_t index) {
    std::string bye;
    ws::append_frame(bye, {.op = ws::opcode::close, .mask = mask}, std::string_view("\x03\xe8", 2));
    put(index, bye);
    if (links_[index].fd < 0) return;
    links_[index].leaving = true;  // with something unread, close() would send a RST
    ::shutdown(links_[index].fd, SHUT_WR);
}

void link_set::break_off(std::size_t index) {
    if (links_[index].fd >= 0) ::shutdown(links_[index].fd, SHUT_RDWR);
}

void link_set::send(std::size_t index, std::string_view text) {
    std::string frame;
    ws::append_frame(frame, {.op = ws::opcode::text, .mask = mask}, text);
    put(index, frame);
}

void link_set::put(std::size_t index, std::string_view bytes) {
    link& l = links_[index];
    if (l.fd < 0) return;
    if (l.unsent.size() + bytes.size() > unsent_bytes_max) {
        return losses_.push_back({index, l.generation, {}});
    }
    l.unsent += bytes;
    flush(index);
}

void link_set::flush(std::size_t index) {
    link& l = links_[index];
    std::size_t done = 0;
    while (l.writable && done != l.unsent.size()) {
        auto const n = ::send(l.fd, l.unsent.data() + done, l.unsent.size() - done, MSG_NOSIGNAL);
        if (n > 0) {
            done += static_cast<std::size_t>(n);
        } else {
            l.writable = false;  // broken ones are found by reading
        }
    }
    l.unsent.erase(0, done);
    if (l.unsent.empty()) std::string().swap(l.unsent);
}

void link_set::turn(milliseconds wait) {
    for (loss const& x : std::exchange(losses_, {})) {
        if (links_[x.index].generation == x.generation) lose(x.index, x.how);
    }
    std::array<epoll_event, 512> events;
    int const n = ::epoll_wait(poll_, events.data(), static_cast<int>(events.size()),
                               losses_.empty() ? static_cast<int>(wait.count()) : 0);
    for (int i = 0; i < n; ++i) {
        epoll_event const& e = events[static_cast<std::size_t>(i)];
        on_event(e.data.u64 & 0xffff'ffffU, static_cast<std::uint32_t>(e.data.u64 >> 32U),
                 e.events);
    }
}

void link_set::on_event(std::size_t index, std::uint32_t generation, std::uint32_t events) {
    link& l = links_[index];
    if (l.generation != generation) return;
    if ((events & EPOLLOUT) != 0) {
        l.writable = true;
        flush(index);
    }
    if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) read(index);
}

void link_set::read(std::size_t index) {
    link& l = links_[index];
    auto const generation = l.generation;
    while (l.generation == generation) {
        auto const n = ::recv(l.fd, scratch_.data(), scratch_.size(), 0);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EAGAIN) return;
        if (n <= 0) return lose(index, {});
        if (l.leaving) continue;
        std::span<char> bytes(scratch_.data(), static_cast<std::size_t>(n));
        if (!l.upgraded) {
            read_handshake(index, {bytes.data(), bytes.size()});
        } else {
            decode(index, bytes);
        }
    }
}

bool link_set::read_handshake(std::size_t index, std::string_view bytes) {
    link& l = links_[index];
    l.head += bytes;
    auto const end = l.head.find("\r\n\r\n");
    if (end == std::string::npos) {
        if (l.head.size() > head_bytes_max) lose(index, {.status = -1});
        return false;
    }
    int const status = status_of(l.head);
    if (status != 101) {
        lose(index, {.status = status, .retry_after = retry_after_of(l.head)});
        return false;
    }
    std::string rest = std::exchange(l.head, {}).substr(end + 4);
    l.upgraded = true;
    l.decoder = std::make_unique<ws::decoder>(
        ws::decoder_settings{.side = ws::role::client, .message_bytes_max = message_bytes_max});
    auto const generation = l.generation;
    listener_.on_opened(index);
    if (l.generation == generation && !rest.empty()) decode(index, rest);
    return true;
}

void link_set::decode(std::size_t index, std::span<char> bytes) {
    sink s(*this, index);
    // The decoder is kept alive by hand: a link that is closed from inside is connected anew.
    auto decoder = std::exchange(links_[index].decoder, nullptr);
    auto const fed = decoder->feed(bytes, s);
    if (!s.same()) return;
    if (fed.state == ws::feed_state::failed) return lose(index, {.code = std::uint16_t{1002}});
    if (s.how.code) return lose(index, s.how);
    links_[index].decoder = std::move(decoder);
}

}  // namespace weir::bench
