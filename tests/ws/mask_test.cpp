#include <weir/ws/mask.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace weir::ws {
namespace {

constexpr mask_key key{0x01, 0x80, 0xFF, 0x5A};

TEST(mask, every_alignment_length_and_phase_is_the_plain_rule) {
    for (std::size_t offset = 0; offset != 17; ++offset) {
        for (std::size_t length = 0; length != 100; ++length) {
            for (std::size_t phase = 0; phase != 5; ++phase) {
                std::vector<char> bytes(offset + length + 9);
                for (std::size_t i = 0; i != bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7);
                std::vector<char> expected = bytes;
                for (std::size_t i = 0; i != length; ++i) {
                    expected[offset + i] = static_cast<char>(
                        static_cast<unsigned char>(expected[offset + i]) ^ key[(phase + i) % 4]);
                }
                apply_mask(std::span(bytes).subspan(offset, length), key, phase);
                ASSERT_EQ(bytes, expected) << offset << ' ' << length << ' ' << phase;
            }
        }
    }
}

TEST(mask, pieces_are_the_whole_and_twice_is_nothing) {
    std::string const plain(1000, 'w');
    std::string whole = plain;
    apply_mask(whole, key);
    EXPECT_NE(whole, plain);
    for (std::size_t piece : {1U, 3U, 7U, 16U, 33U, 999U}) {
        std::string pieces = plain;
        for (std::size_t at = 0; at < pieces.size(); at += piece) {
            std::size_t const n = std::min(piece, pieces.size() - at);
            apply_mask(std::span(pieces).subspan(at, n), key, at);
        }
        EXPECT_EQ(pieces, whole) << piece;
    }
    apply_mask(whole, key);
    EXPECT_EQ(whole, plain);
}

}  // namespace
}  // namespace weir::ws
