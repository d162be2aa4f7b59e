#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace weir::ws {

inline constexpr int window_bits_min = 8;
inline constexpr int window_bits_max = 15;

/// Whether the LZ77 window survives from message to message (RFC 7692 section 7.1.1).
enum class context : std::uint8_t {
    per_message,  ///< no context takeover: one object serves any number of connections
    kept,         ///< context takeover: an object for each connection and direction
};

enum class inflate_status : std::uint8_t { ok, too_large, corrupt };

/// Inflates messages of permessage-deflate (RFC 7692 section 7.2.2), with a window of 15 bits,
/// which reads what any smaller one wrote. Works on whole messages: what is not complete yet is
/// kept, compressed and bounded, by the connection it belongs to, so that messages of many
/// connections may interleave though they share this object. A shard has one.
///
/// Owns nothing until first used; then about 40 KiB of zlib's and a scratch buffer that grows with
/// what comes out, never past the limit, and is given back when it is larger than usual.
/// One thread. Throws std::bad_alloc only.
class inflater {
public:
    struct result {
        inflate_status status = inflate_status::ok;
        std::string_view text;  ///< lives until the next call; empty unless ok
    };

    explicit inflater(context keeping = context::per_message);
    ~inflater();
    inflater(inflater&&) noexcept;
    inflater& operator=(inflater&&) noexcept;

    /// `payload` is the message without the 00 00 ff ff that RFC 7692 removes. Stops within `limit`
    /// bytes of output, whatever the input claims. With context::kept, nothing may follow a
    /// result that is not ok.
    result inflate(std::string_view payload, std::size_t limit);

    /// Gives all memory back; with context::kept that also forgets the window.
    void release() noexcept;

private:
    struct engine;
    std::unique_ptr<engine> engine_;
    context keeping_;
};

struct deflate_settings {
    int window_bits =
        window_bits_max;  ///< 8 to 15. With 8, which zlib cannot search, only runs shrink
    int level = 6;        ///< zlib's 1 to 9
    context keeping = context::per_message;
};

/// Deflates messages for permessage-deflate. A shard makes one for each window size when it is
/// first wanted. Owns nothing until first used; then 256 KiB of zlib's at 15 bits, 134 KiB at 9,
/// and a scratch buffer. One thread. Throws std::bad_alloc only.
class deflater {
public:
    explicit deflater(deflate_settings settings = {});
    ~deflater();
    deflater(deflater&&) noexcept;
    deflater& operator=(deflater&&) noexcept;

    /// One message's payload, without its 00 00 ff ff; to be sent with RSV1 in the first frame.
    /// Never empty. Lives until the next call. May be longer than `text`: with
    /// context::per_message the caller may then send `text` plain instead.
    std::string_view deflate(std::string_view text);

    /// Gives all memory back; with context::kept that also forgets the window.
    void release() noexcept;

private:
    struct engine;
    std::unique_ptr<engine> engine_;
    deflate_settings settings_;
};

}  // namespace weir::ws
