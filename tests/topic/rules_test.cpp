#include "topic/dice.hpp"
#include "topic/pattern.hpp"

#include <weir/message/topic_name.hpp>
#include <weir/topic/rules.hpp>

#include <gtest/gtest.h>

#include <string>

namespace weir {
namespace {

struct shape_row {
    char const* pattern;
    char const* topic;
    bool matches;
    char const* owner = "";
};

constexpr shape_row shapes[] = {
    {"news", "news", true},
    {"news", "news.a", false},
    {"news", "new", false},
    {"news", "newsx", false},
    {"a.b", "a.b", true},
    {"a.b", "a", false},
    {"a.b", "ab", false},
    {"*", "a", true},
    {"*", "a.b", false},
    {"chat.*", "chat.42", true},
    {"chat.*", "chat", false},
    {"chat.*", "chat.42.x", false},
    {"*.log", "a.log", true},
    {"*.log", "a.b.log", false},
    {"*.*", "a.b", true},
    {"**", "a", true},
    {"**", "a.b.c", true},
    {"a.**", "a.b", true},
    {"a.**", "a.b.c", true},
    {"a.**", "a", false},
    {"a.**", "ab.c", false},
    {"*.b.**", "a.b.c.d", true},
    {"*.b.**", "a.b", false},
    {"inbox.{user}", "inbox.bob", true, "bob"},
    {"inbox.{user}", "inbox", false},
    {"inbox.{user}", "inbox.bob.x", false},
    {"{user}.**", "bob.x.y", true, "bob"},
    {"**", "", false},
    {"a", "", false},
};

TEST(topic_pattern, shapes) {
    for (auto const& row : shapes) {
        SCOPED_TRACE(std::string(row.pattern) + " on " + row.topic);
        std::string_view owner;
        EXPECT_EQ(topic_pattern(row.pattern).matches(row.topic, owner), row.matches);
        if (row.matches) EXPECT_EQ(owner, row.owner);
    }
}

TEST(topic_pattern, faults_are_said) {
    for (auto const* good : {"a", "a.b", "*", "**", "{user}", "a.*.{user}.**", "A_-=@:9"}) {
        EXPECT_EQ(topic_pattern_fault(good), "") << good;
    }
    for (auto const* bad :
         {"", ".", "a.", ".a", "a..b", "a*", "*a", "***", "**.a", "a.**.b", "{user", "{user}x",
          "{id}", "{user}.{user}", "$user.1", "a.$b", "a b", "a/b", "\xc3\xa4"}) {
        EXPECT_NE(topic_pattern_fault(bad), "") << bad;
    }
    EXPECT_EQ(topic_pattern_fault(std::string(200, 'a')), "");
    EXPECT_NE(topic_pattern_fault(std::string(201, 'a')), "");
}

TEST(topic_pattern, a_segment_names_a_user_exactly_when_it_is_the_escaped_id) {
    for (auto const* user : {"bob", "a.b", "a=b", "x@y.org", "\xc3\xa4", "A-_9", "a b"}) {
        auto const segment = escape_segment(user);
        EXPECT_TRUE(segment_names_user(segment, user)) << segment;
        EXPECT_FALSE(segment_names_user(segment + "x", user));
        EXPECT_FALSE(segment_names_user(segment.substr(0, segment.size() - 1), user));
    }
    EXPECT_FALSE(segment_names_user("a=2eb", "a.b")) << "lower case is another name";
    EXPECT_FALSE(segment_names_user("=62ob", "bob")) << "only one way to write it";
    EXPECT_FALSE(segment_names_user("a=", "a."));
    EXPECT_FALSE(segment_names_user("a=2", "a."));
    EXPECT_FALSE(segment_names_user("bob", ""));
}

TEST(topic_pattern, random_users_are_named_by_their_own_segment_only) {
    SCOPED_TRACE(seed_trace());
    dice random(test_seed());
    auto const draw = [&] {
        std::string user(1 + random.below(3), ' ');
        for (auto& c : user)
            c = static_cast<char>(random.one_in(2) ? 'a' + random.below(3) : random.below(256));
        return user;
    };
    for (int i = 0; i != 5000; ++i) {
        auto const one = draw();
        auto const other = draw();
        EXPECT_TRUE(segment_names_user(escape_segment(one), one));
        EXPECT_EQ(segment_names_user(escape_segment(one), other), one == other);
    }
}

using enum right;

rule_set house_rules() {
    std::vector<topic_rule> rules = {
        {"inbox.{user}", {owner}, {nobody}},
        {"diary.{user}", {anyone}, {owner}},
        {"news.secret", {nobody}, {}},
        {"news.*", {anyone}, {nobody}},
        {"room.{user}.**", {owner, authenticated}, {owner}},
        {"odd.*", {owner}, {owner}},  // no {user}: nobody is the owner
        {"chat.**", {authenticated}, {authenticated}},
    };
    return rule_set(std::move(rules));
}

constexpr int fine = -1;
constexpr int unauthorized = static_cast<int>(errc::unauthorized);
constexpr int forbidden = static_cast<int>(errc::forbidden);

struct allow_row {
    topic_action action;
    char const* topic;
    char const* user;
    int outcome;
    char const* says = "";
};

constexpr auto sub = topic_action::subscribe;
constexpr auto pub = topic_action::publish;

constexpr allow_row allowed[] = {
    {sub, "inbox.bob", "bob", fine},
    {sub, "inbox.bob", "eve", forbidden, "subscribing to inbox.bob is for its owner"},
    {sub, "inbox.bob", "", unauthorized,
     "subscribing to inbox.bob is for its owner and needs a login"},
    {pub, "inbox.bob", "bob", forbidden, "publishing to inbox.bob is not open to clients"},
    {pub, "inbox.bob", "", forbidden, "publishing to inbox.bob is not open to clients"},
    {sub, "inbox.a=2Eb", "a.b", fine},
    {sub, "inbox.a.b", "a.b", forbidden, "no topic rule covers inbox.a.b"},
    {sub, "diary.bob", "", fine},
    {pub, "diary.bob", "bob", fine},
    {pub, "diary.bob", "eve", forbidden, "publishing to diary.bob is for its owner"},
    // The first shape counts, also where the rule below would let in.
    {sub, "news.secret", "bob", forbidden, "subscribing to news.secret is not open to clients"},
    {pub, "news.secret", "bob", forbidden, "publishing to news.secret is not open to clients"},
    {sub, "news.today", "", fine},
    {sub, "room.bob.1", "eve", fine},
    {sub, "room.bob.1", "", unauthorized, "subscribing to room.bob.1 needs a login"},
    {pub, "room.bob.1", "eve", forbidden, "publishing to room.bob.1 is for its owner"},
    {pub, "room.bob.1", "bob", fine},
    {sub, "odd.bob", "bob", forbidden, "subscribing to odd.bob is not open to clients"},
    {sub, "odd.bob", "", forbidden, "subscribing to odd.bob is not open to clients"},
    {sub, "chat.42", "bob", fine},
    {pub, "chat.42", "", unauthorized, "publishing to chat.42 needs a login"},
    {sub, "chat", "bob", forbidden, "no topic rule covers chat"},
    {sub, "other", "", forbidden, "no topic rule covers other"},
    {sub, "$user.bob", "bob", forbidden, "topics that start with '$' are the server's own"},
    {pub, "$session.x", "", forbidden, "topics that start with '$' are the server's own"},
};

TEST(rule_set, allows_by_the_first_shape) {
    auto const rules = house_rules();
    for (auto const& row : allowed) {
        SCOPED_TRACE(std::string(row.topic) + " by " + row.user);
        auto const verdict = rules.allow(row.action, row.topic, row.user);
        EXPECT_EQ(verdict.has_value() ? fine : static_cast<int>(verdict.error().code), row.outcome);
        EXPECT_EQ(verdict.has_value() ? "" : verdict.error().message, row.says);
    }
}

TEST(rule_set, finds_the_rule_whose_shape_matches_first) {
    auto rules = house_rules();
    EXPECT_EQ(rules.find("news.secret")->match, "news.secret");
    EXPECT_EQ(rules.find("news.x")->match, "news.*");
    EXPECT_EQ(rules.find("chat.a.b")->match, "chat.**");
    EXPECT_EQ(rules.find("other"), nullptr);
    auto const moved = std::move(rules);
    EXPECT_EQ(moved.find("news.x")->match, "news.*");
}

TEST(rule_set, reserved_topics_are_beyond_every_pattern) {
    rule_set const rules({{"**", {anyone}, {anyone}}, {"*.*", {anyone}, {anyone}}});
    EXPECT_EQ(rules.find("$user.bob"), nullptr);
    EXPECT_FALSE(rules.allow(sub, "$user.bob", "bob").has_value());
    EXPECT_TRUE(rules.allow(pub, "user.bob", "").has_value());
}

TEST(rule_set, without_rules_nobody_may_do_anything) {
    rule_set const rules({});
    EXPECT_EQ(rules.find("a"), nullptr);
    EXPECT_EQ(rules.allow(sub, "a", "bob").error().code, errc::forbidden);
}

}  // namespace
}  // namespace weir
