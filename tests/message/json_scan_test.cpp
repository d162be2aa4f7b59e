#include "message/json_bytes.hpp"

#include <weir/message/json_scan.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace weir {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

constexpr std::size_t accepted = std::string_view::npos;

std::size_t fault_of(std::string_view text, int depth_max = 64) {
    std::string const exact(text);  // the sanitizer sees reads behind it
    json_fault fault;
    return scan_json_value(exact, depth_max, fault) ? accepted : fault.byte;
}

std::string nested(std::size_t depth, std::string_view inner = "") {
    return std::string(depth, '[') + std::string(inner) + std::string(depth, ']');
}

TEST(json_scan, accepts_every_kind_of_value) {
    for (std::string_view const text :
         {"{}", "[]", "\"\"", "0", "-0", "true", "false", "null", " \t\r\n{ \t\r\n} \t\r\n", "[ ]",
          "[1]", "[1,2]", "[[],{},[[]]]", "[null, true , false]", R"({"":0})",
          R"({"a":{"b":[{"c":null}]}})", R"({"a":1,"a":2})", R"({ "a" : 1 , "b" : 2 })",
          // Numbers by grammar, whatever they would be as a double.
          "1", "-1", "10", "0.0", "-0.1", "0e0", "0E+1", "1e-1", "1.5e+10", "1e400", "-1e-99999",
          "123456789012345678901234567890123456789", "0.00000000000000000000000000000000000001",
          // Escapes.
          R"("\"\\\/\b\f\n\r\t")", R"("\u0000\u001F\uABCD\uabcd")", R"("\uD834\uDD1E")",
          R"("\udbff\udfff")", R"("\ud7ff\ue000")", R"("\\u0041")", R"("\u0022")",
          // UTF-8 at its borders, DEL, noncharacters.
          "\"\x7F\"", "\"\xC2\x80\"", "\"\xDF\xBF\"", "\"\xE0\xA0\x80\"", "\"\xED\x9F\xBF\"",
          "\"\xEE\x80\x80\"", "\"\xEF\xBF\xBF\"", "\"\xF0\x90\x80\x80\"", "\"\xF4\x8F\xBF\xBF\"",
          "\"\xE2\x80\xA8\"", R"({"ключ":"значение","鍵":"値"})"}) {
        EXPECT_EQ(fault_of(text), accepted) << text;
    }
}

struct refused {
    std::string_view text;
    std::size_t byte;
    std::string_view what;
};

void expect_refused(std::vector<refused> const& rows) {
    for (refused const& row : rows) {
        std::string const exact(row.text);
        json_fault fault;
        EXPECT_FALSE(scan_json_value(exact, 64, fault)) << row.text;
        EXPECT_EQ(fault.byte, row.byte) << row.text;
        EXPECT_EQ(std::string_view(fault.what), row.what) << row.text;
    }
}

TEST(json_scan, names_the_first_byte_that_breaks_the_structure) {
    expect_refused({
        {"", 0, "unexpected end of text"},
        {"   ", 3, "unexpected end of text"},
        {"x", 0, "expected a value"},
        {",", 0, "expected a value"},
        {"\xEF\xBB\xBF{}", 0, "expected a value"},  // a byte order mark
        {"\f1", 0, "expected a value"},
        {"\xC2\xA0"
         "1",
         0, "expected a value"},
        {"'a'", 0, "expected a value"},
        {"NaN", 0, "expected a value"},
        {"Infinity", 0, "expected a value"},
        {"+1", 0, "expected a value"},
        {"//\n1", 0, "expected a value"},
        {"1 2", 2, "text after the end of the value"},
        {"{}}", 2, "text after the end of the value"},
        {"1//", 1, "text after the end of the value"},
        {std::string_view("1\0", 2), 1, "text after the end of the value"},
        {std::string_view("\0", 1), 0, "expected a value"},
        {"[", 1, "unexpected end of text"},
        {"[1", 2, "unexpected end of text"},
        {"[1,", 3, "unexpected end of text"},
        {"[1,]", 3, "expected a value"},
        {"[,1]", 1, "expected a value"},
        {"[1,,2]", 3, "expected a value"},
        {"[1 2]", 3, "expected ',' or ']'"},
        {"[1}", 2, "expected ',' or ']'"},
        {"[1:2]", 2, "expected ',' or ']'"},
        {"]", 0, "expected a value"},
        {"{", 1, "unexpected end of text"},
        {"{\"a\"", 4, "unexpected end of text"},
        {"{\"a\":", 5, "unexpected end of text"},
        {"{\"a\":1", 6, "unexpected end of text"},
        {"{\"a\":1,", 7, "unexpected end of text"},
        {"{\"a\":1,}", 7, "expected a key in quotes"},
        {"{\"a\":1]", 6, "expected ',' or '}'"},
        {"{\"a\":1 \"b\":2}", 7, "expected ',' or '}'"},
        {"{,}", 1, "expected a key in quotes or '}'"},
        {"{a:1}", 1, "expected a key in quotes or '}'"},
        {"{1:1}", 1, "expected a key in quotes or '}'"},
        {"{'a':1}", 1, "expected a key in quotes or '}'"},
        {"{\"a\" 1}", 5, "expected ':'"},
        {"{\"a\",1}", 4, "expected ':'"},
        {"{\"a\"::1}", 5, "expected a value"},
        {"{\"a\":}", 5, "expected a value"},
        {"[{\"a\":[1,{]}]", 10, "expected a key in quotes or '}'"},
    });
}

