#pragma once

#include <weir/async/stream.hpp>
#include <weir/ws/close_payload.hpp>
#include <weir/ws/header.hpp>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <utility>
#include <vector>

namespace weir::test {

/// The client's end of a connection, plain or TLS, by hand: nothing is answered by itself. Its
/// frame reader is not the one under test.
class ws_peer {
public:
    struct wire_frame {
        bool fin;
        bool rsv1;
        ws::opcode op;
        std::string payload;
    };

    explicit ws_peer(raw_socket socket) : socket_(std::move(socket)) {}

    /// Sends what the kernel takes and returns how much that was.
    std::size_t send(std::string_view bytes) {
        std::size_t sent = 0;
        while (sent < bytes.size()) {
            auto const rest = bytes.substr(sent);
            auto const n = write_some(rest);
            if (n <= 0) break;
            sent += static_cast<std::size_t>(n);
        }
        return sent;
    }
    void send_frame(ws::opcode op, std::string_view payload, bool fin = true, bool rsv1 = false) {
        send(masked(op, payload, fin, rsv1));
    }
    void say(std::string_view text) { send_frame(ws::opcode::text, text); }
    void send_close(std::uint16_t code, std::string_view text = {}) {
        std::string payload{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)};
        send_frame(ws::opcode::close, payload.append(text));
    }
    static std::string masked(ws::opcode op, std::string_view payload, bool fin = true,
                              bool rsv1 = false) {
        std::string out;
        ws::append_frame(
            out, {.op = op, .fin = fin, .rsv1 = rsv1, .mask = ws::mask_key{0x11, 0x22, 0x33, 0x44}},
            payload);
        return out;
    }

    /// Reads at most `most` bytes of what is there.
    void pump(std::size_t most = ~std::size_t{0}) {
        std::array<char, 16 * 1024> room;
        while (most > 0 && !ended && !reset) {
            auto const n = read_some(room.data(), std::min(most, room.size()));
            if (n <= 0) break;
            auto const size = static_cast<std::size_t>(n);
            unread_.append(room.data(), size);
            most -= size;
        }
        take_frames();
    }

    void shut() { ::shutdown(socket_.descriptor(), SHUT_WR); }
    void reset_connection() {
        ::linger const at_once{.l_onoff = 1, .l_linger = 0};
        ::setsockopt(socket_.descriptor(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        hang_up();
    }
    void hang_up() { socket_ = raw_socket(); }
    raw_socket& socket() noexcept { return socket_; }

    /// The close frame that came: -1 none yet, 0 one without a code.
    int close_code() const {
        for (auto const& f : frames) {
            if (f.op != ws::opcode::close) continue;
            if (f.payload.size() < 2) return 0;
            return static_cast<unsigned char>(f.payload[0]) << 8 |
                   static_cast<unsigned char>(f.payload[1]);
        }
        return -1;
    }

    std::vector<wire_frame> frames;
    bool ended = false;  ///< the server shut its side
    bool reset = false;

private:
    ssize_t write_some(std::string_view bytes) {
        if (socket_.tls() == nullptr) {
            return ::send(socket_.descriptor(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        }
        ERR_clear_error();
        return SSL_write(socket_.tls(), bytes.data(), static_cast<int>(bytes.size()));
    }
    ssize_t read_some(char* to, std::size_t size) {
        if (socket_.tls() == nullptr) {
            auto const n = ::recv(socket_.descriptor(), to, size, 0);
            ended = n == 0;
            reset = n < 0 && errno != EAGAIN;
            return n;
        }
        ERR_clear_error();
        int const n = SSL_read(socket_.tls(), to, static_cast<int>(size));
        int const why = n > 0 ? SSL_ERROR_NONE : SSL_get_error(socket_.tls(), n);
        ended = why == SSL_ERROR_ZERO_RETURN;
        reset = why == SSL_ERROR_SYSCALL || why == SSL_ERROR_SSL;
        return n;
    }
    void take_frames() {
        std::string_view rest = unread_;
        while (take_frame(rest)) {
        }
        unread_.erase(0, unread_.size() - rest.size());
    }
    // Takes one whole frame off the front; false when there is none.
    bool take_frame(std::string_view& rest) {
        auto const at = [&](std::size_t i) {
            return std::uint64_t{static_cast<unsigned char>(rest[i])};
        };
        if (rest.size() < 2) return false;
        std::size_t header = 2;
        std::uint64_t size = at(1) & 0x7F;
        if (size >= 126) {
            std::size_t const more = size == 126 ? 2 : 8;
            if (rest.size() < 2 + more) return false;
            size = 0;
            for (; header < 2 + more; ++header) size = size << 8 | at(header);
        }
        if (rest.size() < header + size) return false;
        auto const payload = rest.substr(header, static_cast<std::size_t>(size));
        frames.push_back({(at(0) & 0x80) != 0, (at(0) & 0x40) != 0,
                          static_cast<ws::opcode>(at(0) & 0x0F), std::string(payload)});
        rest.remove_prefix(header + payload.size());
        return true;
    }

    raw_socket socket_;
    std::string unread_;
};

}  // namespace weir::test
