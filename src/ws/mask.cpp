#include <weir/ws/mask.hpp>

#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace weir::ws {

void apply_mask(std::span<char> bytes, mask_key key, std::size_t phase) noexcept {
    // From here on the pattern starts with the key byte that falls on the first of `bytes`, and
    // every step is a multiple of four, so it never turns again.
    std::array<std::uint8_t, 8> turned;
    for (std::size_t i = 0; i != turned.size(); ++i) turned[i] = key[(phase + i) & 3];
    std::uint64_t pattern;
    std::memcpy(&pattern, turned.data(), sizeof pattern);

    char* p = bytes.data();
    std::size_t left = bytes.size();
#if defined(__SSE2__)
    __m128i const wide = _mm_set1_epi64x(static_cast<long long>(pattern));
    for (; left >= 32; p += 32, left -= 32) {
        auto* const a = reinterpret_cast<__m128i*>(p);
        __m128i* const b = a + 1;
        __m128i const x = _mm_xor_si128(_mm_loadu_si128(a), wide);
        __m128i const y = _mm_xor_si128(_mm_loadu_si128(b), wide);
        _mm_storeu_si128(a, x);
        _mm_storeu_si128(b, y);
    }
#endif
    for (; left >= 8; p += 8, left -= 8) {
        std::uint64_t word;
        std::memcpy(&word, p, sizeof word);
        word ^= pattern;
        std::memcpy(p, &word, sizeof word);
    }
    for (std::size_t i = 0; i != left; ++i) {
        p[i] = static_cast<char>(static_cast<std::uint8_t>(p[i]) ^ turned[i]);
    }
}

}  // namespace weir::ws
