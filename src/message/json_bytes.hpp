#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/// Steps over the bytes of JSON strings: the inner loops of the scanner and of the encoder.
namespace weir::json {

/// True for a byte that a JSON string cannot just hold: a quote, a backslash, a control character,
/// or the lead of a sequence that must be checked.
constexpr bool is_special(unsigned char c) noexcept {
    return c < 0x20 || c >= 0x80 || c == '"' || c == '\\';
}

/// The first special byte in [p, end), or end. Eight bytes at a time.
inline char const* find_special_portable(char const* p, char const* end) noexcept {
    if constexpr (std::endian::native == std::endian::little) {
        constexpr std::uint64_t ones = 0x0101'0101'0101'0101;
        constexpr std::uint64_t tops = ones * 0x80;
        for (; end - p >= 8; p += 8) {
            std::uint64_t w = 0;
            std::memcpy(&w, p, 8);
            std::uint64_t const quote = w ^ (ones * '"');
            std::uint64_t const backslash = w ^ (ones * '\\');
            // A borrow makes a false hit only above a true one, so the lowest hit is true.
            std::uint64_t const hits = (((w - ones * 0x20) & ~w) | w | ((quote - ones) & ~quote) |
                                        ((backslash - ones) & ~backslash)) &
                                       tops;
            if (hits != 0) return p + std::countr_zero(hits) / 8;
        }
    }
    while (p != end && !is_special(static_cast<unsigned char>(*p))) ++p;
    return p;
}

#if defined(__SSE2__)
/// Sixteen bytes at a time; every x86-64 has it.
inline char const* find_special(char const* p, char const* end) noexcept {
    __m128i const quote = _mm_set1_epi8('"');
    __m128i const backslash = _mm_set1_epi8('\\');
    __m128i const blank = _mm_set1_epi8(0x20);
    for (; end - p >= 16; p += 16) {
        __m128i const v = _mm_loadu_si128(reinterpret_cast<__m128i const*>(p));
        // Signed: bytes from 0x80 up count as below 0x20, too.
        __m128i const hits =
            _mm_or_si128(_mm_cmplt_epi8(v, blank),
                         _mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, backslash)));
        auto const mask = static_cast<unsigned>(_mm_movemask_epi8(hits));
        if (mask != 0) return p + std::countr_zero(mask);
    }
    return find_special_portable(p, end);
}
#else
inline char const* find_special(char const* p, char const* end) noexcept {
    return find_special_portable(p, end);
}
#endif

/// What may follow a lead byte: RFC 3629 section 4. Length 0: no lead.
struct utf8_lead {
    std::uint8_t length;
    std::uint8_t second_min;
    std::uint8_t second_max;
};

inline constexpr std::array<utf8_lead, 128> utf8_leads = [] {
    std::array<utf8_lead, 128> t{};
    // Whole rows and no default member initializers: g++ 12 loses those of untouched members.
    for (std::size_t c = 0xC2; c <= 0xDF; ++c) t[c - 0x80] = {2, 0x80, 0xBF};
    for (std::size_t c = 0xE0; c <= 0xEF; ++c) t[c - 0x80] = {3, 0x80, 0xBF};
    for (std::size_t c = 0xF0; c <= 0xF4; ++c) t[c - 0x80] = {4, 0x80, 0xBF};
    t[0xE0 - 0x80].second_min = 0xA0;  // no overlong forms
    t[0xED - 0x80].second_max = 0x9F;  // no surrogates
    t[0xF0 - 0x80].second_min = 0x90;
    t[0xF4 - 0x80].second_max = 0x8F;  // nothing beyond U+10FFFF
    return t;
}();
static_assert(utf8_leads[0xDF - 0x80].second_max == 0xBF && utf8_leads[0xC1 - 0x80].length == 0);

struct utf8_step {
    char const* next;  ///< behind the sequence, or the first byte that breaks it (may be end)
    bool good;
};

/// Checks the one sequence that begins with the non-ASCII byte at p.
inline utf8_step step_utf8(char const* p, char const* end) noexcept {
    auto const at = [](char const* q) { return static_cast<unsigned char>(*q); };
    utf8_lead const lead = utf8_leads[at(p) - 0x80U];
    if (lead.length == 0) return {p, false};
    ++p;
    if (p == end || at(p) < lead.second_min || at(p) > lead.second_max) return {p, false};
    ++p;
    for (int left = lead.length - 2; left > 0; --left, ++p) {
        if (p == end || (at(p) & 0xC0U) != 0x80U) return {p, false};
    }
    return {p, true};
}

}  // namespace weir::json
