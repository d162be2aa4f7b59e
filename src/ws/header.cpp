#include <weir/base/assert.hpp>
#include <weir/ws/header.hpp>

#include <algorithm>
#include <span>

namespace weir::ws {
namespace {

char* put_big_endian(char* out, std::uint64_t value, int bytes) noexcept {
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
        *out++ = static_cast<char>(static_cast<std::uint8_t>(value >> shift));
    }
    return out;
}

}  // namespace

std::size_t write_header(char* out, frame_header const& header) noexcept {
    WEIR_ASSERT(header.payload_bytes >> 63 == 0);
    WEIR_ASSERT(!is_control(header.op) ||
                (header.fin && header.payload_bytes <= control_bytes_max));
    char* p = out;
    unsigned const flags = (header.fin ? 0x80U : 0U) | (header.rsv1 ? 0x40U : 0U);
    *p++ = static_cast<char>(flags | static_cast<unsigned>(header.op));
    unsigned const masked = header.mask ? 0x80U : 0U;
    if (header.payload_bytes <= 125) {
        *p++ = static_cast<char>(masked | static_cast<unsigned>(header.payload_bytes));
    } else if (header.payload_bytes <= 0xFFFF) {
        *p++ = static_cast<char>(masked | 126U);
        p = put_big_endian(p, header.payload_bytes, 2);
    } else {
        *p++ = static_cast<char>(masked | 127U);
        p = put_big_endian(p, header.payload_bytes, 8);
    }
    if (header.mask) p = std::copy(header.mask->begin(), header.mask->end(), p);
    return static_cast<std::size_t>(p - out);
}

void append_frame(std::string& out, frame_header header, std::string_view payload) {
    header.payload_bytes = payload.size();
    char head[header_bytes_max];
    std::size_t const head_bytes = write_header(head, header);
    out.reserve(out.size() + head_bytes + payload.size());
    out.append(head, head_bytes);
    out.append(payload);
    if (header.mask) {
        apply_mask(std::span(out).last(payload.size()), *header.mask);
    }
}

}  // namespace weir::ws
