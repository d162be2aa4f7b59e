#include <weir/config/suggest.hpp>

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace weir::config {
namespace {

TEST(edit_distance, counts_edits) {
    struct {
        char const* a;
        char const* b;
        std::size_t distance;
    } const cases[] = {{"", "", 0},
                       {"a", "", 1},
                       {"", "abc", 3},
                       {"port", "prot", 1},
                       {"Port", "port", 0},
                       {"timeout", "timout", 1},
                       {"kitten", "sitting", 3},
                       {"ca", "abc", 3}};
    for (auto const& c : cases) {
        EXPECT_EQ(edit_distance(c.a, c.b), c.distance) << c.a << ' ' << c.b;
        EXPECT_EQ(edit_distance(c.b, c.a), c.distance) << c.b << ' ' << c.a;
    }
}

TEST(suggestion, is_near_or_absent) {
    std::array<std::string_view, 4> const words = {"trace", "debug", "warn", "error"};
    EXPECT_EQ(nearest_word("debgu", words), "debug");
    EXPECT_EQ(nearest_word("warning", words), "warn");
    EXPECT_EQ(nearest_word("err", words), "error");
    EXPECT_EQ(nearest_word("verbose", words), "");
    EXPECT_EQ(nearest_word("", words), "");
    EXPECT_EQ(nearest_word(std::string(100'000, 'w'), words), "");
}

TEST(suggestion, finds_a_right_name_in_a_wrong_place_if_there_is_one) {
    std::array<std::string_view, 4> const paths = {"a.port", "b.port", "limits.topics",
                                                   "log.level"};
    EXPECT_EQ(nearest_path("topics", paths), "limits.topics");
    EXPECT_EQ(nearest_path("auth.level", paths), "log.level");
    EXPECT_EQ(nearest_path("log.lvel", paths), "log.level");
    EXPECT_EQ(nearest_path("server.port", paths), "");
    EXPECT_EQ(nearest_path("nothing.like.it", paths), "");
}

}  // namespace
}  // namespace weir::config
