#pragma once

#include <cstddef>
#include <cstdint>

namespace weir::ws {

/// RFC 6455 section 5.2. Every other value is reserved and refused.
enum class opcode : std::uint8_t {
    continuation = 0x0,
    text = 0x1,
    binary = 0x2,
    close = 0x8,
    ping = 0x9,
    pong = 0xA,
};

constexpr bool is_control(opcode op) noexcept {
    return (static_cast<std::uint8_t>(op) & 0x8) != 0;
}

/// The payload of a control frame (RFC 6455 section 5.5).
inline constexpr std::size_t control_bytes_max = 125;

}  // namespace weir::ws
