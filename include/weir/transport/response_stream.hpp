#pragma once

#include <weir/async/poller.hpp>
#include <weir/async/stream.hpp>
#include <weir/async/timing_wheel.hpp>
#include <weir/base/frame.hpp>
#include <weir/http/connection.hpp>
#include <weir/transport/turn.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace weir {

/// Where the body of a streamed answer comes from. Calls come on the shard's thread during a poll,
/// a flush or a tick. None may destroy the stream from inside; on_ended is the last one, and the
/// stream is then destroyed from a post.
class body_source {
public:
    /// The next pieces, at most out.size(): each frame's body is one. Pulled at each flush after
    /// wake(); a piece stays the source's to drop or replace until it is committed.
    virtual std::size_t body_peek(std::span<frame const*> out) = 0;
    /// The first `n` of them are committed to a write.
    virtual void body_committed(std::size_t n) = 0;
    enum class ending : std::uint8_t {
        finished,  ///< the whole answer is written: release() the connection
        lost,      ///< the peer or the network ended it
        stalled,   ///< the peer read nothing for the write timeout
        aborted,   ///< abort()
    };
    virtual void on_ended(ending how) = 0;

protected:
    ~body_source() = default;
};

/// The body of one HTTP answer that comes in pieces, as long as it takes: what http::serve() left
/// to its caller. Event-driven like a WebSocket: pieces are gathered once a turn and written
/// without blocking, writability is awaited only after the kernel took no more, and an idle stream
/// owns no buffer. RFC 9112 section 7.1 (chunked), or to the end of the connection for HTTP/1.0.
///
/// Bounds: a flush writes 256 KiB; what is half written is at most one piece, or a TLS record; up
/// to 16 KiB that the peer sends meanwhile are kept for the next request, more is not read; a peer
/// that takes nothing for `write_timeout` is reset. A peer that shuts its sending side gets the
/// answer to its end.
///
/// Created and destroyed on the shard's thread, not inside a call to its source. Destroyed before
/// on_ended, it closes the descriptor.
class response_stream final : private pollable, private wheel_entry, private turn_item {
public:
    static constexpr std::size_t unread_bytes_max = 16 * 1024;

    /// `context` and `source` outlive it. `begun` is what serve() answered.
    response_stream(turn& context, raw_socket socket, http::streamed begun, std::string unread,
                    body_source& source, milliseconds write_timeout = milliseconds(15'000));
    ~response_stream();

    /// Registers with the poller; the head leaves at the end of the turn. False: the kernel
    /// refused.
    bool start();
    /// The source has something: flushed at the end of the turn.
    void wake();
    /// The body ends behind the pieces that the source still gives. Then on_ended(finished).
    void finish();
    /// At once; on_ended follows from the turn's end.
    void abort();

    /// After on_ended(finished): the connection, to be served on.
    struct rest {
        raw_socket socket;
        std::string unread;       ///< requests that came meanwhile
        bool keep_alive = false;  ///< false: shut it down
    };
    rest release();

    bool writable() const noexcept { return writable_; }
    bool secure() const noexcept { return socket_.tls() != nullptr; }
    std::uint64_t bytes_out() const noexcept { return bytes_out_; }

private:
    enum class phase : std::uint8_t { open, finishing, ended, told };
    struct gathering;

    void on_ready(std::uint32_t events) override;
    void on_deadline(mono_time at) override;
    void flush() override;
    void resume_reading() override { read(); }

    void read();
    bool write_pending(std::size_t& budget);
    bool write_pieces(std::size_t& budget);
    bool gather(gathering& g);
    void load(gathering const& g);
    void keep_rest(gathering const& g, std::size_t sent);
    bool finish_body();
    std::ptrdiff_t send(struct msghdr& message);
    void account(std::size_t sent);
    void blocked();
    void end(body_source::ending how);
    void mark();

    turn& context_;
    body_source& source_;
    raw_socket socket_;
    std::string pending_;  ///< encoded and committed; the first pending_at_ bytes are sent
    std::size_t pending_at_ = 0;
    std::string unread_;
    std::uint64_t bytes_out_ = 0;
    milliseconds write_timeout_;
    phase phase_ = phase::open;
    body_source::ending how_ = body_source::ending::lost;
    bool chunked_;
    bool keep_alive_;
    bool registered_ = false;
    bool writable_ = true;
    bool peer_ended_ = false;
    bool last_written_ = false;  ///< the end of the body is in pending_, or sent
};

}  // namespace weir