TEST(json_scan, names_the_first_byte_that_breaks_a_scalar) {
    expect_refused({
        {"tru", 3, "unexpected end of text"},
        {"{\"a\":tru}", 8, "invalid literal"},
        {"True", 0, "expected a value"},
        {"truE", 3, "invalid literal"},
        {"nul", 3, "unexpected end of text"},
        {"nulll", 4, "text after the end of the value"},
        {"falsy", 4, "invalid literal"},
        {"-", 1, "unexpected end of text"},
        {"--1", 1, "expected a digit"},
        {"-a", 1, "expected a digit"},
        {"01", 1, "leading zero in a number"},
        {"-01", 2, "leading zero in a number"},
        {"[00]", 2, "leading zero in a number"},
        {"1.", 2, "unexpected end of text"},
        {"[1.]", 3, "expected a digit"},
        {"1.e1", 2, "expected a digit"},
        {".5", 0, "expected a value"},
        {"1e", 2, "unexpected end of text"},
        {"1e+", 3, "unexpected end of text"},
        {"[1e+]", 4, "expected a digit"},
        {"1e1.5", 3, "text after the end of the value"},
        {"1.5.5", 3, "text after the end of the value"},
        {"0x10", 1, "text after the end of the value"},
        {"1_000", 1, "text after the end of the value"},
        {"1a", 1, "text after the end of the value"},
        {"\"", 1, "unexpected end of text"},
        {"\"a", 2, "unexpected end of text"},
        {"\"a\nb\"", 2, "unescaped control character in a string"},
        {"\"a\tb\"", 2, "unescaped control character in a string"},
        {std::string_view("\"\0\"", 3), 1, "unescaped control character in a string"},
        {"\"0123456789abcdefg\x1F\"", 18, "unescaped control character in a string"},
        {"\"\\", 2, "unexpected end of text"},
        {"\"\\x41\"", 2, "invalid escape"},
        {"\"\\'\"", 2, "invalid escape"},
        {"\"\\U0041\"", 2, "invalid escape"},
        {"\"\\\n\"", 2, "invalid escape"},
        {"\"\\u", 3, "unexpected end of text"},
        {"\"\\u12", 5, "unexpected end of text"},
        {"\"\\u12\"", 5, "invalid \\u escape"},
        {"\"\\u12G4\"", 5, "invalid \\u escape"},
        {"\"\\u-123\"", 3, "invalid \\u escape"},
        {"\"\\uD\"", 4, "invalid \\u escape"},
        {"\"\\uD8", 5, "unexpected end of text"},
    });
}

TEST(json_scan, names_the_first_byte_that_leaves_a_surrogate_alone) {
    expect_refused({
        {R"("\uDC00")", 4, "unpaired surrogate"},
        {R"("\udfff\ud800")", 4, "unpaired surrogate"},
        {R"("\uD800")", 7, "unpaired surrogate"},
        {R"("\uD800x")", 7, "unpaired surrogate"},
        {R"("\uD800)", 7, "unexpected end of text"},
        {R"("\uD800\n")", 8, "unpaired surrogate"},
        {R"("\uD800\u)", 9, "unexpected end of text"},
        {R"("\uD800\u0041")", 9, "unpaired surrogate"},
        {R"("\uD800\uxxxx")", 9, "invalid \\u escape"},
        {R"("\uD800\uD800")", 10, "unpaired surrogate"},
        {R"("\uD800\uDx00")", 10, "invalid \\u escape"},
        {R"("\uD800\uDC0")", 12, "invalid \\u escape"},
    });
}

