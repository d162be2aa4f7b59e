#include "api/body.hpp"

#include <gtest/gtest.h>

namespace weir::api {
namespace {

TEST(body_test, keeps_values_as_their_bytes) {
    auto const b = body::read(R"( {"payload": {"a": 1e400 , "b":[ ]}, "to\u0070ic":"x\u00e9"} )");
    ASSERT_TRUE(b.has_value());
    EXPECT_EQ(b->raw("payload"), R"({"a": 1e400 , "b":[ ]})");
    EXPECT_EQ(b->text("topic", 10).value(), "x\xc3\xa9");
    EXPECT_FALSE(b->has("event"));
    EXPECT_EQ(b->text("event", 10).value(), "");
}

TEST(body_test, says_what_is_wrong) {
    struct row {
        char const* text;
        char const* words;
    };
    std::string many = "{";
    for (int i = 0; i != 70; ++i) many += "\"f" + std::to_string(i) + "\":1,";
    many += "\"z\":1}";
    for (row const& r : {row{"", "byte 0"},
                         {"[]", "byte 0"},
                         {"{\"a\":}", "byte 5"},
                         {"{\"a\":1,\"\\u0061\":2}", "byte 7"},
                         {many.c_str(), "too many fields"}}) {
        auto const b = body::read(r.text);
        ASSERT_FALSE(b.has_value()) << r.text;
        EXPECT_EQ(b.error().code, errc::bad_request);
        EXPECT_NE(b.error().message.find(r.words), std::string::npos) << b.error().message;
    }
}

TEST(body_test, checks_types_and_bounds_of_fields) {
    auto const b = body::read(R"({"s":"abc","n":12.5,"o":{},"z":null,"big":1e9})").value();
    EXPECT_EQ(b.text("s", 3).value(), "abc");
    EXPECT_FALSE(b.text("s", 2).has_value());
    EXPECT_FALSE(b.text("n", 9).has_value());
    EXPECT_EQ(b.text("z", 9).value(), "");
    EXPECT_EQ(b.number("n", 0, 100).value(), 12.5);
    EXPECT_EQ(b.number("none", 0, 100).value(), std::nullopt);
    for (char const* name : {"s", "o", "z", "big"}) {
        EXPECT_FALSE(b.number(name, 0, 100).has_value()) << name;
    }
}

using elements = std::vector<std::string_view>;

TEST(split_batch_test, takes_an_array_apart) {
    EXPECT_EQ(split_batch(R"( [ {"a":[1,2]} , "],[", 3 ] )", false, 9).value(),
              (elements{R"({"a":[1,2]})", R"("],[")", "3"}));
    EXPECT_EQ(split_batch(R"(["\"],", {"x":"\\"}])", false, 9).value(),
              (elements{R"("\"],")", R"({"x":"\\"})"}));
    EXPECT_TRUE(split_batch("[]", false, 9).value().empty());
    EXPECT_FALSE(split_batch("{}", false, 9).has_value());
    EXPECT_FALSE(split_batch("[1,]", false, 9).has_value());
    EXPECT_EQ(split_batch("[1,2,3]", false, 2).error().code, errc::too_large);
}

TEST(split_batch_test, takes_lines_apart) {
    EXPECT_EQ(split_batch("{\"a\":1}\r\n\n  2\n3", true, 9).value(),
              (elements{"{\"a\":1}", "2", "3"}));
    EXPECT_TRUE(split_batch("\n\n", true, 9).value().empty());
    EXPECT_EQ(split_batch("1\n2\n3", true, 2).error().code, errc::too_large);
}

}  // namespace
}  // namespace weir::api
