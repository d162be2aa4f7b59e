#include "config/loading.hpp"

#include <weir/config/option.hpp>
#include <weir/config/print.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace weir::config::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(sources, the_environment_is_stronger_than_the_file_and_set_than_both) {
    char const* const yaml = "limits:\n  topics: 1\n  errors: 1\n  subscriptions: 1\n";
    sources s = from_nowhere();
    s.variables = {{"WEIR_LIMITS__ERRORS", "2"}, {"WEIR_LIMITS__SUBSCRIPTIONS", "2"}};
    s.assignments = {"limits.subscriptions=3"};
    loaded const l = load_yaml(yaml, s);
    ASSERT_TRUE(l.ok());
    EXPECT_EQ(l.values.limits.topics, 1U);
    EXPECT_EQ(l.values.limits.errors, 2U);
    EXPECT_EQ(l.values.limits.subscriptions, 3U);
    EXPECT_EQ(l.origins.at("limits.topics").text(), "weir.yaml:2:3");
    EXPECT_EQ(l.origins.at("limits.errors").text(), "WEIR_LIMITS__ERRORS");
    EXPECT_EQ(l.origins.at("limits.subscriptions").text(), "--set");
    EXPECT_FALSE(l.origins.contains("limits.connections"));
}

TEST(sources, of_two_sets_the_later_counts) {
    sources s = from_nowhere();
    s.assignments = {"limits.topics=1", "limits.topics=2"};
    EXPECT_EQ(load_yaml("", s).values.limits.topics, 2U);
}

TEST(sources, a_fault_in_the_file_stays_one_though_set_overrides_it) {
    sources s = from_nowhere();
    s.assignments = {"limits.topics=2"};
    EXPECT_THAT(texts(load_yaml("limits: {topics: x}\n", s), severity::error),
                ElementsAre("weir.yaml:1:10: limits.topics: \"x\" is not a whole number"));
}

TEST(environment_names, without_two_underscores_are_not_ours) {
    sources s = from_nowhere();
    // What Kubernetes makes of a service that is called weir.
    s.variables = {{"WEIR_PORT", "tcp://10.0.0.1:8080"},
                   {"WEIR_SERVICE_HOST", "10.0.0.1"},
                   {"WEIR_PORT_8080_TCP_ADDR", "10.0.0.1"},
                   {"WEIR_", ""}};
    EXPECT_THAT(load(s).faults, IsEmpty());
}

TEST(environment_names, of_top_level_options_begin_with_two) {
    sources s = from_nowhere();
    s.variables = {{"WEIR__SHARDS", "3"}, {"WEIR_LIMITS__CONNECTIONS_PER_IP", "7"}};
    loaded const l = load(s);
    EXPECT_THAT(l.faults, IsEmpty());
    EXPECT_EQ(l.values.shards, 3U);
    EXPECT_EQ(l.values.limits.connections_per_ip, 7U);
}

TEST(environment_names, that_miss_an_underscore_are_warned_about) {
    sources s = from_nowhere();
    s.variables = {{"WEIR_SHARDS", "3"},
                   {"WEIR_LIMITS_CONNECTIONS", "7"},
                   {"WEIR_AUTH_JWT_SECRET_FILE", "/s"},
                   {"WEIR_LIMITS", "7"}};
    loaded const l = load(s);
    EXPECT_EQ(l.values.shards, 0U);
    EXPECT_EQ(l.values.limits.connections, default_settings().limits.connections);
    std::string const why =
        "is ignored: between the parts of a name there are two underscores; did "
        "you mean ";
    EXPECT_THAT(texts(l, severity::warning),
                ElementsAre("WEIR_AUTH_JWT_SECRET_FILE: auth.jwt.secret_file: " + why +
                                "WEIR_AUTH__JWT__SECRET_FILE?",
                            "WEIR_LIMITS_CONNECTIONS: limits.connections: " + why +
                                "WEIR_LIMITS__CONNECTIONS?",
                            "WEIR_SHARDS: shards: " + why + "WEIR__SHARDS?"));
}

