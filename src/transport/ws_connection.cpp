#include "transport/ws_extras.hpp"
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

ws::decoder_settings decoding(ws_parameters const& p) noexcept {
    ws::decoder_settings s;  // the limits come with each feed
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

/// An upgraded descriptor with what is left of an earlier owner's work: bytes only, because frames
/// stay on their shard.
class carried_ws_connection final : public carried_connection {
public:
    carried_ws_connection(raw_socket socket, ws_parameters const& negotiated)
        : socket_(std::move(socket)), negotiated_(negotiated) {}

    transport_kind kind() const noexcept override { return transport_kind::websocket; }
    std::unique_ptr<transport> open(turn& context, transport_owner& owner) override {
        auto made =
            std::make_unique<ws_connection>(context, std::move(socket_), negotiated_, owner);
        made->held_ = true;
        if (!unread.empty()) made->make_extras().unread = std::move(unread);
        if (!unsent.empty()) made->partial_ = make_frame({}, unsent, false);
        return made;
    }

    std::string unread;  ///< came from the peer, not decoded
    std::string unsent;  ///< the rest of a frame, and frames of the transport's own

private:
    raw_socket socket_;
    ws_parameters negotiated_;
};

std::unique_ptr<carried_connection> carry_websocket(raw_socket socket,
                                                    ws_parameters const& parameters) {
    return std::make_unique<carried_ws_connection>(std::move(socket), parameters);
}

ws_connection::ws_connection(turn& context, raw_socket socket, ws_parameters const& parameters,
                             transport_owner& owner)
    : transport(transport_kind::websocket, socket.tls() != nullptr, owner),
      context_(context),
      socket_(std::move(socket)),
      decoder_(decoding(parameters)),
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
    if (partial_) mark();
    return true;
}

std::unique_ptr<carried_connection> ws_connection::release() {
    context_.wheel().cancel(*this);
    if (registered_) context_.descriptors().remove(socket_.descriptor(), *this);
    registered_ = false;
    phase_ = phase::told;
    ws_parameters negotiated;
    negotiated.deflate = deflate_bits_ != 0;
    if (negotiated.deflate) negotiated.deflate_bits = deflate_bits_;
    auto carried = std::make_unique<carried_ws_connection>(std::move(socket_), negotiated);
    if (partial_) carried->unsent = partial_->wire().substr(partial_offset_);
    if (extras_) {
        carried->unread = std::move(extras_->unread);
        for (frame_ref const& pong : extras_->pongs) carried->unsent += pong->wire();
        if (extras_->ping) carried->unsent += extras_->ping->wire();
    }
    return carried;
}

ws_connection::extras& ws_connection::make_extras() {
    if (!extras_) extras_ = std::make_unique<extras>();
    return *extras_;
}

std::size_t ws_connection::held_bytes() const noexcept {
    return decoder_.held_bytes() + (extras_ ? extras_->unread.size() : 0);
}

void ws_connection::trim_extras() noexcept {
    if (extras_ && extras_->empty()) extras_.reset();
}

void ws_connection::on_wake() {
    if (has_say()) mark();
}

void ws_connection::ping(std::string_view payload) {
    if (phase_ != phase::open) return;
    make_extras().ping = make_control_frame(ws::opcode::ping, payload);
    mark();
}

// The peer may send pings faster than it reads the pongs.
void ws_connection::queue_pong(std::string_view payload) {
    auto& waiting = make_extras().pongs;
    if (waiting.size() == pongs_max) waiting.erase(waiting.begin());
    waiting.push_back(make_control_frame(ws::opcode::pong, payload));
    mark();
}

void ws_connection::close(close_reason why, std::string_view text) {
    if (phase_ != phase::open) return;
    auto const& row = describe(why);
    depart(phase::closing, why, row.code, text.empty() ? row.text : text);
}

// The peer broke a rule of the transport.
void ws_connection::fail(close_reason why, std::string_view text) {
    if (phase_ != phase::open) return;
    close(why, text);
    owner_->on_closing(why);
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
    phase_ = next;  // pongs that wait stay where they are: a batch may point to them
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
    extras_.reset();
    context_.wheel().set(*this, at + linger_timeout);
    park();  // nothing was read while the answer was on its way
}

void ws_connection::on_deadline(mono_time at) {
    switch (phase_) {
        case phase::open:
            deaf_ = true;
            fail(close_reason::protocol_error, "message not finished within 30 s");
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
    extras_.reset();
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
