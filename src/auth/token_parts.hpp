#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace weir::auth {

inline constexpr std::size_t token_bytes_max = 16 * 1024;

/// The three parts of a compact JWS (RFC 7515 section 7.1), still encoded.
struct token_parts {
    std::string_view header;
    std::string_view claims;
    std::string_view signature;
};

/// Null where the text has not that shape; then `why` says what is wrong. Strict: base64url
/// without padding and with unused bits zero, so that a token has one spelling only.
std::optional<token_parts> split_token(std::string_view token, char const*& why) noexcept;

/// True when the signature is as long as HS256 makes one. The library behind compares bytes before
/// it compares lengths: ask first.
bool has_hs256_length(token_parts const& parts) noexcept;

/// The bytes of a part that split_token() has passed.
std::string decode_part(std::string_view part);

}  // namespace weir::auth
