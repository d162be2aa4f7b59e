#include <weir/base/assert.hpp>
#include <weir/base/ids.hpp>

#include <cerrno>
#include <cstring>
#include <sys/random.h>

namespace weir {
namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

constexpr std::array<std::int8_t, 256> inverse = [] {
    std::array<std::int8_t, 256> t{};
    t.fill(-1);
    for (std::size_t i = 0; i != alphabet.size(); ++i) {
        t[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
    }
    return t;
}();

/// Exactly `out.size()` bytes in canonical form (unused low bits zero), or nothing.
bool from_base64url(std::string_view text, std::span<std::byte> out) noexcept {
    if (text.size() != (out.size() * 8 + 5) / 6) return false;
    std::uint32_t held = 0;
    int bits = 0;
    std::size_t at = 0;
    for (char const c : text) {
        auto const v = inverse[static_cast<unsigned char>(c)];
        if (v < 0) return false;
        held = (held << 6) | static_cast<std::uint32_t>(v);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out[at++] = static_cast<std::byte>((held >> bits) & 0xff);
        }
        held &= (1U << bits) - 1;
    }
    return held == 0;
}

}  // namespace

void random_bytes(std::span<std::byte> out) {
    while (!out.empty()) {
        auto const n = ::getrandom(out.data(), out.size(), 0);
        if (n < 0 && errno == EINTR) continue;
        WEIR_ASSERT(n > 0);
        out = out.subspan(static_cast<std::size_t>(n));
    }
}

std::uint64_t random_u64() {
    std::uint64_t v = 0;
    random_bytes(std::as_writable_bytes(std::span(&v, 1)));
    return v;
}

std::string to_base64url(std::span<std::byte const> bytes) {
    std::string text;
    text.reserve((bytes.size() * 8 + 5) / 6);
    std::uint32_t held = 0;
    int bits = 0;
    for (std::byte const b : bytes) {
        held = (held << 8) | std::to_integer<std::uint32_t>(b);
        bits += 8;
        while (bits >= 6) {
            bits -= 6;
            text += alphabet[(held >> bits) & 63];
        }
        held &= (1U << bits) - 1;
    }
    if (bits > 0) text += alphabet[(held << (6 - bits)) & 63];
    return text;
}

id128 id128::random() {
    id128 id;
    random_bytes(id.bytes);
    return id;
}

std::optional<id128> id128::parse(std::string_view text) noexcept {
    id128 id;
    if (!from_base64url(text, id.bytes)) return std::nullopt;
    return id;
}

std::string id128::text() const {
    return to_base64url(bytes);
}

bool equal_constant_time(id128 const& a, id128 const& b) noexcept {
    std::byte difference{0};
    for (std::size_t i = 0; i != a.bytes.size(); ++i) difference |= a.bytes[i] ^ b.bytes[i];
    return difference == std::byte{0};
}

std::string to_text(connection_id id) {
    return std::to_string(static_cast<std::uint64_t>(id));
}

epoch_id epoch_id::random() {
    return {random_u64()};
}

std::optional<epoch_id> epoch_id::parse(std::string_view text) noexcept {
    epoch_id e;
    if (!from_base64url(text, std::as_writable_bytes(std::span(&e.value, 1)))) return std::nullopt;
    return e;
}

std::string epoch_id::text() const {
    return to_base64url(std::as_bytes(std::span(&value, 1)));
}

}  // namespace weir

std::size_t std::hash<weir::id128>::operator()(weir::id128 const& id) const noexcept {
    std::size_t h = 0;  // random already: any eight bytes are a hash
    std::memcpy(&h, id.bytes.data(), sizeof h);
    return h;
}
