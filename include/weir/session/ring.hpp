#pragma once

#include <weir/base/frame.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace weir {

struct observer;

/// What came of offering a frame to an outbox.
enum class enqueued : std::uint8_t { queued, overflow };

/// The one buffer of a session: references to immutable frames between three cursors,
/// received ≤ sent ≤ queued (ADR 0005). [received, sent) is the replay buffer, [sent, queued) the
/// outbox. Counting starts at 1 with the first numbered frame of the session; a frame gets its
/// number by becoming sent. Unnumbered frames (welcome, pong, goaway) go through a small express
/// lane that is sent first. Owns heap memory only while more than one frame is in it, kept or not.
class ring {
public:
    struct bounds {
        std::size_t outbox_bytes = 1 << 20;
        std::size_t outbox_frames = 65'536;
        std::size_t replay_frames = 0;  ///< 0: nothing is kept once it is sent
        std::size_t replay_bytes = 0;
        /// Whose outbox_bytes and replay_bytes the ring keeps, always equal to its own; null: none.
        observer* counts = nullptr;
    };
    /// Bounds of the express lane, which has its own so that a full outbox does not stop a goaway.
    static constexpr std::size_t express_frames_max = 8192;
    static constexpr std::size_t express_bytes_max = 256 * 1024;

    /// `b` outlives the ring (it is the shard's).
    explicit ring(bounds const& b) noexcept : bounds_(&b) {}
    ring(ring const&) = delete;
    ring& operator=(ring const&) = delete;
    ~ring() { clear(); }

    /// Overflow leaves the ring as it was. The bytes counted are those of frame::body. An outbox
    /// with no numbered frame takes one of any size: else it could never be delivered. What is sent
    /// again after rewind() was bounded as a replay, and takes no room from what is new.
    [[nodiscard]] enqueued push(frame_ref f);

    /// The next frames to send, express lane first; at most out.size(). Valid until the next call.
    std::size_t peek(std::span<frame const*> out) const noexcept;
    /// The first `n` of what peek() just gave are committed to a transport write: keep a reference
    /// to those that are still needed.
    void commit(std::size_t n) noexcept;

    /// The client has handled the first `count` numbered frames. False: more than were sent on this
    /// connection and before it. Less than it said before changes nothing.
    bool acknowledge(std::uint64_t count) noexcept;

    /// Whether a client that has handled `count` numbered frames can be given all that follow. What
    /// waits to be sent again was sent once: the client may have it from an earlier connection.
    enum class standing : std::uint8_t { good, overflow, beyond };
    standing standing_of(std::uint64_t count) const noexcept;
    /// A new connection of that client: what follows `count` is to be sent again, before what was
    /// queued already; the express lane is dropped. Only where standing_of(count) is good.
    void rewind(std::uint64_t count) noexcept;

    std::uint64_t received() const noexcept { return received_; }
    std::uint64_t sent() const noexcept { return sent_; }
    /// The number that the last frame in the outbox will get.
    std::uint64_t queued() const noexcept;
    // The outbox, express lane included.
    bool outbox_empty() const noexcept { return outbox_frames() == 0; }
    std::size_t outbox_bytes() const noexcept;
    std::size_t outbox_frames() const noexcept;
    // What is kept for a replay: the newest replay_frames() of the sent() frames.
    std::size_t replay_bytes() const noexcept;
    std::size_t replay_frames() const noexcept;

    /// Drops what is kept for a replay: the ring can be rewound to sent() only.
    void forget_kept() noexcept;
    /// Drops everything queued and kept.
    void clear() noexcept;

private:
    struct lane;
    struct storage;
    class tally;
    storage& open();
    void trim(storage& s) noexcept;
    void settle() noexcept;
    enqueued store(frame_ref f);
    void skip_again(std::uint64_t count) noexcept;
    void release_received(std::uint64_t count) noexcept;
    void release_only() noexcept;

    bounds const* bounds_;
    frame const* only_ = nullptr;  ///< the one frame in the ring while there is no storage
    bool only_kept_ = false;       ///< it is sent, and kept
    bool only_again_ = false;      ///< it was sent, and waits to be sent again
    storage* storage_ = nullptr;
    std::uint64_t received_ = 0;
    std::uint64_t sent_ = 0;
};

}  // namespace weir
