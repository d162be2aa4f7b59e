#include <weir/config/option.hpp>
#include <weir/config/reload.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace weir::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(reload, without_a_difference_has_no_changes) {
    EXPECT_THAT(diff(default_settings(), default_settings()), IsEmpty());
}

TEST(reload, lists_changes_and_when_they_apply) {
    settings after = default_settings();
    after.listen.public_listener.port = 9000;
    after.limits.message_bytes = 1000;
    after.shards = 4;
    after.origins = {"same", "https://a.example.com"};
    after.topics[0].publish = {.owner = true};
    after.log.level = log::level::debug;
    EXPECT_THAT(
        diff(default_settings(), after),
        ElementsAre(
            change{"listen.public.port", "8080", "9000", applies::restart},
            change{"shards", "auto", "4", applies::restart},
            change{"origins", "[same]", "[same, \"https://a.example.com\"]", applies::now},
            change{"limits.message_bytes", "64KiB", "1000", applies::now},
            change{"topics", "[{match: \"**\", subscribe: authenticated, publish: authenticated}]",
                   "[{match: \"**\", subscribe: authenticated, publish: owner}]", applies::now},
            change{"log.level", "info", "debug", applies::now}));
}

TEST(reload, shows_what_a_rule_keeps_without_its_defaults) {
    settings before = default_settings();
    settings after = before;
    after.topics[0].history.messages = 100;
    after.topics[0].state.kind = state_kind::keyed;
    after.topics[0].rate = 2500;
    settings last = after;
    last.topics[0].history.age = seconds(600);
    last.topics[0].state.keys = 5;
    EXPECT_THAT(diff(after, last),
                ElementsAre(change{
                    "topics",
                    "[{match: \"**\", subscribe: authenticated, publish: authenticated, history: "
                    "{messages: 100}, state: keyed, rate: 2.5/s}]",
                    "[{match: \"**\", subscribe: authenticated, publish: authenticated, history: "
                    "{messages: 100, age: 10m}, state: {kind: keyed, keys: 5}, rate: 2.5/s}]",
                    applies::now}));
    last.session.resume_window = seconds(0);
    last.limits.history_bytes = 1 << 20;
    last.dedupe_window = seconds(60);
    EXPECT_THAT(
        diff(after, last),
        testing::IsSupersetOf({change{"session.resume_window", "2m", "0s", applies::now},
                               change{"limits.history_bytes", "1GiB", "1MiB", applies::restart},
                               change{"dedupe_window", "5m", "1m", applies::restart}}));
}

TEST(reload, a_secret_that_was_rotated_shows_without_its_value) {
    settings before = default_settings();
    settings after = before;
    before.auth.jwt.key = {"old", "/s"};
    after.auth.jwt.key = {"new", "/s"};
    before.api.keys = {{"a", {"old", ""}, {"send"}}};
    after.api.keys = {{"a", {"new", ""}, {"send"}}};
    EXPECT_THAT(diff(before, after),
                ElementsAre(change{"auth.jwt.secret", "from /s", "from /s", applies::now},
                            change{"api.keys", "[{name: a, key: <redacted>, scopes: [send]}]",
                                   "[{name: a, key: <redacted>, scopes: [send]}]", applies::now}));
}

TEST(reload, installs_what_applies_now_and_nothing_else) {
    settings const before = default_settings();
    settings wanted = before;
    wanted.listen.public_listener.port = 9000;
    wanted.shards = 4;
    wanted.limits.errors = 5;
    wanted.topics.clear();
    wanted.log.level = log::level::debug;
    wanted.auth.jwt.key = {"new", ""};
    settings const installed = reloadable_part(before, wanted);
    for (change const& c : diff(installed, wanted)) EXPECT_EQ(c.when, applies::restart) << c.path;
    for (change const& c : diff(before, installed)) EXPECT_EQ(c.when, applies::now) << c.path;
    EXPECT_EQ(installed.limits.errors, 5U);
    EXPECT_TRUE(installed.topics.empty());
    EXPECT_EQ(installed.shards, 0U);
}

}  // namespace
}  // namespace weir::config
