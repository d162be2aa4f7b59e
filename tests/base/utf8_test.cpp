#include <weir/base/utf8.hpp>

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(cut_utf8, leaves_what_is_short_enough) {
    EXPECT_EQ(cut_utf8("", 0), "");
    EXPECT_EQ(cut_utf8("four", 4), "four");
    EXPECT_EQ(cut_utf8("four", 3), "fou");
}

TEST(cut_utf8, never_cuts_a_character) {
    constexpr std::string_view text = "aé€😀z";  // of 1, 2, 3, 4 and 1 bytes
    constexpr std::size_t ends[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11};
    for (std::size_t most = 0; most != std::size(ends); ++most) {
        EXPECT_EQ(cut_utf8(text, most), text.substr(0, ends[most])) << most;
    }
}

TEST(cut_utf8, ends_where_no_character_begins) {
    EXPECT_EQ(cut_utf8("\x80\x80\x80", 2), "");
}

}  // namespace
}  // namespace weir
