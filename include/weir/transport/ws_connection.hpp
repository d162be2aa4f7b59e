#pragma once

#include <weir/async/poller.hpp>
#include <weir/async/stream.hpp>
#include <weir/async/timing_wheel.hpp>
#include <weir/base/close_reason.hpp>
#include <weir/base/clock.hpp>
#include <weir/base/frame.hpp>
#include <weir/transport/turn.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace weir {

/// Who a transport works for. Calls come on the shard's thread, during a poll, a flush or a tick.
/// None may destroy the transport from inside; on_closed is the last call, and the owner then
/// destroys the transport later (from a post).
class transport_owner {
public:
    /// One whole message. `text` lives during the call. After close() no more come.
    virtual void on_message(std::string_view text, bool binary) = 0;
    /// Bytes came from the peer (once a read, before what they contain).
    virtual void on_traffic() = 0;
    virtual void on_pong(std::string_view payload) = 0;
    /// The frames to send next; at most out.size(). Pulled at each flush while dirty.
    virtual std::size_t outbox_peek(std::span<frame const*> out) = 0;
    /// The first `n` of them are committed to a write.
    virtual void outbox_committed(std::size_t n) = 0;
    struct closing {
        close_reason reason;           ///< ours, or peer_closed / transport_lost
        std::uint16_t peer_code = 0;   ///< what the peer's close frame said; 0: none came
        std::string_view text;         ///< reason phrase of whoever closed first
    };
    virtual void on_closed(closing const& c) = 0;

protected:
    ~transport_owner() = default;
};

struct ws_parameters {
    bool deflate = false;             ///< negotiated, without context takeover both ways
    int deflate_bits = 15;            ///< server_max_window_bits
    std::size_t deflate_min = 256;    ///< smaller bodies are sent as they are
    std::size_t message_bytes = 64 * 1024;  ///< largest message, inflated
    bool echo_binary = false;         ///< frames made by the owner carry their own opcode anyway
};

/// One established WebSocket: bytes on a raw non-blocking descriptor (plain or TLS) to messages,
/// frames to bytes. Event-driven, no coroutine, no timer object, no buffer while idle; reads land
/// in the shard's scratch. Answers pings and the close handshake itself. RFC 6455, RFC 7692.
class ws_connection final : private pollable, private wheel_entry, private turn_item {
public:
    /// `context` and `owner` outlive it.
    ws_connection(turn& context, raw_socket socket, ws_parameters const& parameters,
                  transport_owner& owner);
    ~ws_connection();

    /// Registers with the poller and reads what is there already. False: the kernel refused.
    bool start();

    /// The outbox has something: flushed at the end of the turn.
    void wake();
    /// Sends a ping frame; at most 125 bytes.
    void ping(std::string_view payload);
    /// Flushes the outbox (within the close timeout), sends a close frame, waits for the peer's,
    /// then on_closed. Idempotent: the first reason stays. on_closed never comes from inside.
    void close(close_reason why, std::string_view text);
    /// At once, without ceremony; on_closed follows from the turn's end.
    void abort(close_reason why);

    bool writable() const noexcept;           ///< false: waiting for the peer to read
    std::uint64_t bytes_in() const noexcept;
    std::uint64_t bytes_out() const noexcept;
    bool secure() const noexcept;
};

}  // namespace weir
