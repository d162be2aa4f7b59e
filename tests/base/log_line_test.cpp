#include "base/log_line.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

namespace weir::log {
namespace {

using json = nlohmann::json;

std::string text_line(std::vector<field> const& fields) {
    return make_line(format::text, 0, level::info, "event", fields);
}

json json_line(std::vector<field> const& fields) {
    auto const line = make_line(format::json, 0, level::info, "event", fields);
    return json::parse(line);  // throws, and so fails the test, when it is not strict JSON
}

TEST(log_line, gives_utc_with_milliseconds) {
    struct row {
        wall_ms at;
        char const* time;
    };
    for (auto const& [at, time] :
         {row{0, "1970-01-01T00:00:00.000Z"}, row{951'827'696'789, "2000-02-29T12:34:56.789Z"},
          row{1'767'225'599'999, "2025-12-31T23:59:59.999Z"}}) {
        auto const line = make_line(format::json, at, level::warn, "event", {});
        EXPECT_EQ(json::parse(line)["time"], time);
        EXPECT_EQ(json::parse(line)["level"], "warn");
    }
}

TEST(log_line, json_keeps_types_and_values) {
    auto const line = json_line({{"text", "a \"quoted\" \\ word"},
                                 {"minus", -1},
                                 {"large", std::numeric_limits<std::uint64_t>::max()},
                                 {"half", 0.5},
                                 {"yes", true},
                                 {"infinite", std::numeric_limits<double>::infinity()}});
    EXPECT_EQ(line["event"], "event");
    EXPECT_EQ(line["text"], "a \"quoted\" \\ word");
    EXPECT_EQ(line["minus"], -1);
    EXPECT_EQ(line["large"], std::numeric_limits<std::uint64_t>::max());
    EXPECT_EQ(line["half"], 0.5);
    EXPECT_EQ(line["yes"], true);
    EXPECT_TRUE(line["infinite"].is_null());
}

std::vector<std::string> hostile_values() {
    std::vector<std::string> all = {
        "two\nlines",
        "carriage\rreturn",
        "\x1b[2J\x1b]0;title\x07",
        std::string("nul\0byte", 8),
        "\x7f",
        "\u009b2J",          // C1 control sequence introducer
        "\xe2\x80\xa8line",  // U+2028
        "\xe2\x80\xaertl",   // U+202E
        "\xef\xbb\xbf",      // U+FEFF
        "\xff\xfe",          // no UTF-8
        "\xc0\xaf",          // overlong
        "\xed\xa0\x80",      // surrogate
        "\xf4\x90\x80\x80",  // beyond U+10FFFF
        "cut \xe2\x82",      // ends inside a character
        "\" level=error event=\"x",
        "",
    };
    for (int c = 0; c < 256; ++c) all.emplace_back(1, static_cast<char>(c));
    return all;
}

// U+FEFF, direction marks and separators in their UTF-8 forms share these beginnings.
bool shows_only_itself(std::string const& line) {
    auto const control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
    return std::none_of(line.begin(), line.end() - 1, control) && line.back() == '\n' &&
           line.find("\xe2\x80") == std::string::npos &&
           line.find("\xef\xbb\xbf") == std::string::npos &&
           line.find("\xc2\x9b") == std::string::npos;
}

TEST(log_line, hostile_text_cannot_forge_a_line_or_steer_a_terminal) {
    for (auto const& value : hostile_values()) {
        for (auto const shape : {format::text, format::json}) {
            std::vector<field> const fields = {{"key", value}, {value, "value"}};
            auto const line = make_line(shape, 0, level::info, value, fields);
            EXPECT_TRUE(shows_only_itself(line)) << testing::PrintToString(value) << " in " << line;
            if (shape == format::json) {
                EXPECT_TRUE(json::accept(line)) << testing::PrintToString(line);
            }
        }
    }
}

TEST(log_line, a_text_value_is_one_word_or_one_quoted_string) {
    for (auto const& value : hostile_values()) {
        auto const line = text_line({{"first", value}, {"last", 1}});
        auto const begin = line.find(" first=") + 7;
        auto end = begin;
        if (line[begin] == '"') {
            for (end = begin + 1; line[end] != '"'; ++end) {
                if (line[end] == '\\') ++end;
            }
            ++end;
        } else {
            end = line.find(' ', begin);
        }
        EXPECT_EQ(line.substr(end), " last=1\n") << testing::PrintToString(value);
    }
}

TEST(log_line, valid_utf8_stays_readable) {
    std::string const word = "Größe 水 🌊";
    EXPECT_EQ(json_line({{"key", word}})["key"], word);
    EXPECT_NE(text_line({{"key", word}}).find(word), std::string::npos);
}

TEST(log_line, clips_a_long_value_between_characters) {
    std::string word;
    while (word.size() < 3 * value_bytes_max) word += "水";
    auto const kept = json_line({{"key", word}})["key"].get<std::string>();
    EXPECT_LE(kept.size(), value_bytes_max + 3);
    EXPECT_EQ(kept.substr(kept.size() - 3), "…");
    EXPECT_EQ(word.find(kept.substr(0, kept.size() - 3)), 0U);
}

TEST(log_line, fits_its_bound_whatever_the_fields) {
    std::string const controls(10'000, '\x01');
    std::vector<field> fields(50, field{controls, controls});
    for (auto const shape : {format::text, format::json}) {
        auto const line = make_line(shape, 0, level::error, controls, fields);
        EXPECT_LE(line.size(), line_bytes_max);
        EXPECT_NE(line.find("truncated"), std::string::npos);
    }
    fields.assign(500, field{"k", 1});
    auto const line = make_line(format::json, 0, level::info, "event", fields);
    EXPECT_LE(line.size(), line_bytes_max);
    EXPECT_TRUE(json::accept(line));
}

}  // namespace
}  // namespace weir::log
