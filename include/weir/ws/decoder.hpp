#pragma once

#include <weir/ws/deflate.hpp>
#include <weir/ws/fault.hpp>
#include <weir/ws/header.hpp>
#include <weir/ws/opcode.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace weir::ws {

/// Which end the decoder stands at: a server takes masked frames only, a client unmasked ones.
enum class role : std::uint8_t { server, client };

struct decoder_settings {
    role side = role::server;
    bool deflate = false;  ///< permessage-deflate was negotiated
    /// The whole message, inflated. A compressed one may be an eighth (and 64 bytes) longer on the
    /// wire, for text that does not shrink.
    std::uint32_t message_bytes_max = 64 * 1024;
    /// Frames in one message, empty ones too. 64 KiB in pieces of 64 bytes are 1024.
    std::uint32_t fragments_max = 1024;

    /// Limits for messages of `bytes`: at least 1024 fragments, and pieces of 64 bytes always fit.
    static decoder_settings for_messages(std::uint32_t bytes) noexcept;
};

/// Bounds of one message.
struct message_limits {
    std::uint32_t bytes_max = 64 * 1024;  ///< as decoder_settings::message_bytes_max
    std::uint32_t fragments_max = 1024;

    /// At least 1024 fragments, and pieces of 64 bytes always fit.
    static message_limits for_messages(std::uint32_t bytes) noexcept;
};

/// What a sink wants next.
enum class flow : std::uint8_t {
    more,
    pause,  ///< feed() returns now; the bytes it did not consume are fed again later
    stop,   ///< feed() returns now and touches the decoder no more: the sink may have destroyed it
};

/// Takes what the decoder finds. Payloads live during the call only: they are in the bytes fed, in
/// the decoder's assembly, or in the inflater's scratch. A call must not feed the same decoder nor
/// use the same inflater.
class decoder_sink {
public:
    virtual ~decoder_sink() = default;

    /// A whole message; `kind` is text (valid UTF-8) or binary.
    virtual flow on_message(opcode kind, std::string_view payload) = 0;
    virtual flow on_ping(std::string_view payload) = 0;
    virtual flow on_pong(std::string_view payload) = 0;
    /// The peer's close frame; nothing follows. No code: it sent none.
    virtual flow on_close(std::optional<std::uint16_t> code, std::string_view text) = 0;
};

enum class feed_state : std::uint8_t {
    more,    ///< everything was consumed; more bytes may come
    paused,  ///< the sink asked for it
    ended,   ///< after a close frame or a stop; further bytes mean nothing
    failed,  ///< the peer broke a rule: close with `fault`, feed nothing more
};

struct feed_result {
    feed_state state = feed_state::more;
    std::size_t consumed = 0;
    frame_fault fault;  ///< when failed
};

/// Reads RFC 6455 frames from bytes in pieces of any size. Pure: no clock, no socket.
///
/// One for each connection, made after the upgrade, used by one thread. Idle it is 32 bytes and
/// owns nothing. A frame that lies whole in the bytes fed and is a message of its own is unmasked
/// where it lies and handed on without a copy; only a partial frame or an unfinished message is
/// kept, in a buffer that grows with the bytes that came, never by the length that was claimed.
/// A claimed length over the limit is refused with the header, before any payload.
///
/// Refused besides: RSV bits (but RSV1 on a message's first frame where deflate was negotiated),
/// reserved opcodes, control frames fragmented or over 125 bytes, wrong masking for the role,
/// continuations without a start and starts without an end, lengths not in minimal form or with the
/// top bit set, too many fragments, close payloads that RFC 6455 forbids, and text that is not
/// UTF-8, which is found as early as the bytes allow (compressed text: when inflated).
class decoder {
public:
    explicit decoder(decoder_settings const& settings) noexcept;
    ~decoder();
    decoder(decoder&&) noexcept;
    decoder& operator=(decoder&&) noexcept;

    /// Decodes `bytes`, overwriting them up to `consumed`. `inflating` is needed where deflate was
    /// negotiated: the shard's, or this connection's own with context takeover; always the same.
    /// `limits` replaces those of the constructor for messages that begin from here on.
    feed_result feed(std::span<char> bytes, decoder_sink& sink, inflater* inflating = nullptr,
                     message_limits const* limits = nullptr);

    /// An incomplete frame or message is held. A caller puts a deadline on it, which starts anew
    /// with each message but not with each byte, fragment or control frame.
    bool assembling() const noexcept;
    /// Heap memory owned now, for the connection's account; 0 when nothing is held but part of a
    /// header. At most 9/8 of message_bytes_max, and 512.
    std::size_t held_bytes() const noexcept;

private:
    struct assembly;
    struct pass;

    std::unique_ptr<assembly> assembly_;
    std::uint32_t message_bytes_max_;
    std::uint32_t fragments_max_;
    std::array<char, header_bytes_max> header_;
    std::uint8_t header_size_ = 0;
    role side_ : 1;
    bool deflate_ : 1;
    bool ended_ : 1;
};
static_assert(sizeof(decoder) <= 32);

}  // namespace weir::ws
