#include "transport/codec.hpp"
#include "transport/ws_farewell.hpp"

#include <weir/transport/frame_writer.hpp>
#include <weir/transport/ws_connection.hpp>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cerrno>
#include <sys/socket.h>

// How bytes come in: from the descriptor through the shard's scratch to the decoder.
namespace weir {
namespace {

constexpr seconds assembly_timeout{30};

}  // namespace

struct ws_connection::received {
    enum class kind : std::uint8_t { bytes, nothing, lost };
    kind what = kind::nothing;
    std::size_t size = 0;
    bool drained = false;  ///< there was no more than that
};

/// What the decoder finds, for as long as one feed() takes.
class ws_connection::sink final : public ws::decoder_sink {
public:
    explicit sink(ws_connection& c) noexcept : c_(c) {}
    bool had_message() const noexcept { return had_message_; }

    ws::flow on_message(ws::opcode kind, std::string_view payload) override {
        had_message_ = true;
        if (c_.phase_ == phase::open) c_.owner_->on_message(payload, kind == ws::opcode::binary);
        return next();
    }
    ws::flow on_ping(std::string_view payload) override {
        if (c_.phase_ == phase::open) {
            c_.pong_ = make_control_frame(ws::opcode::pong, payload);
            c_.mark();
        }
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
    ws::flow next() const noexcept {
        if (c_.held_) return ws::flow::pause;
        return c_.phase_ < phase::gone ? ws::flow::more : ws::flow::stop;
    }

    ws_connection& c_;
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

// Ends when the descriptor has no more, or the budget is used up: then the next turn goes on.
// Behind the peer's close frame nothing is read until ours is written: the peer may have shut its
// side and still wait for it, and to OpenSSL that end is an error after which it writes no more.
void ws_connection::read() {
    std::size_t budget = turn::read_budget_bytes;
    while (budget > 0) {
        if (phase_ == phase::answering) return;
        auto const scratch = context_.scratch();
        auto const into = scratch.first(std::min(budget, scratch.size()));
        received const got = receive(into);
        switch (got.what) {
            case received::kind::nothing:
                return;
            case received::kind::lost:
                return lost();
            case received::kind::bytes:
                break;
        }
        consume(into.first(got.size));
        if (phase_ >= phase::gone || held_) return;
        // A short read has emptied the socket, and new bytes are a new edge; only an end that was
        // announced before them comes without another.
        if (got.drained && !hung_up_) return;
        budget -= got.size;
    }
    park();
}

void ws_connection::park() {
    hung_up_ ? context_.park_leaving(*this) : context_.park_ready(*this);
}

void ws_connection::consume(std::span<char> bytes) {
    bytes_in_ += bytes.size();
    context_.counts().received_bytes.add(bytes.size());
    if (phase_ == phase::open) owner_->on_traffic();
    if (deaf_ || phase_ >= phase::gone) return;

    sink found(*this);
    auto* const inflating = deflate_bits_ != 0 ? &context_.codecs().inflating : nullptr;
    auto const result = decoder_.feed(bytes, found, inflating);
    if (phase_ >= phase::gone) return;
    if (result.state == ws::feed_state::paused) {
        auto const rest = bytes.subspan(result.consumed);
        bytes_in_ -= rest.size();  // who takes them up counts them
        context_.counts().received_bytes.sub(rest.size());
        return owner_->on_held({rest.data(), rest.size()});
    }
    if (result.state == ws::feed_state::failed) {
        deaf_ = true;
        if (phase_ == phase::awaiting) return linger(context_.at().mono);
        close(result.fault.reason, result.fault.text);
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
