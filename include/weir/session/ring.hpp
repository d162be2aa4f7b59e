#pragma once

#include <weir/base/frame.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace weir {

/// What came of offering a frame to an outbox.
enum class enqueued : std::uint8_t { queued, overflow };

/// The one buffer of a session: references to immutable frames between three cursors,
/// received ≤ sent ≤ queued (ADR 0005). [received, sent) is the replay buffer, [sent, queued) the
/// outbox. Counting starts at 1 with the first numbered frame of the session; a frame gets its
/// number by becoming sent. Unnumbered frames (welcome, pong, goaway) go through a small express
/// lane that is sent first. Owns heap memory only while something is in it.
class ring {
public:
    struct bounds {
        std::size_t outbox_bytes = 1 << 20;
        std::size_t outbox_frames = 65'536;
        std::size_t replay_frames = 0;  ///< 0: nothing is kept once it is sent
        std::size_t replay_bytes = 0;
    };

    /// `b` outlives the ring (it is the shard's).
    explicit ring(bounds const& b) noexcept;
    ring(ring const&) = delete;
    ring& operator=(ring const&) = delete;
    ~ring();

    /// Overflow leaves the ring as it was. The bytes counted are those of frame::body.
    [[nodiscard]] enqueued push(frame_ref f);

    /// The next frames to send, express lane first; at most out.size(). Valid until the next call.
    std::size_t peek(std::span<frame const*> out) const noexcept;
    /// The first `n` of what peek() gave are committed to a transport write.
    void commit(std::size_t n) noexcept;

    /// The client has handled the first `count` numbered frames. False: more than were sent.
    bool acknowledge(std::uint64_t count) noexcept;

    std::uint64_t received() const noexcept;
    std::uint64_t sent() const noexcept;
    bool outbox_empty() const noexcept;
    std::size_t outbox_bytes() const noexcept;
    std::size_t outbox_frames() const noexcept;
    std::size_t replay_bytes() const noexcept;

    /// Drops everything queued and kept.
    void clear() noexcept;

private:
    struct storage;
    bounds const* bounds_;
    storage* storage_ = nullptr;
    std::uint64_t received_ = 0;
    std::uint64_t sent_ = 0;
};

}  // namespace weir
