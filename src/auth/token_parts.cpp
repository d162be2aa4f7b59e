#include "auth/token_parts.hpp"

#include <array>
#include <cstdint>

namespace weir::auth {
namespace {

constexpr std::size_t signature_chars = 43;  // 32 bytes

constexpr std::array<std::int8_t, 256> sextets = [] {
    constexpr std::string_view alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::array<std::int8_t, 256> t{};
    t.fill(-1);
    for (std::size_t i = 0; i != alphabet.size(); ++i) {
        t[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
    }
    return t;
}();

int sextet(char c) noexcept {
    return sextets[static_cast<unsigned char>(c)];
}

bool is_base64url(std::string_view part) noexcept {
    for (char const c : part) {
        if (sextet(c) < 0) return false;
    }
    switch (part.size() % 4) {
        case 1:
            return false;
        case 2:
            return (sextet(part.back()) & 15) == 0;
        case 3:
            return (sextet(part.back()) & 3) == 0;
        default:
            return !part.empty();
    }
}

}  // namespace

std::optional<token_parts> split_token(std::string_view token, char const*& why) noexcept {
    why = "the token is empty";
    if (token.empty()) return std::nullopt;
    why = "the token is larger than 16 KiB";
    if (token.size() > token_bytes_max) return std::nullopt;
    why = "the token is not three parts with dots between";
    std::size_t const first = token.find('.');
    if (first == std::string_view::npos) return std::nullopt;
    std::size_t const second = token.find('.', first + 1);
    if (second == std::string_view::npos) return std::nullopt;
    if (token.find('.', second + 1) != std::string_view::npos) return std::nullopt;
    token_parts const parts{token.substr(0, first), token.substr(first + 1, second - first - 1),
                            token.substr(second + 1)};
    why = "the token is not signed";
    if (parts.signature.empty()) return std::nullopt;
    why = "a part of the token is not base64url";
    if (!is_base64url(parts.header) || !is_base64url(parts.claims) ||
        !is_base64url(parts.signature)) {
        return std::nullopt;
    }
    return parts;
}

bool has_hs256_length(token_parts const& parts) noexcept {
    return parts.signature.size() == signature_chars;
}

std::string decode_part(std::string_view part) {
    std::string bytes;
    bytes.reserve(part.size() * 3 / 4);
    std::uint32_t held = 0;
    int bits = 0;
    for (char const c : part) {
        held = ((held << 6) | static_cast<std::uint32_t>(sextet(c))) & 0xffffff;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            bytes += static_cast<char>((held >> bits) & 0xff);
        }
    }
    return bytes;
}

}  // namespace weir::auth
