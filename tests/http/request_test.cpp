#include <weir/http/request.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::http {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(lists, are_split_at_commas) {
    EXPECT_THAT(split_list(""), IsEmpty());
    EXPECT_THAT(split_list(" , ,\t,"), IsEmpty());
    EXPECT_THAT(split_list("a"), ElementsAre("a"));
    EXPECT_THAT(split_list(" a ,\tb c\t,,d"), ElementsAre("a", "b c", "d"));
}

TEST(lists, name_tokens_whatever_the_case) {
    EXPECT_TRUE(lists_token("keep-alive, Upgrade", "upgrade"));
    EXPECT_FALSE(lists_token("upgrades, xupgrade", "upgrade"));
    EXPECT_FALSE(lists_token("", "upgrade"));
}

TEST(bearer_token, is_what_stands_behind_the_scheme) {
    EXPECT_EQ(bearer_token(""), std::nullopt);
    EXPECT_EQ(bearer_token("Basic dTpw"), std::nullopt);
    EXPECT_EQ(bearer_token("Bearers x"), std::nullopt);
    EXPECT_EQ(bearer_token("Bearer"), "");
    EXPECT_EQ(bearer_token("bearer   x.y.z "), "x.y.z");
}

TEST(request, has_parameters_with_a_case) {
    request r;
    r.query = {{"a", "1"}, {"A", "2"}};
    r.params = {{"topic", "chat.42"}};
    EXPECT_EQ(r.query_value("A"), "2");
    EXPECT_EQ(r.query_value("b"), std::nullopt);
    EXPECT_EQ(r.param("topic"), "chat.42");
    EXPECT_EQ(r.param("Topic"), "");
}

TEST(request, tells_its_media_type_without_parameters) {
    request r;
    EXPECT_EQ(r.content_type(), "");
    r.headers = {{"Content-Type", "Application/JSON ; charset=utf-8"}};
    EXPECT_EQ(r.content_type(), "application/json");
}

TEST(equal_ignoring_case, knows_ascii_only) {
    EXPECT_TRUE(equal_ignoring_case("aZ-9", "Az-9"));
    EXPECT_FALSE(equal_ignoring_case("a", "ab"));
    EXPECT_FALSE(equal_ignoring_case("@", "`"));
}

}  // namespace
}  // namespace weir::http
