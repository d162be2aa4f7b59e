#include "ws/seed.hpp"

#include <weir/ws/utf8.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace weir::ws {
namespace {

/// RFC 3629 as plainly as it can be said, to check the fast one against.
bool plain_is_utf8(std::string_view s) {
    std::size_t i = 0;
    auto const byte = [&](std::size_t k) { return static_cast<unsigned char>(s[k]); };
    while (i < s.size()) {
        unsigned char const b = byte(i);
        std::size_t const more = b < 0x80       ? 0
                                 : b >> 5 == 6  ? 1
                                 : b >> 4 == 14 ? 2
                                 : b >> 3 == 30 ? 3
                                                : 9;
        if (more == 9 || i + more >= s.size()) return false;
        unsigned long point = more == 0 ? b : b & (0x3FU >> more);
        for (std::size_t k = 1; k <= more; ++k) {
            if (byte(i + k) >> 6 != 2) return false;
            point = point << 6 | (byte(i + k) & 0x3FU);
        }
        constexpr unsigned long least[] = {0, 0x80, 0x800, 0x10000};
        if (point < least[more] || point > 0x10FFFF) return false;
        if (point >= 0xD800 && point <= 0xDFFF) return false;
        i += more + 1;
    }
    return true;
}

TEST(utf8, tells_valid_from_invalid) {
    struct row {
        std::string_view text;
        bool valid;
    };
    constexpr row rows[] = {
        {"", true},
        {"plain", true},
        {std::string_view("\0", 1), true},
        {"\x7f", true},
        {"\x80", false},
        {"\xbf", false},
        {"\xc0\x80", false},
        {"\xc1\xbf", false},
        {"\xc2\x80", true},
        {"\xc2", false},
        {"\xdf\xbf", true},
        {"\xdf\x7f", false},
        {"\xe0\x9f\xbf", false},
        {"\xe0\xa0\x80", true},
        {"\xed\x9f\xbf", true},
        {"\xed\xa0\x80", false},
        {"\xed\xbf\xbf", false},
        {"\xee\x80\x80", true},
        {"\xef\xbf\xbf", true},
        {"\xf0\x8f\xbf\xbf", false},
        {"\xf0\x90\x80\x80", true},
        {"\xf4\x8f\xbf\xbf", true},
        {"\xf4\x90\x80\x80", false},
        {"\xf5\x80\x80\x80", false},
        {"\xff", false},
        {"\xfe", false},
        {"a\xe2\x82", false},
        {"\xe2\x82\xac\xe2\x82\xac!", true},
        {"\xf0\x9f\x8c\x8a river", true},
    };
    for (row const& r : rows) {
        EXPECT_EQ(is_utf8(r.text), r.valid) << testing::PrintToString(r.text);
        // At every distance from the blocks that the fast path takes.
        for (std::size_t before = 0; before != 40; ++before) {
            std::string const padded = std::string(before, 'x') + std::string(r.text);
            EXPECT_EQ(is_utf8(padded), r.valid) << before << testing::PrintToString(r.text);
            EXPECT_EQ(is_utf8(padded + std::string(20, 'y')),
                      plain_is_utf8(padded + std::string(20, 'y')));
        }
    }
}

TEST(utf8, every_short_sequence_agrees_with_the_plain_rule) {
    // All pairs; behind those that start something longer, followers on the borders of the rule.
    constexpr unsigned char followers[] = {0x7F, 0x80, 0xBF, 0xC0};
    for (unsigned first = 0; first != 256; ++first) {
        for (unsigned second = 0; second != 256; ++second) {
            std::string text{static_cast<char>(first), static_cast<char>(second)};
            ASSERT_EQ(is_utf8(text), plain_is_utf8(text)) << testing::PrintToString(text);
            if (first < 0xE0) continue;
            for (unsigned char third : followers) {
                text.resize(2);
                text.push_back(static_cast<char>(third));
                ASSERT_EQ(is_utf8(text), plain_is_utf8(text)) << testing::PrintToString(text);
                for (unsigned char fourth : followers) {
                    text.resize(3);
                    text.push_back(static_cast<char>(fourth));
                    ASSERT_EQ(is_utf8(text), plain_is_utf8(text)) << testing::PrintToString(text);
                }
            }
        }
    }
}

TEST(utf8, fails_at_the_first_impossible_byte) {
    struct row {
        std::string_view text;
        std::size_t fails_at;
    };
    constexpr row rows[] = {
        {"abc\xff", 3},          {"\x80", 0},
        {"\xe0\x80\x80", 1},     {"\xed\xa0\x80", 1},
        {"\xf4\x90\x80\x80", 1}, {"\xf0\x8f\xbf\xbf", 1},
        {"\xe2\x82\x41", 2},     {"\xf0\x90\x80\x41", 3},
        {"\xf5\x80\x80\x80", 0}, {"\xc1\x81", 0},
    };
    for (row const& r : rows) {
        utf8_validator validator;
        for (std::size_t i = 0; i != r.text.size(); ++i) {
            EXPECT_EQ(validator.feed(r.text.substr(i, 1)), i < r.fails_at)
                << i << testing::PrintToString(r.text);
        }
        EXPECT_FALSE(validator.complete());
        validator.reset();
        EXPECT_TRUE(validator.feed("good"));
        EXPECT_TRUE(validator.complete());
    }
}

TEST(utf8, pieces_give_the_same_verdict_as_the_whole) {
    SCOPED_TRACE(seed_trace());
    random_source random(test_seed());
    constexpr std::string_view parts[] = {"a",
                                          "\xc3\xa9",
                                          "\xe2\x82\xac",
                                          "\xf0\x9f\x8c\x8a",
                                          "a long run of plain ASCII text",
                                          "\xed\xa0\x80",
                                          "\xc3"};
    for (int round = 0; round != 500; ++round) {
        std::string text;
        std::size_t const kinds = pick(random, 3) == 0 ? 6 : 4;  // mostly valid
        for (std::size_t n = pick(random, 20); n != 0; --n) text += parts[pick(random, kinds)];
        utf8_validator validator;
        bool good = true;
        for (std::string_view rest = text; !rest.empty();) {
            std::size_t const n = std::min(rest.size(), 1 + pick(random, 7));
            good = validator.feed(rest.substr(0, n));
            rest.remove_prefix(n);
        }
        ASSERT_EQ(good && validator.complete(), plain_is_utf8(text))
            << testing::PrintToString(text);
        ASSERT_EQ(is_utf8(text), plain_is_utf8(text));
    }
}

}  // namespace
}  // namespace weir::ws
