#pragma once

#include <weir/base/frame.hpp>
#include <weir/ws/mask.hpp>
#include <weir/ws/opcode.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir::ws {

/// With a mask, and without one (what a server sends).
inline constexpr std::size_t header_bytes_max = 14;
inline constexpr std::size_t server_header_bytes_max = 10;
static_assert(server_header_bytes_max <= frame_headroom, "a server's header fits before a frame");

struct frame_header {
    opcode op = opcode::text;
    bool fin = true;
    bool rsv1 = false;  ///< compressed; first frame of a message only (RFC 7692 section 6)
    std::uint64_t payload_bytes = 0;
    std::optional<mask_key> mask = std::nullopt;  ///< a client's frames only
};

/// Writes the header in its minimal form and returns its size. `out` has room for
/// header_bytes_max, or for server_header_bytes_max without a mask.
std::size_t write_header(char* out, frame_header const& header) noexcept;

/// Appends a whole frame: header, then the payload, masked if there is a mask. `payload_bytes` is
/// taken from `payload`. For control frames, clients and tests; broadcasts use write_header().
void append_frame(std::string& out, frame_header header, std::string_view payload);

}  // namespace weir::ws