TEST(environment_names, that_are_wrong_get_a_suggestion_in_kind) {
    sources s = from_nowhere();
    s.variables = {{"WEIR_LIMITS__CONECTIONS", "1"},
                   {"WEIR_AUTH__JWT__SECRET__FILE", "x"},
                   {"WEIR_log__level", "info"}};
    EXPECT_THAT(
        texts(load(s), severity::error),
        ElementsAre("WEIR_AUTH__JWT__SECRET__FILE: auth.jwt.secret.file: unknown key; did you mean "
                    "WEIR_AUTH__JWT__SECRET_FILE?",
                    "WEIR_LIMITS__CONECTIONS: limits.conections: unknown key; did you mean "
                    "WEIR_LIMITS__CONNECTIONS?",
                    "WEIR_log__level: log.level: write the name in capitals: WEIR_LOG__LEVEL"));
}

TEST(environment_names, are_taken_from_the_process) {
    ASSERT_EQ(::setenv("WEIR_CONFIG_TEST__X", "a=b", 1), 0);
    environment const all = read_environment();
    ::unsetenv("WEIR_CONFIG_TEST__X");
    EXPECT_EQ(all.at("WEIR_CONFIG_TEST__X"), "a=b");
    EXPECT_FALSE(all.contains("PATH"));
}

TEST(lists, in_the_environment_and_set_are_yaml) {
    sources s = from_nowhere();
    s.variables = {{"WEIR__ORIGINS", "[same, \"https://a.example.com\"]"},
                   {"WEIR__TOPICS", "[{match: a.*, subscribe: [anyone]}, {match: b}]"}};
    s.assignments = {"api.keys=[{name: k, key: 0123456789abcdef, scopes: [send]}]",
                     "heartbeat={interval: 20s, max: 1m}"};
    loaded const l = load(s);
    ASSERT_TRUE(l.ok());
    EXPECT_THAT(l.values.origins, ElementsAre("same", "https://a.example.com"));
    ASSERT_EQ(l.values.topics.size(), 2U);
    EXPECT_EQ(l.values.topics[0].match, "a.*");
    EXPECT_TRUE(l.values.topics[0].subscribe.anyone);
    EXPECT_TRUE(l.values.topics[0].publish.nobody());
    ASSERT_EQ(l.values.api.keys.size(), 1U);
    EXPECT_EQ(l.values.heartbeat.interval, seconds(20));
    EXPECT_EQ(l.values.heartbeat.max, seconds(60));
    EXPECT_EQ(l.values.heartbeat.min, seconds(10));
}

