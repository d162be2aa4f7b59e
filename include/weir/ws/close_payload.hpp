#pragma once

#include <weir/ws/fault.hpp>
#include <weir/ws/opcode.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

namespace weir::ws {

inline constexpr std::size_t close_text_bytes_max = control_bytes_max - 2;

/// A code that may stand in a close frame: 1000–1003, 1007–1014 (IANA's registry of RFC 6455
/// section 11.7) and 3000–4999. Never 1004, 1005, 1006, 1015 or what nobody registered.
bool may_be_sent(std::uint16_t code) noexcept;

/// Writes code and text to `out`, which has room for control_bytes_max, and returns the size. A
/// longer text is cut at a character's border. `code` must be one that may be sent.
std::size_t write_close_payload(char* out, std::uint16_t code, std::string_view text) noexcept;

/// A peer's close frame. No code is an empty payload (1005 to those who want a number).
struct close_payload {
    std::optional<std::uint16_t> code;
    std::string_view text;  ///< valid UTF-8; points into the payload
};

std::variant<close_payload, frame_fault> parse_close_payload(std::string_view payload) noexcept;

}  // namespace weir::ws
