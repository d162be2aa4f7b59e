#pragma once

#include <weir/ws/decoder.hpp>
#include <weir/ws/fault.hpp>
#include <weir/ws/mask.hpp>
#include <weir/ws/opcode.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace weir::ws {

/// What a header is judged by: fixed for a connection, and where its message stands.
struct header_rules {
    role side = role::server;
    bool deflate = false;
    bool in_message = false;     ///< fragments of a message came and its last did not
    bool in_compressed = false;  ///< that message is compressed
    std::uint64_t held = 0;      ///< payload bytes of it so far
    std::uint64_t plain_bytes_max = 0;
    std::uint64_t compressed_bytes_max = 0;  ///< on the wire
};

enum class header_status : std::uint8_t { partial, complete, bad };

struct header_reading {
    header_status status = header_status::partial;
    opcode op = opcode::text;
    bool fin = false;
    bool rsv1 = false;
    std::uint8_t size = 0;  ///< bytes of the header
    mask_key mask{};        ///< all zero without a mask
    std::uint64_t payload_bytes = 0;
    frame_fault fault;  ///< when bad
};

/// Reads one frame header (RFC 6455 section 5.2) from the front of `bytes`. Every rule is applied
/// as soon as the bytes that it is about are there, in the order of the wire, so that the verdict
/// does not depend on how the header was split. `into` is as made by its constructor.
void read_header(header_reading& into, std::span<char const> bytes,
                 header_rules const& rules) noexcept;

}  // namespace weir::ws
