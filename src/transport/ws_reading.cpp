#include "transport/codec.hpp"
#include "transport/ws_extras.hpp"
#include "transport/ws_farewell.hpp"

#include <weir/transport/frame_writer.hpp>
#include <weir/transport/ws_connection.hpp>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <sys/socket.h>
#include <utility>

// How bytes come in: from the descriptor through the shard's scratch to the decoder.
namespace weir {
namespace {

constexpr seconds assembly_timeout{30};
// Compressed bytes that one read takes. What the turn's budget leaves over of them is kept.
constexpr std::size_t compressed_read_bytes = 16 * 1024;

std::uint32_t fit(std::size_t n) noexcept {
    return static_cast<std::uint32_t>(
        std::min<std::size_t>(n, std::numeric_limits<std::uint32_t>::max()));
}

}  // namespace

/// What a connection may still read and decode in this turn.
struct ws_connection::budget {
    std::size_t bytes = turn::read_budget_bytes;     ///< from the descriptor
    std::size_t inflated = turn::read_budget_bytes;  ///< where deflate was negotiated
    unsigned messages = messages_per_turn;           ///< and control frames

    bool spent() const noexcept { return bytes == 0 || inflated == 0 || messages == 0; }
};

struct ws_connection::received {
    enum class kind : std::uint8_t { bytes, nothing, lost };
    kind what = kind::nothing;
    std::size_t size = 0;
    bool drained = false;  ///< there was no more than that
};

/// What the decoder finds, for as long as one feed() takes.
class ws_connection::sink final : public ws::decoder_sink {
public:
    sink(ws_connection& c, budget& left) noexcept : c_(c), left_(left) {}
    bool had_message() const noexcept { return had_message_; }

    ws::flow on_message(ws::opcode kind, std::string_view payload) override {
        had_message_ = true;
        if (c_.deflate_bits_ != 0) left_.inflated -= std::min(left_.inflated, payload.size());
        if (c_.phase_ == phase::open) c_.owner_->on_message(payload, kind == ws::opcode::binary);
        return next();
    }
    ws::flow on_ping(std::string_view payload) override {
        if (c_.phase_ == phase::open) c_.queue_pong(payload);
        return next();
    }
    ws::flow on_pong(std::string_view payload) override {
        if (c_.phase_ == phase::open) c_.owner_->on_pong(payload);
        return next();
    }
    ws::flow on_close(std::optional<std::uint16_t> code, std::string_view text) override {
        c_.heard_close(code.value_or(0), code.has_value(), text);
        return next();
    }

private:
    ws::flow next() noexcept {
        if (c_.phase_ >= phase::gone) return ws::flow::stop;
        if (left_.messages != 0) --left_.messages;
        return c_.held_ || left_.spent() ? ws::flow::pause : ws::flow::more;
    }

    ws_connection& c_;
    budget& left_;
    bool had_message_ = false;
};

ws_connection::received ws_connection::receive(std::span<char> into) {
    using kind = received::kind;
    // While lingering nothing is decrypted: only the end of the stream is of interest.
    if (secure() && phase_ != phase::lingering) {
        ERR_clear_error();
        int const n = SSL_read(socket_.tls(), into.data(), static_cast<int>(into.size()));
        if (n > 0) return {kind::bytes, static_cast<std::size_t>(n), false};
        switch (SSL_get_error(socket_.tls(), n)) {
            case SSL_ERROR_WANT_READ:
            case SSL_ERROR_WANT_WRITE:
                return {};
            default:  // close_notify, end of stream or failure
                ERR_clear_error();
                return {.what = kind::lost};
        }
    }
    for (;;) {
        auto const n = ::recv(socket_.descriptor(), into.data(), into.size(), 0);
        if (n > 0) {
            auto const size = static_cast<std::size_t>(n);
            return {kind::bytes, size, size < into.size()};
        }
        if (n == 0) return {.what = kind::lost};
        if (errno == EAGAIN || errno == EWOULDBLOCK) return {};
        if (errno != EINTR) return {.what = kind::lost};
    }
}

// Ends when the descriptor has no more, or the budget is used up: then the next turn goes on, with
// the bytes that were read and not decoded first.
// Behind the peer's close frame nothing is read until ours is written: the peer may have shut its
// side and still wait for it, and to OpenSSL that end is an error after which it writes no more.
void ws_connection::read() {
    budget left;
    decode_unread(left);
    while (phase_ < phase::gone && !held_ && !left.spent() && !has_unread()) {
        if (phase_ == phase::answering) return;
        auto const scratch = context_.scratch();
        std::size_t const most = deflate_bits_ != 0 ? compressed_read_bytes : scratch.size();
        auto const into = scratch.first(std::min(left.bytes, most));
        received const got = receive(into);
        switch (got.what) {
            case received::kind::nothing:
                return;
            case received::kind::lost:
                return lost();
            case received::kind::bytes:
                break;
        }
        left.bytes -= got.size;
        take(into.first(got.size), left);
        // A short read has emptied the socket, and new bytes are a new edge; only an end that was
        // announced before them comes without another.
        if (got.drained && !hung_up_ && !has_unread()) return;
    }
    if (phase_ < phase::gone && !held_) park();
}

void ws_connection::continue_reading() {
    if (!held_ || phase_ >= phase::gone) return;
    held_ = false;
    bool const had_unread = has_unread();
    budget left;
    decode_unread(left);
    // Events that came meanwhile were not acted upon.
    if ((had_unread || bytes_in_ != 0) && phase_ < phase::gone && !held_) park();
}

void ws_connection::park() {
    hung_up_ ? context_.park_leaving(*this) : context_.park_ready(*this);
}

bool ws_connection::has_unread() const noexcept {
    return extras_ && !extras_->unread.empty();
}

void ws_connection::take(std::span<char> bytes, budget& left) {
    bytes_in_ += bytes.size();
    context_.counts().received_bytes.add(bytes.size());
    if (phase_ == phase::open) owner_->on_traffic();
    decode(bytes, left);
}

void ws_connection::decode_unread(budget& left) {
    if (!has_unread()) return;
    std::string bytes = std::exchange(extras_->unread, {});
    trim_extras();
    decode(bytes, left);
}

void ws_connection::decode(std::span<char> bytes, budget& left) {
    if (deaf_ || phase_ >= phase::gone) return;
    sink found(*this, left);
    auto* const inflating = deflate_bits_ != 0 ? &context_.codecs().inflating : nullptr;
    auto const limits = ws::message_limits::for_messages(fit(context_.limits().message_bytes));
    auto const result = decoder_.feed(bytes, found, inflating, &limits);
    if (phase_ >= phase::gone) return;
    if (result.state == ws::feed_state::paused) {
        auto const rest = bytes.subspan(result.consumed);
        if (!rest.empty()) make_extras().unread.assign(rest.data(), rest.size());
        if (held_) return;
    }
    if (result.state == ws::feed_state::failed) {
        deaf_ = true;
        if (phase_ == phase::awaiting) return linger(context_.at().mono);
        fail(result.fault.reason, result.fault.text);
    }
    if (phase_ == phase::open) watch_assembly(found.had_message());
}

// A peer that starts a message and never ends it would hold its buffer for ever, and never count as
// idle. Bytes, fragments and control frames do not extend the time; a message does.
void ws_connection::watch_assembly(bool started_anew) {
    if (!decoder_.assembling()) {
        if (is_set()) context_.wheel().cancel(*this);
    } else if (started_anew || !is_set()) {
        context_.wheel().set(*this, context_.at().mono + assembly_timeout);
    }
}

}  // namespace weir
