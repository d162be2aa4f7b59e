// The file's grammar of topic patterns (config) and that of rules (topic) are two readers of one
// language: a pattern that only the first accepts would abort the process at a reload.

#include <weir/config/load.hpp>
#include <weir/topic/rules.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace weir::ops {
namespace {

bool file_takes(std::string const& pattern) {
    auto const loaded = config::load_text("test.yaml",
                                          "auth: {anonymous: true}\ntopics: [{match: \"" + pattern +
                                              "\", subscribe: anyone, publish: nobody}]\n",
                                          {});
    return std::none_of(loaded.faults.begin(), loaded.faults.end(),
                        [](auto const& f) { return f.weight == config::severity::error; });
}

void compare(std::string const& pattern) {
    EXPECT_EQ(file_takes(pattern), topic_pattern_fault(pattern).empty()) << '"' << pattern << '"';
}

TEST(topic_patterns, the_file_and_the_rules_take_the_same_ones) {
    for (auto const* pattern : {"",
                                "a",
                                "**",
                                "*",
                                "{user}",
                                "a.**",
                                "**.a",
                                "a.*.b",
                                "a..b",
                                ".a",
                                "a.",
                                "a*",
                                "***",
                                "{user}.{user}",
                                "{user}x",
                                "{id}",
                                "$a",
                                "a.$b",
                                "$user.{user}",
                                "a b",
                                "a/b",
                                "a:b@c=d-e_f",
                                "a.**.b",
                                "*.**",
                                "**.**",
                                "{user}.**",
                                "{",
                                "}",
                                "\u00e9",
                                "A.Z.0.9"}) {
        compare(pattern);
    }
    for (std::size_t size : {199U, 200U, 201U}) compare(std::string(size, 'a'));
}

TEST(topic_patterns, the_file_and_the_rules_agree_on_random_ones) {
    std::vector<std::string_view> const parts = {"a",      "Z9", ".", ".", ".", "*", "**",
                                                 "{user}", "{",  "}", "$", "-", "=", "@",
                                                 ":",      "_",  "/", "#", "+", ","};
    auto const seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    int taken = 0;
    for (int i = 0; i != 3000; ++i) {
        std::string pattern;
        for (auto n = 1 + random() % 6; n != 0; --n) pattern += parts[random() % parts.size()];
        compare(pattern);
        taken += topic_pattern_fault(pattern).empty();
        if (HasFailure()) return;
    }
    EXPECT_GT(taken, 100) << "hardly any good ones among them";
}

}  // namespace
}  // namespace weir::ops
