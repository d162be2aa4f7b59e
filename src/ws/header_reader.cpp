#include "ws/header_reader.hpp"

#include <cstring>

namespace weir::ws {
namespace {

using enum close_reason;

void refuse(header_reading& r, close_reason reason, std::string_view text) noexcept {
    r.status = header_status::bad;
    r.fault = {reason, text};
}

constexpr bool is_known(std::uint8_t op) noexcept {
    return op <= 0x2 || (op >= 0x8 && op <= 0xA);
}

/// The rules about the first byte: flags, opcode, and where in a message it stands.
std::string_view first_byte_fault(std::uint8_t byte, header_rules const& rules) noexcept {
    if ((byte & 0x30) != 0) return "reserved bit set";
    if (!is_known(byte & 0x0F)) return "reserved opcode";
    auto const op = static_cast<opcode>(byte & 0x0F);
    bool const rsv1 = (byte & 0x40) != 0;
    if (rsv1 && (!rules.deflate || is_control(op) || op == opcode::continuation)) {
        return "reserved bit set";
    }
    if (is_control(op)) return (byte & 0x80) == 0 ? "fragmented control frame" : "";
    if (op == opcode::continuation) {
        return rules.in_message ? "" : "continuation without a message to continue";
    }
    return rules.in_message ? "new message before the last one ended" : "";
}

std::uint64_t big_endian(char const* p, std::size_t bytes) noexcept {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i != bytes; ++i) {
        value = value << 8 | static_cast<std::uint8_t>(p[i]);
    }
    return value;
}

}  // namespace

void read_header(header_reading& r, std::span<char const> bytes,
                 header_rules const& rules) noexcept {
    if (bytes.empty()) return;
    auto const first = static_cast<std::uint8_t>(bytes[0]);
    if (auto const text = first_byte_fault(first, rules); !text.empty()) {
        return refuse(r, protocol_violation, text);
    }
    r.op = static_cast<opcode>(first & 0x0F);
    r.fin = (first & 0x80) != 0;
    r.rsv1 = (first & 0x40) != 0;
    if (bytes.size() < 2) return;

    auto const second = static_cast<std::uint8_t>(bytes[1]);
    bool const masked = (second & 0x80) != 0;
    if (masked != (rules.side == role::server)) {
        return refuse(r, protocol_violation,
                      masked ? "masked server frame" : "unmasked client frame");
    }
    std::uint8_t const short_length = second & 0x7F;
    if (is_control(r.op) && short_length > control_bytes_max) {
        return refuse(r, protocol_violation, "control frame over 125 bytes");
    }
    std::size_t const length_bytes = short_length < 126 ? 0 : short_length == 126 ? 2 : 8;
    if (bytes.size() < 2 + length_bytes) return;
    r.payload_bytes = length_bytes == 0 ? short_length : big_endian(&bytes[2], length_bytes);
    if (r.payload_bytes >> 63 != 0)
        return refuse(r, protocol_violation, "length with its top bit set");
    if ((length_bytes == 2 && r.payload_bytes < 126) ||
        (length_bytes == 8 && r.payload_bytes <= 0xFFFF)) {
        return refuse(r, protocol_violation, "length not in its shortest form");
    }
    if (!is_control(r.op)) {
        bool const compressed = rules.in_message ? rules.in_compressed : r.rsv1;
        std::uint64_t const most = compressed ? rules.compressed_bytes_max : rules.plain_bytes_max;
        // `held` is within `most`: it was checked like this with each frame before.
        if (r.payload_bytes > most - rules.held)
            return refuse(r, message_too_large, "message too large");
    }

    std::size_t const mask_bytes = masked ? 4 : 0;
    if (bytes.size() < 2 + length_bytes + mask_bytes) return;
    if (masked) std::memcpy(r.mask.data(), &bytes[2 + length_bytes], 4);
    r.size = static_cast<std::uint8_t>(2 + length_bytes + mask_bytes);
    r.status = header_status::complete;
}

}  // namespace weir::ws
