#include "bench/proxied.hpp"

#include <algorithm>
#include <cerrno>
#include <limits>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace weir::bench {
namespace {

/// Reads and writes of one direction in one turn, so that a busy connection does not hold up
/// others.
constexpr int moves_a_turn = 8;

bool again() noexcept {
    return errno == EAGAIN || errno == EINTR;
}

constexpr std::array<direction, 2> ways{direction::to_server, direction::to_client};

}  // namespace

proxied::proxied(int client_fd, int server_fd, std::size_t buffer_bytes)
    : flows_{shaper(buffer_bytes), shaper(buffer_bytes)} {
    until_cut_.fill(std::numeric_limits<std::uint64_t>::max());
    ends_[client].fd = client_fd;
    ends_[server].fd = server_fd;
}

proxied::~proxied() {
    for (end_point const& e : ends_) {
        if (e.fd >= 0) ::close(e.fd);
    }
}

void proxied::on_event(side s, std::uint32_t events) noexcept {
    bool const broken = (events & (EPOLLERR | EPOLLHUP)) != 0;
    if (broken || (events & (EPOLLIN | EPOLLRDHUP)) != 0) ends_[s].readable = true;
    if (broken || (events & EPOLLOUT) != 0) ends_[s].writable = true;
}

void proxied::disturb(disturbance const& d, mono_time now) {
    for (unsigned from : {client, server}) {
        if (includes(d.way, ways[from])) flows_[from].disturb(d, now);
    }
}

void proxied::end(disturbance_kind kind, direction way, mono_time now) {
    for (unsigned from : {client, server}) {
        if (includes(way, ways[from])) flows_[from].end(kind, now);
    }
}

bool proxied::pump(std::span<char> scratch, mono_time now, dice& chance,
                   fault_proxy::counts& totals) {
    if (over_) return false;
    if (cutting_) {
        discard(scratch);
        return false;
    }
    bool more = false;
    for (unsigned from : {client, server}) {
        bool moving = true;
        for (int n = 0; moving && n != moves_a_turn; ++n) {
            auto const written = write(from, now, totals);
            if (cutting_) return true;  // that was its last byte
            auto const taken =
                written == moved::broken ? written : read(from, scratch, now, chance);
            if (taken == moved::broken) {
                reset();
                return false;
            }
            moving = written == moved::something || taken == moved::something;
        }
        more = more || moving;
        end_point& to = ends_[1 - from];
        if (ends_[from].ended && flows_[from].empty() && !flows_[from].stalled() && !to.shut) {
            ::shutdown(to.fd, SHUT_WR);
            to.shut = true;
        }
    }
    over_ = ends_[client].shut && ends_[server].shut;
    return more && !over_;
}

proxied::moved proxied::write(unsigned from, mono_time now, fault_proxy::counts& totals) {
    end_point& to = ends_[1 - from];
    auto piece = flows_[from].ready(now);
    piece = piece.substr(
        0, static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), until_cut_[from])));
    if (piece.empty() || !to.writable) return moved::nothing;
    auto const n = ::send(to.fd, piece.data(), piece.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0) {
        if (!again()) return moved::broken;
        to.writable = false;
        return moved::nothing;
    }
    flows_[from].pass(static_cast<std::size_t>(n), now);
    auto& bytes = from == client ? totals.bytes_to_server : totals.bytes_to_client;
    bytes += static_cast<std::uint64_t>(n);
    ++(from == client ? totals.writes_to_server : totals.writes_to_client);
    until_cut_[from] -= static_cast<std::uint64_t>(n);
    if (until_cut_[from] == 0) {
        cut();
        ++totals.cut;
    }
    return moved::something;
}

proxied::moved proxied::read(unsigned from, std::span<char> scratch, mono_time now, dice& chance) {
    end_point& e = ends_[from];
    auto const room = std::min(flows_[from].room(), scratch.size());
    if (!e.readable || e.ended || room == 0) return moved::nothing;
    auto const n = ::recv(e.fd, scratch.data(), room, MSG_DONTWAIT);
    if (n < 0) {
        if (!again()) return moved::broken;
        e.readable = false;
        return moved::nothing;
    }
    if (n == 0) {
        e.ended = true;
        return moved::something;
    }
    flows_[from].push({scratch.data(), static_cast<std::size_t>(n)}, now, chance);
    return moved::something;
}

mono_time proxied::next(mono_time now) const {
    if (cutting_ || over_) return never;
    mono_time at = never;
    for (unsigned from : {client, server}) {
        if (ends_[1 - from].writable) at = std::min(at, flows_[from].next(now));
    }
    return at;
}

void proxied::cut_at(fault_proxy::cut_point const& where) noexcept {
    until_cut_[where.way == direction::to_server ? client : server] = where.bytes;
}

void proxied::cut() noexcept {
    cutting_ = true;
    for (end_point& e : ends_) {
        if (!e.shut) ::shutdown(e.fd, SHUT_WR);
        e.shut = e.readable = true;  // what came is unread: a close() now would be a RST
    }
}

void proxied::discard(std::span<char> scratch) {
    for (end_point& e : ends_) {
        while (e.readable && !e.ended) {
            auto const n = ::recv(e.fd, scratch.data(), scratch.size(), MSG_DONTWAIT);
            if (n > 0) continue;
            if (n == 0 || !again()) e.ended = true;
            e.readable = false;
        }
    }
    over_ = ends_[client].ended && ends_[server].ended;
}

void proxied::reset() noexcept {
    for (end_point& e : ends_) {
        linger const at_once{1, 0};
        ::setsockopt(e.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        ::close(e.fd);
        e.fd = -1;
    }
    over_ = true;
}

}  // namespace weir::bench
