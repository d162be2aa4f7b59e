#pragma once

#include <cstddef>
#include <string_view>

namespace weir {

/// The first `bytes_max` bytes of `text`, or as many fewer as do not cut a character (RFC 3629).
/// What is not UTF-8 is cut somewhere.
constexpr std::string_view cut_utf8(std::string_view text, std::size_t bytes_max) noexcept {
    if (text.size() <= bytes_max) return text;
    std::size_t end = bytes_max;
    while (end != 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    return text.substr(0, end);
}

}  // namespace weir
