#include <weir/message/json_scan.hpp>
#include <weir/message/json_text.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <string_view>

namespace weir {
namespace {

std::string in_quotes(std::string_view text) {
    std::string out;
    append_json_string(out, text);
    return out;
}

std::string unescaped(std::string_view raw) {
    std::string out;
    append_unescaped(out, raw);
    return out;
}

TEST(json_text, escapes_what_must_be_and_nothing_else) {
    for (int c = 0; c != 128; ++c) {
        std::string const text(1, static_cast<char>(c));
        std::string const out = in_quotes(text);
        bool const must = c < 0x20 || c == '"' || c == '\\';
        EXPECT_EQ(out.size() > 3, must) << c;
        EXPECT_EQ(nlohmann::json::parse(out), text) << c;
    }
    EXPECT_EQ(in_quotes(""), "\"\"");
    EXPECT_EQ(in_quotes("a/b é 漢 😀"), "\"a/b é 漢 😀\"");
    EXPECT_EQ(in_quotes("\x1F"), "\"\\u001f\"");
}

TEST(json_text, whatever_comes_in_json_goes_out) {
    EXPECT_EQ(in_quotes("a\xFFz"), "\"a\xEF\xBF\xBDz\"");
    EXPECT_EQ(in_quotes("\xC3"), "\"\xEF\xBF\xBD\"");
    EXPECT_EQ(in_quotes("\xE2\x82\""), "\"\xEF\xBF\xBD\\\"\"");
    EXPECT_EQ(in_quotes("\x80\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");

    std::uint64_t const seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    for (int round = 0; round != 2000; ++round) {
        std::string text(random() % 40, ' ');
        for (char& c : text) c = static_cast<char>(random());
        json_fault fault;
        ASSERT_TRUE(scan_json_value(in_quotes(text), 0, fault)) << fault.what << fault.byte;
    }
}

TEST(json_text, unescapes_every_escape) {
    EXPECT_EQ(unescaped(R"(\"\\\/\b\f\n\r\t)"), "\"\\/\b\f\n\r\t");
    EXPECT_EQ(unescaped(R"(\u0000)"), std::string(1, '\0'));
    EXPECT_EQ(unescaped(R"(a\u0041\u007f\u0080\u07ff\u0800\uffff)"),
              "aA\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xEF\xBF\xBF");
    EXPECT_EQ(unescaped(R"(\ud800\udc00\uDBFF\uDFFF)"), "\xF0\x90\x80\x80\xF4\x8F\xBF\xBF");
    EXPECT_EQ(unescaped(R"(\uABCD\uabcd)"), "\xEA\xAF\x8D\xEA\xAF\x8D");
    EXPECT_EQ(unescaped(""), "");
    EXPECT_EQ(unescaped("plain"), "plain");
    EXPECT_EQ(unescaped(R"(\\u0041)"), "\\u0041");
}

TEST(json_text, unescapes_every_character_as_nlohmann_does) {
    constexpr std::string_view hex = "0123456789abcdef";
    for (std::uint32_t c = 0; c < 0x10000; c += 7) {
        if (c >= 0xD800 && c <= 0xDFFF) continue;
        std::string raw = "\\u";
        for (int shift = 12; shift >= 0; shift -= 4) raw += hex[c >> shift & 15];
        ASSERT_EQ(unescaped(raw), nlohmann::json::parse('"' + raw + '"').get<std::string>()) << raw;
    }
}

TEST(json_text, text_that_was_not_scanned_is_at_least_safe) {
    for (std::string_view const raw : {R"(\)", R"(\u)", R"(\u12)", R"(\ud800)", R"(\ud800\)",
                                       R"(\ud800\u)", R"(\ud800\udc0)", R"(\uzzzz)", R"(\x)"}) {
        std::string const exact(raw);
        EXPECT_LE(unescaped(exact).size(), raw.size()) << raw;
    }
}

TEST(json_text, what_was_escaped_reads_back) {
    std::string every;
    for (int const c : {0x0, 0x8, 0x1F, 0x22, 0x5C, 0x7F}) every += static_cast<char>(c);
    every += "é漢😀";
    std::string const out = in_quotes(every);
    EXPECT_EQ(unescaped(std::string_view(out).substr(1, out.size() - 2)), every);
}

TEST(json_text, integers_to_their_ends) {
    std::string out;
    append_json_integer(out, std::numeric_limits<std::int64_t>::min());
    out += ' ';
    append_json_integer(out, std::numeric_limits<std::uint64_t>::max());
    out += ' ';
    append_json_integer(out, std::uint64_t{0});
    EXPECT_EQ(out, "-9223372036854775808 18446744073709551615 0");
}

}  // namespace
}  // namespace weir
