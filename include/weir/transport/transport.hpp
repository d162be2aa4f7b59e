#pragma once

#include <weir/base/close_reason.hpp>
#include <weir/base/frame.hpp>
#include <weir/base/observer.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace weir {

class turn;

/// Who a transport works for. Calls come on the shard's thread, during a poll, a flush or a tick.
/// None may destroy the transport from inside. on_closed is the last call; the owner then destroys
/// the transport later (from a post).
class transport_owner {
public:
    /// One whole message. `text` lives during the call. After close() no more come.
    virtual void on_message(std::string_view text, bool binary) = 0;
    /// Bytes came from the peer (once for each read, before what they contain).
    virtual void on_traffic() = 0;
    /// Only from transports that have pings.
    virtual void on_pong(std::string_view payload) = 0;
    /// The frames to send next; at most out.size(). Pulled at each flush after wake().
    virtual std::size_t outbox_peek(std::span<frame const*> out) = 0;
    /// The first `n` of them are committed to a write.
    virtual void outbox_committed(std::size_t n) = 0;
    /// The transport closes because the peer broke one of its rules. on_closed follows when the
    /// peer was told. Not called when the owner or the peer closes.
    virtual void on_closing(close_reason why) = 0;
    struct closing {
        close_reason reason;  ///< ours, or peer_closed / transport_lost
        /// What the peer's close frame said; 0: none came, 1005: it said nothing.
        std::uint16_t peer_code = 0;
        std::string_view text;  ///< reason phrase of the side that closed first
    };
    virtual void on_closed(closing const& c) = 0;

protected:
    ~transport_owner() = default;
};

class transport;

/// A connection without a transport object: fresh from its handshake, or released by a transport to
/// be served by another owner, which may be on another shard. It carries what was negotiated with
/// the peer, and bytes of the peer that were read and not yet decoded. It carries no limits: those
/// are the shard's where it arrives (turn::limits).
class carried_connection {
public:
    virtual ~carried_connection() = default;
    virtual transport_kind kind() const noexcept = 0;
    /// Once. The transport holds its reading until continue_reading().
    virtual std::unique_ptr<transport> open(turn& context, transport_owner& owner) = 0;
};

/// What a session is connected by. Its owner creates and destroys it on the shard's thread, and not
/// inside a call from it. Destroyed without on_closed, it just closes its descriptor.
///
/// What a transport sends, it pulls from its owner: frames stay the owner's to drop or replace
/// until it says that they are committed. A frame's body is what the dialect wrote. A transport may
/// use the header that stands before it (WebSocket) or write its own framing around the body.
class transport {
public:
    transport(transport const&) = delete;
    transport& operator=(transport const&) = delete;
    virtual ~transport() = default;

    /// Begins to serve; false: the kernel refused the descriptor. Nothing is read yet.
    virtual bool start() = 0;
    /// The outbox has something: flushed at the end of the turn. Cheap when called again before the
    /// flush.
    void wake() {
        if (woken_) return;
        woken_ = true;
        on_wake();
    }
    /// Asks the peer for a sign of life; on_pong() follows. At most 125 bytes; one that is not sent
    /// yet is replaced. Does nothing on a transport that has no pings.
    virtual void ping(std::string_view payload) = 0;
    /// Sends the outbox (within the transport's close timeout), then says why it closes in the
    /// transport's own way, then on_closed. The first reason stays. on_closed never comes from
    /// inside. An empty `text` stands for the reason's own.
    virtual void close(close_reason why, std::string_view text) = 0;
    /// At once, without telling the peer; on_closed follows at the turn's end.
    virtual void abort(close_reason why) = 0;

    /// Stops decoding and reading: from inside on_message, behind that message. Only release(),
    /// continue_reading(), close() and abort() make sense from then on.
    virtual void hold_reading() = 0;
    /// Decodes what was held, then reads on. May call the owner from inside.
    virtual void continue_reading() = 0;
    /// Gives the connection up, with what was held; this object can only be destroyed then. Not
    /// from inside a call to the owner. No on_closed.
    virtual std::unique_ptr<carried_connection> release() = 0;
    /// Who is told from now on. Not from inside a call to the owner.
    void change_owner(transport_owner& to) noexcept { owner_ = &to; }

    /// Memory that it holds of a message that is partly received.
    virtual std::size_t held_bytes() const noexcept = 0;

    transport_kind kind() const noexcept { return kind_; }
    bool secure() const noexcept { return secure_; }
    bool writable() const noexcept { return writable_; }  ///< false: waits for the peer to read
    std::uint64_t bytes_in() const noexcept { return bytes_in_; }
    std::uint64_t bytes_out() const noexcept { return bytes_out_; }

protected:
    transport(transport_kind kind, bool secure, transport_owner& owner) noexcept
        : owner_(&owner), kind_(kind), secure_(secure) {}
    /// At most once between two flushes.
    virtual void on_wake() = 0;

    transport_owner* owner_;
    std::uint64_t bytes_in_ = 0;
    std::uint64_t bytes_out_ = 0;
    transport_kind const kind_;
    bool const secure_;
    bool writable_ = true;
    bool woken_ = false;  ///< a flush has been asked for since the last one
};

}  // namespace weir
