#include <weir/ws/utf8.hpp>

#include <array>
#include <cstddef>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace weir::ws {
namespace {

using byte = unsigned char;

constexpr std::uint8_t failed = 0xFF;

/// What a byte from 80 to FF starts: how many more come and between what the next one lies
/// (RFC 3629 section 4). The bounds are what keeps out overlong forms, surrogates and > U+10FFFF.
struct lead {
    std::uint8_t need = failed;
    std::uint8_t low = 0x80;
    std::uint8_t high = 0xBF;
};

constexpr std::array<lead, 128> make_leads() {
    std::array<lead, 128> rows{};
    for (std::size_t b = 0xC2; b <= 0xDF; ++b) rows[b - 0x80] = {1, 0x80, 0xBF};
    for (std::size_t b = 0xE0; b <= 0xEF; ++b) rows[b - 0x80] = {2, 0x80, 0xBF};
    for (std::size_t b = 0xF0; b <= 0xF4; ++b) rows[b - 0x80] = {3, 0x80, 0xBF};
    rows[0xE0 - 0x80].low = 0xA0;
    rows[0xED - 0x80].high = 0x9F;
    rows[0xF0 - 0x80].low = 0x90;
    rows[0xF4 - 0x80].high = 0x8F;
    return rows;
}
constexpr std::array<lead, 128> leads = make_leads();

/// The first byte that is not ASCII, or `end`. Stops at most 15 bytes early only to look closer.
byte const* skip_ascii(byte const* p, byte const* end) noexcept {
#if defined(__SSE2__)
    while (end - p >= 16) {
        __m128i const block = _mm_loadu_si128(reinterpret_cast<__m128i const*>(p));
        int const high = _mm_movemask_epi8(block);
        if (high != 0) return p + __builtin_ctz(static_cast<unsigned>(high));
        p += 16;
    }
#endif
    while (end - p >= 8) {
        std::uint64_t word;
        std::memcpy(&word, p, sizeof word);
        if ((word & 0x8080808080808080U) != 0) break;
        p += 8;
    }
    while (p != end && *p < 0x80) ++p;
    return p;
}

std::uint32_t load_big_endian(byte const* p) noexcept {
    return std::uint32_t{p[0]} << 24 | std::uint32_t{p[1]} << 16 | std::uint32_t{p[2]} << 8 | p[3];
}

/// How long the valid sequence of two to four bytes is that `word` starts with; 0 if none.
constexpr int sequence_size(std::uint32_t word) noexcept {
    if ((word & 0xF0C0C000) == 0xE0808000) {
        std::uint32_t const telling = word & 0x0F200000;  // 0: overlong; D and A0…BF: a surrogate
        return telling != 0 && telling != 0x0D200000 ? 3 : 0;
    }
    if ((word & 0xE0C00000) == 0xC0800000) return (word & 0x1E000000) != 0 ? 2 : 0;
    if ((word & 0xF8C0C0C0) == 0xF0808080) {
        std::uint32_t const telling = word & 0x07300000;  // 0: overlong; past F4 8F: > U+10FFFF
        return telling != 0 && telling <= 0x04000000 ? 4 : 0;
    }
    return 0;
}

/// Goes over whole valid characters; stops where the rule has to be looked at byte by byte.
byte const* skip_valid(byte const* p, byte const* end) noexcept {
    while (end - p >= 4) {
        if (*p < 0x80) {
            p = skip_ascii(p, end);
            continue;
        }
        int const size = sequence_size(load_big_endian(p));
        if (size == 0) break;
        p += size;
    }
    return p;
}

}  // namespace

bool utf8_validator::feed(std::string_view piece) noexcept {
    if (need_ == failed) return false;
    auto const* p = reinterpret_cast<byte const*>(piece.data());
    byte const* const end = p + piece.size();
    while (p != end) {
        if (need_ == 0) {
            p = skip_valid(p, end);
            if (p == end) break;
            if (*p < 0x80) {
                ++p;
                continue;
            }
            lead const row = leads[*p - 0x80U];
            need_ = row.need;
            low_ = row.low;
            high_ = row.high;
            if (need_ == failed) return false;
        } else {
            if (*p < low_ || *p > high_) {
                need_ = failed;
                return false;
            }
            --need_;
            low_ = 0x80;
            high_ = 0xBF;
        }
        ++p;
    }
    return true;
}

bool is_utf8(std::string_view text) noexcept {
    utf8_validator validator;
    return validator.feed(text) && validator.complete();
}

}  // namespace weir::ws
