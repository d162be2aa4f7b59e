#pragma once

#include <weir/async/poller.hpp>
#include <weir/async/stream.hpp>
#include <weir/async/timing_wheel.hpp>
#include <weir/base/clock.hpp>
#include <weir/base/close_reason.hpp>
#include <weir/base/frame.hpp>
#include <weir/transport/turn.hpp>
#include <weir/ws/decoder.hpp>

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
        close_reason reason;  ///< ours, or peer_closed / transport_lost
        /// What the peer's close frame said; 0: none came, 1005: it said nothing.
        std::uint16_t peer_code = 0;
        std::string_view text;  ///< reason phrase of whoever closed first
    };
    virtual void on_closed(closing const& c) = 0;
    /// Reading stands since hold_reading(); `rest` was read and not decoded.
    virtual void on_held(std::string_view /*rest*/) {}

protected:
    ~transport_owner() = default;
};

struct ws_parameters {
    bool deflate = false;                   ///< negotiated, without context takeover both ways
    int deflate_bits = 15;                  ///< server_max_window_bits
    std::size_t deflate_min = 256;          ///< smaller bodies are sent as they are
    std::size_t message_bytes = 64 * 1024;  ///< largest message, inflated
};

/// One established WebSocket: bytes on a raw non-blocking descriptor (plain or TLS) to messages,
/// frames to bytes. Event-driven, no coroutine, no timer object, no buffer while idle; reads land
/// in the shard's scratch. Answers pings and the close handshake itself. RFC 6455, RFC 7692.
///
/// Bounds: reads 64 KiB and writes 256 KiB a turn; of pings unanswered while the peer does not
/// read, only the last is answered (RFC 6455 section 5.5.3); a message must be whole 30 s after its
/// first byte, else close with protocol_error (4000); a close takes 5 s, and 2 s more until the
/// peer hangs up, so that its end of our close frame is not lost to a reset; past that the
/// connection is reset.
///
/// Created by its owner on the shard's thread, destroyed there at any time but inside a call to the
/// owner. Destroyed without on_closed, it just closes the descriptor.
class ws_connection final : private pollable, private wheel_entry, private turn_item {
public:
    /// `context` and `owner` outlive it.
    ws_connection(turn& context, raw_socket socket, ws_parameters const& parameters,
                  transport_owner& owner);
    ~ws_connection();

    /// Registers with the poller; what is there already is read in the next turn. False: the kernel
    /// refused.
    bool start();

    /// The outbox has something: flushed at the end of the turn.
    void wake();
    /// Sends a ping frame; at most 125 bytes. One that is not sent yet is replaced.
    void ping(std::string_view payload);
    /// Flushes the outbox (within the close timeout), sends a close frame, waits for the peer's,
    /// then on_closed. Idempotent: the first reason stays. on_closed never comes from inside. An
    /// empty `text` stands for the reason's own.
    void close(close_reason why, std::string_view text);
    /// From inside on_message: what follows that message is not decoded, nor read. on_held() tells
    /// what was read already. Only release(), close() and abort() make sense from then on.
    void hold_reading() noexcept { held_ = true; }
    /// Gives the socket up, to be served by another connection object on whatever shard: it takes
    /// up `rest` of on_held() with take_up(). Not from inside a call to the owner. No on_closed.
    raw_socket release();
    /// Right after start(): bytes of the peer that somebody else had read.
    void take_up(std::string bytes);
    /// Who is told from now on. Not from inside a call to the owner.
    void change_owner(transport_owner& to) noexcept { owner_ = &to; }
    /// What another connection object needs beside the socket; message_bytes is not known here.
    ws_parameters parameters() const noexcept;

    /// At once, without ceremony; on_closed follows from the turn's end.
    void abort(close_reason why);

    bool writable() const noexcept { return writable_; }  ///< false: waiting for the peer to read
    std::uint64_t bytes_in() const noexcept { return bytes_in_; }
    std::uint64_t bytes_out() const noexcept { return bytes_out_; }
    bool secure() const noexcept { return socket_.tls() != nullptr; }

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

    void on_ready(std::uint32_t events) override;
    void on_deadline(mono_time at) override;
    void flush() override;
    void resume_reading() override;

    // ws_reading.cpp
    void read();
    void park();
    received receive(std::span<char> into);
    void consume(std::span<char> bytes);
    void watch_assembly(bool started_anew);
    void heard_close(std::uint16_t code, bool has_code, std::string_view text);

    // ws_writing.cpp
    bool has_say() const noexcept;
    void mark();
    void flush_plain();
    void flush_tls();
    void gather(batch& b);
    bool gather_outbox(batch& b);
    frame const* form_of(frame const& f, batch& b);
    frame const* make_twin(frame const& f);
    void settle(batch const& b, std::size_t sent);
    void load(batch const& b);
    void commit(batch const& b, std::size_t pieces);
    void account(std::size_t sent) noexcept;

    // ws_connection.cpp
    void depart(phase next, close_reason why, std::uint16_t code, std::string_view text);
    void close_frame_written();
    void linger(mono_time at);
    void lost();
    void drop(bool reset);

    turn& context_;
    transport_owner* owner_;
    raw_socket socket_;
    ws::decoder decoder_;
    frame_ref partial_;  ///< the first partial_offset_ bytes of it are sent
    frame_ref pong_;
    frame_ref ping_;
    std::unique_ptr<farewell> farewell_;  ///< from close() or the peer's close frame on
    std::uint64_t bytes_in_ = 0;
    std::uint64_t bytes_out_ = 0;
    std::uint32_t partial_offset_ = 0;
    std::uint32_t deflate_min_;
    std::uint8_t deflate_bits_;  ///< 0: not negotiated
    phase phase_ = phase::open;
    bool registered_ : 1 = false;
    bool writable_ : 1 = true;
    bool hung_up_ : 1 = false;  ///< the kernel said that the end of the stream is near
    bool deaf_ : 1 = false;     ///< what comes is not decoded any more
    bool held_ : 1 = false;     ///< nothing is read; see hold_reading()
};

}  // namespace weir
