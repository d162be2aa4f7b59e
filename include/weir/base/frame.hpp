#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>

namespace weir {

/// Room before the body for a transport's own header: a WebSocket server frame needs at most 10.
inline constexpr std::size_t frame_headroom = 10;

class frame_ref;

/// Immutable encoded bytes, shared by every outbox they stand in. One allocation: this header,
/// headroom, body. Counted without atomics: a frame never leaves the shard (thread) that made it.
///
/// The body is what the dialect wrote. The wire form is the body behind the transport header that
/// the maker wrote into the headroom. A compressed form may hang on it as its twin, made once.
class frame {
public:
    frame(frame const&) = delete;
    frame& operator=(frame const&) = delete;

    std::string_view body() const noexcept { return {bytes() + frame_headroom, body_size_}; }
    /// Header and body, contiguous; what is sent when no twin is wanted.
    std::string_view wire() const noexcept {
        return {bytes() + frame_headroom - header_size_, std::size_t{header_size_} + body_size_};
    }
    /// True when a session counts it (contract: Numbering).
    bool numbered() const noexcept { return numbered_; }

    /// The same message compressed with a window of `bits`; null when none was made yet.
    frame const* twin(int bits) const noexcept;
    /// Hangs a compressed form on this one. Once per window size.
    void add_twin(int bits, frame_ref twin) const;

private:
    friend class frame_ref;
    friend frame_ref make_frame(std::string_view header, std::string_view body, bool numbered);
    frame() = default;
    ~frame();
    char* bytes() noexcept { return reinterpret_cast<char*>(this + 1); }
    char const* bytes() const noexcept { return reinterpret_cast<char const*>(this + 1); }
    static void destroy(frame const* f) noexcept;

    mutable std::uint32_t references_ = 0;
    std::uint32_t body_size_ = 0;
    mutable frame const* next_twin_ = nullptr;
    std::uint8_t header_size_ = 0;
    mutable std::uint8_t twin_bits_ = 0;
    bool numbered_ = false;
};

/// A counted reference of 8 bytes. Not for use across threads.
class frame_ref {
public:
    frame_ref() = default;
    explicit frame_ref(frame const* f) noexcept : frame_(f) {
        if (frame_ != nullptr) ++frame_->references_;
    }
    frame_ref(frame_ref const& other) noexcept : frame_ref(other.frame_) {}
    frame_ref(frame_ref&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
    frame_ref& operator=(frame_ref other) noexcept {
        std::swap(frame_, other.frame_);
        return *this;
    }
    ~frame_ref() {
        if (frame_ != nullptr && --frame_->references_ == 0) frame::destroy(frame_);
    }

    explicit operator bool() const noexcept { return frame_ != nullptr; }
    frame const* operator->() const noexcept { return frame_; }
    frame const& operator*() const noexcept { return *frame_; }
    frame const* get() const noexcept { return frame_; }
    /// Gives the reference away without counting down; the taker wraps it with adopt().
    frame const* release() noexcept { return std::exchange(frame_, nullptr); }
    static frame_ref adopt(frame const* f) noexcept {
        frame_ref r;
        r.frame_ = f;
        return r;
    }

private:
    frame const* frame_ = nullptr;
};

/// `header` is at most frame_headroom bytes; `body` below 4 GiB.
frame_ref make_frame(std::string_view header, std::string_view body, bool numbered);

}  // namespace weir