TEST(json_scan, names_the_first_byte_that_breaks_utf8) {
    std::string_view const what = "invalid UTF-8";
    expect_refused({
        {"\"\x80\"", 1, what},  // continuation alone
        {"\"\xBF\"", 1, what},
        {"\"\xC0\x80\"", 1, what},  // overlong
        {"\"\xC1\xBF\"", 1, what},
        {"\"\xC2\"", 2, what},  // cut short
        {"\"\xC2", 2, "unexpected end of text"},
        {"\"\xC2\xC2\"", 2, what},
        {"\"\xE0\x9F\xBF\"", 2, what},  // overlong
        {"\"\xED\xA0\x80\"", 2, what},  // a surrogate
        {"\"\xE2\x82\"", 3, what},
        {"\"\xE2\x28\xA1\"", 2, what},
        {"\"\xF0\x8F\xBF\xBF\"", 2, what},  // overlong
        {"\"\xF4\x90\x80\x80\"", 2, what},  // beyond U+10FFFF
        {"\"\xF5\x80\x80\x80\"", 1, what},
        {"\"\xF0\x9F\x98\"", 4, what},
        {"\"\xFE\"", 1, what},
        {"\"\xFF\"", 1, what},
        {"{\"\xFF\":1}", 2, what},
        {"\"0123456789abcdef0123456789abcdef\xE2\x82\xAC\xE2\x82\"", 38, what},
    });
}

