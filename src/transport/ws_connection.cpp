#include "transport/ws_farewell.hpp"

#include <weir/base/assert.hpp>
#include <weir/transport/frame_writer.hpp>
#include <weir/transport/ws_connection.hpp>
#include <weir/ws/close_payload.hpp>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <limits>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <utility>

namespace weir {
namespace {

constexpr seconds close_timeout{5};
constexpr seconds linger_timeout{2};
constexpr std::uint16_t no_code_came = 1005;  // RFC 6455 section 7.1.5

static_assert(sizeof(ws_connection) <= 200, "very many of these idle");

std::uint32_t fit(std::size_t n) noexcept {
    return static_cast<std::uint32_t>(
        std::min<std::size_t>(n, std::numeric_limits<std::uint32_t>::max()));
}

ws::decoder_settings decoding(ws_parameters const& p) noexcept {
    auto s = ws::decoder_settings::for_messages(fit(p.message_bytes));
    s.deflate = p.deflate;
    return s;
}

frame_ref close_frame(std::uint16_t code, std::string_view text) {
    if (!ws::may_be_sent(code)) return make_control_frame(ws::opcode::close, {});
    std::array<char, ws::control_bytes_max> payload;
    auto const size = ws::write_close_payload(payload.data(), code, text);
    return make_control_frame(ws::opcode::close, {payload.data(), size});
}

}  // namespace

ws_connection::ws_connection(turn& context, raw_socket socket, ws_parameters const& parameters,
                             transport_owner& owner)
    : context_(context),
      owner_(&owner),
      socket_(std::move(socket)),
      decoder_(decoding(parameters)),
      deflate_min_(fit(parameters.deflate_min)),
      deflate_bits_(static_cast<std::uint8_t>(parameters.deflate ? parameters.deflate_bits : 0)) {}

ws_connection::~ws_connection() {
    if (registered_) context_.descriptors().remove(socket_.descriptor(), *this);
}

bool ws_connection::start() {
    int const fd = socket_.descriptor();
    int const flags = ::fcntl(fd, F_GETFL);
    if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) return false;
    int const on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (!context_.descriptors().add(fd, *this)) return false;
    registered_ = true;
    // OpenSSL may hold bytes that it read during the handshake: no event will tell of those.
    if (secure()) context_.park_ready(*this);
    return true;
}

raw_socket ws_connection::release() {
    context_.wheel().cancel(*this);
    if (registered_) context_.descriptors().remove(socket_.descriptor(), *this);
    registered_ = false;
    phase_ = phase::told;
    return std::move(socket_);
}

void ws_connection::take_up(std::string bytes) {
    if (!bytes.empty()) consume(bytes);
}

ws_parameters ws_connection::parameters() const noexcept {
    ws_parameters p;
    p.deflate = deflate_bits_ != 0;
    if (p.deflate) p.deflate_bits = deflate_bits_;
    p.deflate_min = deflate_min_;
    return p;
}

void ws_connection::wake() {
    if (has_say()) mark();
}

void ws_connection::ping(std::string_view payload) {
    if (phase_ != phase::open) return;
    ping_ = make_control_frame(ws::opcode::ping, payload);
    mark();
}

void ws_connection::close(close_reason why, std::string_view text) {
    if (phase_ != phase::open) return;
    auto const& row = describe(why);
    depart(phase::closing, why, row.code, text.empty() ? row.text : text);
}

void ws_connection::abort(close_reason why) {
    if (phase_ >= phase::gone) return;
    if (!farewell_)
        farewell_ = std::make_unique<farewell>(farewell{.reason = why, .text = {}, .frame = {}});
    drop(true);
}

// The peer's close frame, valid (RFC 6455 section 5.5.1). Its text is kept when it spoke first.
void ws_connection::heard_close(std::uint16_t code, bool has_code, std::string_view text) {
    std::uint16_t const peer_code = has_code ? code : no_code_came;
    deaf_ = true;
    switch (phase_) {
        case phase::open:
            depart(phase::answering, close_reason::peer_closed, has_code ? code : 0, text);
            break;
        case phase::closing:  // both at once: what was still to be sent finds no reader
            phase_ = phase::answering;
            mark();
            break;
        case phase::awaiting:
            linger(context_.at().mono);
            break;
        default:
            return;
    }
    if (farewell_) farewell_->peer_code = peer_code;
}

void ws_connection::depart(phase next, close_reason why, std::uint16_t code,
                           std::string_view text) {
    farewell_ = std::make_unique<farewell>(farewell{
        .reason = why,
        .text = std::string(text),
        .frame = close_frame(code, why == close_reason::peer_closed ? std::string_view{} : text)});
    phase_ = next;  // a pong or ping that waits stays where it is: a batch may point to it
    context_.wheel().set(*this, context_.at().mono + close_timeout);
    mark();
}

void ws_connection::close_frame_written() {
    if (phase_ == phase::closing && !deaf_) {
        phase_ = phase::awaiting;
    } else {
        linger(context_.at().mono);
    }
}

// To close now would answer whatever the peer still sends with a reset, and a reset may destroy our
// close frame before the peer has read it.
void ws_connection::linger(mono_time at) {
    if (secure()) {
        ERR_clear_error();
        SSL_shutdown(socket_.tls());  // close_notify, if it can go now
    }
    ::shutdown(socket_.descriptor(), SHUT_WR);
    phase_ = phase::lingering;
    deaf_ = true;
    partial_ = {};
    context_.wheel().set(*this, at + linger_timeout);
    park();  // nothing was read while the answer was on its way
}

void ws_connection::on_deadline(mono_time at) {
    switch (phase_) {
        case phase::open:
            deaf_ = true;
            close(close_reason::protocol_error, "message not finished within 30 s");
            break;
        case phase::closing:
        case phase::answering:
            drop(true);  // the peer does not read
            break;
        case phase::awaiting:
            linger(at);
            break;
        case phase::lingering:
            drop(true);
            break;
        case phase::gone:
        case phase::told:
            break;
    }
}

void ws_connection::lost() {
    if (!farewell_) {
        farewell_ = std::make_unique<farewell>(
            farewell{.reason = close_reason::transport_lost, .text = {}, .frame = {}});
    }
    drop(false);
}

// The descriptor goes now; on_closed comes from the flush at the turn's end, never from in here.
void ws_connection::drop(bool reset) {
    phase_ = phase::gone;
    context_.wheel().cancel(*this);
    if (registered_) context_.descriptors().remove(socket_.descriptor(), *this);
    registered_ = false;
    if (reset) {
        ::linger const at_once{.l_onoff = 1, .l_linger = 0};
        ::setsockopt(socket_.descriptor(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    raw_socket const closed = std::move(socket_);
    partial_ = {};
    pong_ = {};
    ping_ = {};
    context_.mark_dirty(*this);
}

void ws_connection::on_ready(std::uint32_t events) {
    if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) hung_up_ = true;
    // A TLS write may wait for input and a read for output, so there any event retries both.
    bool const out = secure() || (events & EPOLLOUT) != 0;
    bool const in = secure() || (events & ~std::uint32_t{EPOLLOUT}) != 0;
    if (out && !writable_) {
        writable_ = true;
        mark();
    }
    if (!in || held_ || is_parked()) return;
    if (!hung_up_ && context_.may_read()) {
        read();
    } else {
        park();
    }
}

void ws_connection::resume_reading() {
    if (phase_ < phase::gone && !held_) read();
}

}  // namespace weir
