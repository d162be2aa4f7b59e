#pragma once

#include <weir/async/poller.hpp>
#include <weir/async/stream.hpp>
#include <weir/async/timing_wheel.hpp>
#include <weir/base/clock.hpp>
#include <weir/base/close_reason.hpp>
#include <weir/base/frame.hpp>
#include <weir/base/memory_meter.hpp>
#include <weir/transport/transport.hpp>
#include <weir/transport/turn.hpp>
#include <weir/ws/decoder.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace weir {

/// What a WebSocket handshake agreed on; travels with the connection.
struct ws_parameters {
    bool deflate = false;   ///< without context takeover both ways
    int deflate_bits = 15;  ///< server_max_window_bits
};

/// One established WebSocket: bytes on a raw non-blocking descriptor (plain or TLS) to messages,
/// frames to bytes. Event-driven, no coroutine, no timer object, no buffer while idle; reads land
/// in the shard's scratch. Answers pings and the close handshake itself. RFC 6455, RFC 7692.
///
/// Bounds: a turn reads 64 KiB, decodes 64 KiB of inflated messages (or one that is larger) and 256
/// messages, and writes 256 KiB. Up to 64 pings wait for their pongs; beyond that the oldest are
/// not answered. A message must be whole 30 s after its first byte, else close with protocol_error
/// (4000). A close takes 5 s, and 2 s more until the peer hangs up, so that a reset does not
/// destroy our close frame on its way; past that the connection is reset.
///
/// Frames must have a WebSocket header (make_text_frame, make_binary_frame).
class ws_connection final : public transport,
                            public counted_object<memory_kind::connections>,
                            private pollable,
                            private wheel_entry,
                            private turn_item {
public:
    static constexpr std::size_t pongs_max = 64;
    static constexpr unsigned messages_per_turn = 256;

    /// `context` and `owner` outlive it.
    ws_connection(turn& context, raw_socket socket, ws_parameters const& parameters,
                  transport_owner& owner);
    ~ws_connection() override;

    /// Registers with the poller; what is there already is read in the next turn.
    bool start() override;
    void ping(std::string_view payload) override;
    /// A close frame, then the close handshake.
    void close(close_reason why, std::string_view text) override;
    void abort(close_reason why) override;
    void hold_reading() override { held_ = true; }
    void continue_reading() override;
    std::unique_ptr<carried_connection> release() override;
    std::size_t held_bytes() const noexcept override;

private:
    enum class phase : std::uint8_t {
        open,
        closing,    ///< we asked: the outbox, then our close frame
        answering,  ///< the peer's close frame came: ours, without the outbox
        awaiting,   ///< ours is written, the peer's has not come
        lingering,  ///< our side is shut; reading until the peer hangs up
        gone,       ///< the descriptor is closed; on_closed is due
        told,
    };
    class sink;
    struct farewell;
    struct batch;
    struct received;
    struct budget;
    struct extras;
    friend class carried_ws_connection;

    void on_wake() override;
    void on_ready(std::uint32_t events) override;
    void on_deadline(mono_time at) override;
    void flush() override;
    void resume_reading() override;

    // ws_reading.cpp
    void read();
    void park();
    received receive(std::span<char> into);
    void take(std::span<char> bytes, budget& left);
    void decode(std::span<char> bytes, budget& left);
    void decode_unread(budget& left);
    bool has_unread() const noexcept;
    void watch_assembly(bool started_anew);
    void heard_close(std::uint16_t code, bool has_code, std::string_view text);

    // ws_writing.cpp
    bool has_say() const noexcept;
    void mark();
    void queue_pong(std::string_view payload);
    void flush_plain();
    void flush_tls();
    void gather(batch& b);
    void gather_control(batch& b);
    bool gather_outbox(batch& b);
    frame const* form_of(frame const& f, batch& b);
    frame const* make_twin(frame const& f);
    void settle(batch const& b, std::size_t sent);
    void load(batch const& b);
    void commit(batch const& b, std::size_t pieces);
    void account(std::size_t sent) noexcept;

    // ws_connection.cpp
    void depart(phase next, close_reason why, std::uint16_t code, std::string_view text);
    void fail(close_reason why, std::string_view text);
    void close_frame_written();
    void linger(mono_time at);
    void lost();
    void drop(bool reset);

    extras& make_extras();
    void trim_extras() noexcept;

    turn& context_;
    raw_socket socket_;
    ws::decoder decoder_;
    frame_ref partial_;                   ///< the first partial_offset_ bytes of it are sent
    std::unique_ptr<extras> extras_;      ///< control frames and unread bytes; null while idle
    std::unique_ptr<farewell> farewell_;  ///< from close() or the peer's close frame on
    std::uint32_t partial_offset_ = 0;
    std::uint8_t deflate_bits_;  ///< 0: not negotiated
    phase phase_ = phase::open;
    bool registered_ : 1 = false;
    bool hung_up_ : 1 = false;  ///< the kernel said that the end of the stream is near
    bool deaf_ : 1 = false;     ///< what comes is not decoded any more
    bool held_ : 1 = false;     ///< nothing is read; see hold_reading()
};

/// A connection that was upgraded and is served by nobody yet.
std::unique_ptr<carried_connection> carry_websocket(raw_socket socket,
                                                    ws_parameters const& parameters);

}  // namespace weir