TEST(lists, in_the_environment_may_nest) {
    sources s = from_nowhere();
    s.variables = {{"WEIR__TOPICS",
                    "[{match: a, history: {messages: 5, age: 0s}, state: last}, "
                    "{match: b, state: {kind: keyed}, slow: conflate, rate: 7}]"},
                   {"WEIR_SESSION__REPLAY__MESSAGES", "99"}};
    s.assignments = {"session.detached={total: 7}"};
    loaded const l = load(s);
    ASSERT_TRUE(l.ok());
    ASSERT_EQ(l.values.topics.size(), 2U);
    EXPECT_EQ(l.values.topics[0].history, (history_settings{5, 1024 * 1024, seconds(0)}));
    EXPECT_EQ(l.values.topics[0].state.kind, state_kind::last);
    EXPECT_EQ(l.values.topics[1].state, (state_settings{state_kind::keyed, 10'000}));
    EXPECT_EQ(l.values.topics[1].slow, slow_kind::conflate);
    EXPECT_EQ(l.values.topics[1].rate, 7000U);
    EXPECT_EQ(l.values.session.replay.messages, 99U);
    EXPECT_EQ(l.values.session.detached, (detached_settings{100'000, 20, 7}));
}

struct rate_case {
    char const* text;
    std::uint64_t thousandths;  ///< 0: refused
    char const* written;
};

TEST(rates, are_read_and_written_exactly) {
    for (rate_case const& c :
         std::initializer_list<rate_case>{{"10/s", 10'000, "10/s"},
                                          {"10", 10'000, "10/s"},
                                          {"0.5/s", 500, "0.5/s"},
                                          {"2.50", 2500, "2.5/s"},
                                          {"0.001", 1, "0.001/s"},
                                          {"1.05/s", 1050, "1.05/s"},
                                          {"1000000", 1'000'000'000, "1000000/s"},
                                          {"0.0001", 0, ""},
                                          {"1000000.001", 0, ""},
                                          {"18446744073709551615", 0, ""},
                                          {"", 0, ""},
                                          {"/s", 0, ""},
                                          {".5", 0, ""},
                                          {"5.", 0, ""},
                                          {"1e3", 0, ""},
                                          {"-1", 0, ""},
                                          {"5/s/s", 0, ""}}) {
        sources s = from_nowhere();
        s.assignments = {std::string("topics=[{match: a, slow: conflate, rate: \"") + c.text +
                         "\"}]"};
        loaded const l = load(s);
        EXPECT_EQ(l.ok(), c.thousandths != 0) << c.text;
        EXPECT_EQ(l.values.topics.at(0).rate, c.thousandths) << c.text;
        if (l.ok()) {
            EXPECT_THAT(print_effective(l.values, {}),
                        testing::HasSubstr(std::string("    rate: ") + c.written + '\n'));
        }
    }
}

TEST(lists, are_replaced_as_a_whole) {
    sources s = from_nowhere();
    s.variables = {{"WEIR__TOPICS", "[{match: c}]"}};
    loaded const l = load_yaml("topics: [{match: a, publish: anyone}, {match: b}]\n", s);
    ASSERT_EQ(l.values.topics.size(), 1U);
    EXPECT_EQ(l.values.topics[0].match, "c");
    EXPECT_TRUE(l.values.topics[0].publish.nobody());
    EXPECT_FALSE(l.origins.contains("topics[1].match"));
    EXPECT_FALSE(l.origins.contains("topics[0].publish"));
}

TEST(lists, a_single_text_is_a_list_of_one) {
    sources s = from_nowhere();
    s.variables = {{"WEIR__ORIGINS", "https://a.example.com"}};
    EXPECT_THAT(load(s).values.origins, ElementsAre("https://a.example.com"));
}

TEST(assignments, that_are_wrong_say_how_to_write_them) {
    sources s = from_nowhere();
    s.assignments = {
        "limits.topics",          "topics[0].match=a", "topics=[", "limits.topics=", "=5",
        "auth.jwt.secret:hunter2"};
    EXPECT_THAT(
        texts(load(s), severity::error),
        ElementsAre("--set: limits.topics: has no value; write --set KEY=VALUE",
                    "--set: topics[0].match: unknown key; give the list as a whole: topics=[…]",
                    "--set: topics: cannot be read as YAML: a [ is not closed before this",
                    "--set: limits.topics: \"\" is not a whole number",
                    "--set: unknown key; known are listen, shards, origins, auth, heartbeat, "
                    "session, limits, compression, dedupe_window, topics, broker, api, log, "
                    "drain",
                    "--set: auth.jwt.secret: has no value; write --set KEY=VALUE"));
}

TEST(assignments, single_values_are_taken_as_they_stand) {
    sources s = from_nowhere();
    s.assignments = {"auth.jwt.issuer=a: [b # c",
                     "auth.jwt.secret=x=y # {z}: 0123456789abcdef012345!"};
    loaded const l = load(s);
    ASSERT_TRUE(l.ok());
    EXPECT_EQ(l.values.auth.jwt.issuer, "a: [b # c");
    EXPECT_EQ(l.values.auth.jwt.key.value, "x=y # {z}: 0123456789abcdef012345!");
}

}  // namespace
}  // namespace weir::config::test
