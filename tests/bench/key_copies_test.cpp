#include "bench/key_copies.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::bench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// Client 0 publishes, 1 subscribes.
class key_copies_test : public testing::Test {
protected:
    key_copies keys{2};

    void told(char const* key, std::uint64_t offset, bool removal = false, bool echo = true) {
        keys.told(key, {.offset = offset,
                        .nanoseconds = static_cast<std::int64_t>(offset) * 100,
                        .publisher = 0,
                        .echo = echo,
                        .removal = removal});
    }
    std::vector<std::string> missing(std::uint32_t client = 1, std::uint64_t above = 0) const {
        std::vector<std::string> all;
        for (auto const& x : keys.missing(client, above)) {
            all.push_back(x.key + " " + std::to_string(x.has) + " " + std::to_string(x.newest));
        }
        return all;
    }
};

TEST_F(key_copies_test, wants_the_newest_of_each_key) {
    told("a", 1);
    told("b", 2);
    told("a", 3);
    EXPECT_FALSE(keys.got(1, "a", 1, false));
    EXPECT_FALSE(keys.got(1, "b", 2, false));
    EXPECT_THAT(missing(), ElementsAre("a 1 3"));
    EXPECT_FALSE(keys.got(1, "a", 3, false));
    EXPECT_THAT(missing(), IsEmpty());
}

TEST_F(key_copies_test, knows_an_order_for_each_key_and_none_across) {
    EXPECT_FALSE(keys.got(1, "a", 5, false));
    EXPECT_FALSE(keys.got(1, "b", 2, false));
    EXPECT_EQ(keys.got(1, "a", 4, false), "key a came after offset 5");
    EXPECT_EQ(keys.got(1, "a", 5, false), "key a came again");
    EXPECT_FALSE(keys.got(1, "a", 5, true));
    EXPECT_FALSE(keys.got(1, "a", 4, true));
    EXPECT_EQ(keys.got(1, "a", 5, false), "key a came again");
}

TEST_F(key_copies_test, does_not_want_what_was_before_the_client) {
    told("a", 3);
    EXPECT_THAT(missing(1, 3), IsEmpty());
    told("a", 4);
    EXPECT_THAT(missing(1, 3), ElementsAre("a 0 4"));
}

TEST_F(key_copies_test, excuses_what_a_gap_says) {
    told("a", 4);
    told("b", 9);
    keys.lost(1, 3, 4);
    EXPECT_THAT(missing(), ElementsAre("b 0 9"));
    keys.lost(1, 5, 9);
    EXPECT_THAT(missing(), IsEmpty());
    told("a", 10);
    keys.lost_before(1, 999);
    EXPECT_THAT(missing(), ElementsAre("a 0 10"));
    keys.lost_before(1, 1000);
    EXPECT_THAT(missing(), IsEmpty());
}

TEST_F(key_copies_test, does_not_want_a_publish_without_echo_back) {
    told("a", 4, false, false);
    EXPECT_THAT(missing(0), IsEmpty());
    EXPECT_THAT(missing(1), ElementsAre("a 0 4"));
}

TEST_F(key_copies_test, excuses_nothing_that_a_whole_state_should_have) {
    told("a", 4, false, false);
    keys.lost(0, 1, 9);
    keys.clear(0);
    keys.whole(0, 6);
    EXPECT_THAT(missing(0), ElementsAre("a 0 4"));
    told("b", 7, false, false);
    EXPECT_THAT(missing(0), ElementsAre("a 0 4"));
}

TEST_F(key_copies_test, wants_a_removal_of_what_the_client_has) {
    told("a", 1);
    EXPECT_FALSE(keys.got(1, "a", 1, false));
    told("a", 2, true);
    EXPECT_THAT(missing(), ElementsAre("a 1 2"));
    EXPECT_THAT(missing(0), IsEmpty());
    keys.clear(1);
    EXPECT_THAT(missing(), IsEmpty());
}

TEST_F(key_copies_test, compares_the_servers_state) {
    told("a", 1);
    told("b", 2);
    told("c", 3, true);
    EXPECT_THAT(keys.compare_state({{"a", 1}, {"b", 2}}), IsEmpty());
    EXPECT_THAT(keys.compare_state({{"a", 1}, {"b", 5}, {"c", 6}}), IsEmpty());
    EXPECT_THAT(keys.compare_state({{"b", 1}, {"c", 2}}),
                ElementsAre(HasSubstr("key a has offset 1, but the state has it not"),
                            HasSubstr("key b has offset 2, but the state has 1"),
                            HasSubstr("removes it, but the state has 2")));
}

TEST_F(key_copies_test, learns_of_a_value_before_who_published_it) {
    keys.told("a", {.offset = 4});
    told("a", 4, false, false);
    EXPECT_THAT(missing(0), IsEmpty());
    keys.told("a", {.offset = 4});  // and does not forget
    EXPECT_THAT(missing(0), IsEmpty());
}

TEST_F(key_copies_test, begins_anew) {
    told("a", 4);
    EXPECT_FALSE(keys.got(1, "a", 3, false));
    keys.begin_anew();
    EXPECT_THAT(missing(), IsEmpty());
    EXPECT_FALSE(keys.got(1, "a", 1, false));
}

}  // namespace
}  // namespace weir::bench
