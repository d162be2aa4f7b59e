#include <weir/base/assert.hpp>
#include <weir/ws/close_payload.hpp>
#include <weir/ws/utf8.hpp>

#include <cstring>

namespace weir::ws {
namespace {

/// The longest prefix of at most `bytes_max` that does not part a character.
std::string_view cut_at_character(std::string_view text, std::size_t bytes_max) noexcept {
    if (text.size() <= bytes_max) return text;
    std::size_t end = bytes_max;
    while (end != 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    return text.substr(0, end);
}

}  // namespace

bool may_be_sent(std::uint16_t code) noexcept {
    if (code >= 3000) return code <= 4999;
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
}

std::size_t write_close_payload(char* out, std::uint16_t code, std::string_view text) noexcept {
    WEIR_ASSERT(may_be_sent(code));
    std::string_view const fitting = cut_at_character(text, close_text_bytes_max);
    out[0] = static_cast<char>(static_cast<std::uint8_t>(code >> 8));
    out[1] = static_cast<char>(static_cast<std::uint8_t>(code));
    if (!fitting.empty()) std::memcpy(out + 2, fitting.data(), fitting.size());
    return 2 + fitting.size();
}

std::variant<close_payload, frame_fault> parse_close_payload(std::string_view payload) noexcept {
    using enum close_reason;
    if (payload.empty()) return close_payload{};
    if (payload.size() == 1) {
        return frame_fault{protocol_violation, "close frame with half a code"};
    }
    auto const high = static_cast<unsigned char>(payload[0]);
    auto const low = static_cast<unsigned char>(payload[1]);
    auto const code = static_cast<std::uint16_t>(high << 8 | low);
    if (!may_be_sent(code)) {
        return frame_fault{protocol_violation, "close code that may not be sent"};
    }
    std::string_view const text = payload.substr(2);
    if (!is_utf8(text)) return frame_fault{invalid_utf8, "close text is not valid UTF-8"};
    return close_payload{code, text};
}

}  // namespace weir::ws
