#include <weir/ws/mask.hpp>

#include <bit>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace weir::ws {

void apply_mask(std::span<char> bytes, mask_key key, std::size_t phase) noexcept {
    // From here on the pattern starts with the key byte that falls on the first of `bytes`, and
    // every step is a multiple of four, so it never turns again.
    std::uint32_t key_word;
    std::memcpy(&key_word, key.data(), sizeof key_word);
    int const turn = 8 * static_cast<int>(phase & 3);
    bool constexpr little = std::endian::native == std::endian::little;
    std::uint32_t const turned = little ? std::rotr(key_word, turn) : std::rotl(key_word, turn);
    std::uint64_t const pattern = std::uint64_t{turned} << 32 | turned;

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
    if (left >= 4) {
        std::uint32_t word;
        std::memcpy(&word, p, sizeof word);
        word ^= turned;
        std::memcpy(p, &word, sizeof word);
        p += 4;
        left -= 4;
    }
    for (std::size_t i = 0; i != left; ++i) {
        std::uint32_t const one = turned >> 8 * (little ? i : 3 - i);
        p[i] = static_cast<char>(static_cast<std::uint8_t>(p[i]) ^ static_cast<std::uint8_t>(one));
    }
}

}  // namespace weir::ws
