#include <weir/message/topic_name.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace weir {
namespace {

TEST(topic_name, good_names) {
    for (std::string_view const name : {"a", "chat.42", "A-Z_a-z.0-9", "a=40b.c", "x@y:z",
                                        "$user.7", "$session.AbC", "-._.=", "a.b.c.d.e.f.g.h"}) {
        EXPECT_EQ(topic_name_fault(name), "") << name;
        EXPECT_FALSE(find_topic_fault(name).has_value()) << name;
    }
    EXPECT_EQ(topic_name_fault(std::string(200, 'x')), "");
}

TEST(topic_name, bad_names_and_where) {
    struct row {
        std::string name;
        std::size_t byte;
        std::string_view what;
    };
    std::string_view const character = "a character that is not one of A-Z a-z 0-9 _ - = @ : .";
    for (row const& r : {
             row{"", 0, "a name has at least one byte"},
             row{".", 0, "empty segment"},
             row{".a", 0, "empty segment"},
             row{"a.", 2, "empty segment"},
             row{"chat..42", 5, "empty segment"},
             row{"$", 1, "empty segment"},
             row{"$.a", 1, "empty segment"},
             row{"$user..a", 6, "empty segment"},
             row{"a$", 1, "`$` may only begin a name"},
             row{"a.$b", 2, "`$` may only begin a name"},
             row{"$$a", 1, "`$` may only begin a name"},
             row{"a b", 1, character},
             row{"a/b", 1, character},
             row{"a*", 1, character},
             row{"**", 0, character},
             row{"a{user}", 1, character},
             row{"caf\xC3\xA9", 3, character},
             row{std::string("a\0b", 3), 1, character},
             row{std::string(201, 'x'), 200, "a name has at most 200 bytes"},
             row{"$" + std::string(200, 'x'), 200, "a name has at most 200 bytes"},
         }) {
        auto const fault = find_topic_fault(r.name);
        ASSERT_TRUE(fault.has_value()) << r.name;
        EXPECT_EQ(fault->byte, r.byte) << r.name;
        EXPECT_EQ(fault->what, r.what) << r.name;
        EXPECT_EQ(topic_name_fault(r.name), r.what);
    }
}

TEST(topic_name, exactly_these_bytes_may_stand_in_a_name) {
    std::string_view const allowed =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-=@:";
    for (int c = 0; c != 256; ++c) {
        std::string const name = {'a', static_cast<char>(c), 'b'};
        bool const good = allowed.find(static_cast<char>(c)) != std::string_view::npos || c == '.';
        EXPECT_EQ(topic_name_fault(name).empty(), good) << c;
    }
}

TEST(topic_name, reserved_names_begin_with_a_dollar) {
    EXPECT_TRUE(is_reserved_topic("$user.7"));
    EXPECT_FALSE(is_reserved_topic("user.7"));
    EXPECT_FALSE(is_reserved_topic(""));
}

TEST(topic_name, a_user_id_becomes_one_segment) {
    EXPECT_EQ(escape_segment("Alice_7-x"), "Alice_7-x");
    EXPECT_EQ(escape_segment("a.b@c=d"), "a=2Eb=40c=3Dd");
    EXPECT_EQ(escape_segment("\xC3\xA9"), "=C3=A9");
    EXPECT_EQ(escape_segment(std::string_view("\0", 1)), "=00");
    EXPECT_EQ(escape_segment(""), "");
    EXPECT_NE(escape_segment("a=2Eb"), escape_segment("a.b")) << "different users stay different";
    std::string every;
    for (int c = 0; c != 256; ++c) every += static_cast<char>(c);
    EXPECT_EQ(escape_segment(every).size(), 64U + 192U * 3U);
    EXPECT_EQ(topic_name_fault("$user." + escape_segment("a b*{c}")), "");
}

}  // namespace
}  // namespace weir