TEST(json_scan, counts_depth_in_containers_around_a_value) {
    EXPECT_EQ(fault_of("1", 0), accepted);
    EXPECT_EQ(fault_of("[]", 0), 0U);
    EXPECT_EQ(fault_of("[]", 1), accepted);
    EXPECT_EQ(fault_of("[[]]", 1), 1U);
    EXPECT_EQ(fault_of(R"({"a":{}})", 1), 5U);
    EXPECT_EQ(fault_of(nested(64)), accepted);
    EXPECT_EQ(fault_of(nested(65)), 64U);
    EXPECT_EQ(fault_of("[" + nested(63) + "," + nested(63) + "]"), accepted);
    EXPECT_EQ(fault_of(std::string(100'000, '[')), 64U);
    EXPECT_EQ(fault_of("[]", -5), 0U);
    EXPECT_EQ(fault_of(nested(65), 1000), 64U) << "more than 64 counts as 64";

    json_fault fault;
    EXPECT_FALSE(scan_json_value("[[", 1, fault));
    EXPECT_STREQ(fault.what, "nested too deep");
}

TEST(json_scan, finds_brackets_that_do_not_match_at_any_depth) {
    for (std::size_t depth = 1; depth <= 64; ++depth) {
        std::string text;
        std::string closing;
        for (std::size_t i = 0; i != depth; ++i) {
            bool const object = (depth + i * i) % 3 == 0;
            text += object ? "{\"k\":" : "[";
            closing.insert(closing.begin(), object ? '}' : ']');
        }
        text += "1";
        ASSERT_EQ(fault_of(text + closing), accepted) << text;
        for (std::size_t i = 0; i != depth; ++i) {
            std::string wrong = closing;
            wrong[i] = wrong[i] == '}' ? ']' : '}';
            ASSERT_EQ(fault_of(text + wrong), text.size() + i) << text << wrong;
        }
    }
}

class recorder final : public json_members, public json_elements {
public:
    bool member(std::string_view key, std::string_view value) override {
        members.emplace_back(key, value);
        return members.size() < stop_at;
    }
    bool element(std::string_view value) override {
        elements.emplace_back(value);
        return elements.size() < stop_at;
    }
    std::vector<std::pair<std::string, std::string>> members;
    std::vector<std::string> elements;
    std::size_t stop_at = 1000;
};

TEST(json_scan, hands_out_the_spans_of_top_level_members) {
    recorder seen;
    json_fault fault;
    ASSERT_TRUE(scan_json_object(
        " { \"a\" : 1 ,\n\"b\\n\":\"x\\\"y\", \"\" : { \"c\" : [ ] } ,\"d\":-1.5e3} ", 64, seen,
        fault));
    EXPECT_THAT(seen.members, ElementsAre(Pair("a", "1"), Pair("b\\n", "\"x\\\"y\""),
                                          Pair("", "{ \"c\" : [ ] }"), Pair("d", "-1.5e3")));

    seen.members.clear();
    ASSERT_TRUE(scan_json_object("{}", 1, seen, fault));
    EXPECT_THAT(seen.members, IsEmpty());
}

TEST(json_scan, hands_out_members_before_the_fault) {
    recorder seen;
    json_fault fault;
    EXPECT_FALSE(scan_json_object(R"({"id":7,"x":tru})", 64, seen, fault));
    EXPECT_THAT(seen.members, ElementsAre(Pair("id", "7")));
    EXPECT_EQ(fault.byte, 15U);
}

TEST(json_scan, stops_where_the_sink_says_so) {
    recorder seen;
    seen.stop_at = 2;
    json_fault fault;
    EXPECT_FALSE(scan_json_object(R"({"a":1, "a":2, "b":3})", 64, seen, fault));
    EXPECT_EQ(seen.members.size(), 2U);
    EXPECT_EQ(fault.byte, 8U);
    EXPECT_STREQ(fault.what, "duplicate key");

    EXPECT_FALSE(scan_json_array("[1, 2, 3]", 64, seen, fault));
    EXPECT_THAT(seen.elements, ElementsAre("1", "2"));
    EXPECT_EQ(fault.byte, 4U);
    EXPECT_STREQ(fault.what, "too many elements");
}

TEST(json_scan, takes_only_an_object_for_an_object_and_an_array_for_an_array) {
    recorder seen;
    json_fault fault;
    for (std::string_view const text : {"[]", "1", "\"{}\"", "null", " [ ] "}) {
        EXPECT_FALSE(scan_json_object(text, 64, seen, fault)) << text;
        EXPECT_STREQ(fault.what, "expected a JSON object");
        EXPECT_EQ(fault.byte, text.find_first_not_of(' '));
    }
    for (std::string_view const text : {"{}", "1", " null"}) {
        EXPECT_FALSE(scan_json_array(text, 64, seen, fault)) << text;
        EXPECT_STREQ(fault.what, "expected a JSON array");
    }
    EXPECT_FALSE(scan_json_object("", 64, seen, fault));
    EXPECT_STREQ(fault.what, "unexpected end of text");
    EXPECT_FALSE(scan_json_object("{}", 0, seen, fault));
    EXPECT_FALSE(scan_json_array("[]", 0, seen, fault));
    EXPECT_FALSE(scan_json_object("{} {}", 64, seen, fault));
    EXPECT_EQ(fault.byte, 3U);
    EXPECT_THAT(seen.members, IsEmpty());
    EXPECT_THAT(seen.elements, IsEmpty());
}

TEST(json_scan, hands_out_the_elements_of_an_array) {
    recorder seen;
    json_fault fault;
    ASSERT_TRUE(scan_json_array(" [ 1 , [2,3],{\"a\":4} ,\"5\"] ", 64, seen, fault));
    EXPECT_THAT(seen.elements, ElementsAre("1", "[2,3]", "{\"a\":4}", "\"5\""));
    seen.elements.clear();
    EXPECT_FALSE(scan_json_array("[1,]", 64, seen, fault));
    EXPECT_EQ(fault.byte, 3U);
    EXPECT_THAT(seen.elements, ElementsAre("1"));
    seen.elements.clear();
    ASSERT_TRUE(scan_json_array("[]", 64, seen, fault));
    EXPECT_THAT(seen.elements, IsEmpty());
}

TEST(json_scan, both_ways_to_skip_plain_bytes_find_every_special_byte) {
    for (std::size_t size = 0; size != 40; ++size) {
        std::string const plain(size, 'x');
        EXPECT_EQ(json::find_special(plain.data(), plain.data() + size), plain.data() + size);
        EXPECT_EQ(json::find_special_portable(plain.data(), plain.data() + size),
                  plain.data() + size);
        for (std::size_t place = 0; place != size; ++place) {
            for (int c = 0; c != 256; ++c) {
                std::string text = plain;
                text[place] = static_cast<char>(c);
                char const* const end = text.data() + size;
                char const* const expected =
                    json::is_special(static_cast<unsigned char>(c)) ? text.data() + place : end;
                ASSERT_EQ(json::find_special(text.data(), end), expected) << place << ' ' << c;
                ASSERT_EQ(json::find_special_portable(text.data(), end), expected)
                    << place << ' ' << c;
            }
        }
    }
}

}  // namespace
}  // namespace weir
