#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace weir::http {

/// RFC 4648 section 4, with padding.
std::string to_base64(std::span<unsigned char const> bytes);

/// Whether `text` is the base64 of 16 bytes (a Sec-WebSocket-Key, RFC 6455 section 4.1).
bool is_base64_of_16(std::string_view text) noexcept;

}  // namespace weir::http
