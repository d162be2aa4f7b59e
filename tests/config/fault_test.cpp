#include "config/loading.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace weir::config::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct fault_case {
    char const* name;
    char const* yaml;
    std::vector<std::string> errors;
};

// Every kind of error with its exact place and words: this is what an operator has to go by.
std::vector<fault_case> const cases = {
    {"unknown_in_section",
     "limits:\n  topics: 5\n  conections: 7\n",
     {"weir.yaml:3:3: limits.conections: unknown key; did you mean limits.connections?"}},
    {"unknown_section",
     "heartbeats: {interval: 1s}\n",
     {"weir.yaml:1:1: heartbeats: unknown key; did you mean heartbeat?"}},
    {"right_name_wrong_place",
     "message_bytes: 1KiB\n",
     {"weir.yaml:1:1: message_bytes: unknown key; did you mean limits.message_bytes?"}},
    {"unknown_far_from_all",
     "session: {cursors: {messages: 10}}\n",
     {"weir.yaml:1:11: session.cursors: unknown key; session has hello_timeout, resume_window, "
      "replay, detached, idle_timeout, max_lifetime"}},
    {"of_a_later_release",
     "webhooks: {}\n",
     {"weir.yaml:1:1: webhooks: unknown key; known are listen, shards, origins, auth, heartbeat, "
      "session, limits, compression, dedupe_window, topics, broker, api, log, drain"}},
    {"dotted_key",
     "limits.topics: 5\n",
     {"weir.yaml:1:1: limits.topics: unknown key; write it as nested mappings"}},
    {"unknown_in_rule",
     "topics:\n  - match: a\n    subscibe: anyone\n",
     {"weir.yaml:3:5: topics[0].subscibe: unknown key; did you mean topics[0].subscribe?"}},
    {"duplicate",
     "limits:\n  topics: 5\n  errors: 1\n  topics: 6\n",
     {"weir.yaml:4:3: limits.topics: duplicate key; first on line 2"}},
    {"duplicate_section",
     "log: {level: warn}\ndrain: {}\nlog: {level: info}\n",
     {"weir.yaml:3:1: log: duplicate key; first on line 1"}},
    {"duplicate_in_rule",
     "topics: [{match: a, match: b}]\n",
     {"weir.yaml:1:21: topics[0].match: duplicate key; first on line 1"}},
    {"not_a_number",
     "limits: {connections: many}\n",
     {"weir.yaml:1:10: limits.connections: \"many\" is not a whole number"}},
    {"negative",
     "limits: {connections: -1}\n",
     {"weir.yaml:1:10: limits.connections: \"-1\" is not a whole number"}},
    {"fraction",
     "limits: {connections: 1.5}\n",
     {"weir.yaml:1:10: limits.connections: \"1.5\" is not a whole number"}},
    {"beyond_64_bits",
     "limits: {connections: 99999999999999999999}\n",
     {"weir.yaml:1:10: limits.connections: \"99999999999999999999\" is not a whole number"}},
    {"neither_number_nor_word",
     "shards: some\n",
     {"weir.yaml:1:1: shards: \"some\" is neither a whole number nor auto"}},
    {"too_low", "shards: 0\n", {"weir.yaml:1:1: shards: \"0\" is below the least allowed, 1"}},
    {"too_high",
     "listen: {public: {port: 65536}}\n",
     {"weir.yaml:1:19: listen.public.port: \"65536\" is above the most allowed, 65535"}},
    {"duration_too_long",
     "auth: {jwt: {leeway: 11m}}\n",
     {"weir.yaml:1:14: auth.jwt.leeway: \"11m\" is above the most allowed, 10m"}},
    {"size_too_small",
     "limits: {outbox_bytes: 100}\n",
     {"weir.yaml:1:10: limits.outbox_bytes: \"100\" is below the least allowed, 1KiB"}},
    {"duration_without_unit",
     "heartbeat: {interval: 30}\n",
     {"weir.yaml:1:13: heartbeat.interval: \"30\" is not a duration such as 10s, 2m or 250ms"}},
    {"size_of_nothing",
     "limits: {message_bytes: big}\n",
     {"weir.yaml:1:10: limits.message_bytes: \"big\" is not a size such as 64KiB"}},
    {"not_a_flag",
     "auth: {anonymous: yes}\n",
     {"weir.yaml:1:8: auth.anonymous: \"yes\" is neither true nor false"}},
    {"unknown_word",
     "log: {level: warning}\n",
     {"weir.yaml:1:7: log.level: \"warning\" is not one of: trace, debug, info, warn, error, off; "
      "did you mean warn?"}},
    {"broker_of_a_later_release",
     "broker: {kind: redis}\n",
     {"weir.yaml:1:10: broker.kind: \"redis\" is not one of: memory"}},
    {"list_for_a_number",
     "shards: [1, 2]\n",
     {"weir.yaml:1:1: shards: is a list where a number belongs"}},
    {"mapping_for_a_text",
     "log: {level: {a: b}}\n",
     {"weir.yaml:1:7: log.level: is a mapping where a word belongs"}},
    {"value_for_a_section",
     "drain: 30s\n",
     {"weir.yaml:1:1: drain: is a single value where a mapping of timeout belongs"}},
    {"list_for_a_section",
     "listen: [a]\n",
     {"weir.yaml:1:1: listen: is a list where a mapping of public, internal belongs"}},
    {"value_for_rules",
     "topics: all\n",
     {"weir.yaml:1:1: topics: is a single value where a list belongs"}},
    {"value_for_a_rule",
     "topics:\n  - all\n",
     {"weir.yaml:2:5: topics[0]: is a single value where a mapping of match, subscribe, publish, "
      "history, state, slow, rate, presence belongs"}},
    {"no_value",
     "limits:\n  topics:\n",
     {"weir.yaml:2:3: limits.topics: has no value; leave the key out for its default"}},
    {"null_list", "topics: ~\n", {"weir.yaml:1:1: topics: has no value; [] is an empty list"}},
    {"bad_address",
     "listen: {public: {address: localhost}}\n",
     {"weir.yaml:1:19: listen.public.address: \"localhost\" is not an IP address such as "
      "127.0.0.1, 0.0.0.0 or ::1"}},
    {"bad_origin",
     "origins:\n  - same\n  - https://example.com/chat\n",
     {"weir.yaml:3:5: origins[1]: \"https://example.com/chat\" is more than scheme, host and "
      "port"}},
    {"mapping_among_origins",
     "origins: [same, {a: b}]\n",
     {"weir.yaml:1:17: origins[1]: is a mapping where a text belongs"}},
    {"bad_pattern",
     "topics: [{match: a.**.b}]\n",
     {"weir.yaml:1:11: topics[0].match: \"a.**.b\" has ** before its end; it stands for the "
      "rest"}},
    {"rule_without_match",
     "topics:\n  - subscribe: anyone\n",
     {"weir.yaml:2:5: topics[0]: match is missing"}},
    {"unknown_right",
     "topics: [{match: a, subscribe: [owner, everyone]}]\n",
     {"weir.yaml:1:40: topics[0].subscribe[1]: \"everyone\" is not one of: nobody, anyone, "
      "authenticated, owner"}},
    {"nobody_and_somebody",
     "topics: [{match: a, subscribe: [nobody, anyone]}]\n",
     {"weir.yaml:1:21: topics[0].subscribe: says nobody and somebody at once"}},
    {"no_right_at_all",
     "topics: [{match: a, publish: []}]\n",
     {"weir.yaml:1:21: topics[0].publish: is empty; write nobody to say so"}},
    {"unknown_in_history",
     "topics:\n  - match: a\n    history: {messages: 5, byte: 1KiB}\n",
     {"weir.yaml:3:28: topics[0].history.byte: unknown key; did you mean "
      "topics[0].history.bytes?"}},
    {"history_without_messages",
     "topics:\n  - match: a\n    history: {age: 1h}\n",
     {"weir.yaml:3:5: topics[0].history: messages is missing"}},
    {"history_of_nothing",
     "topics:\n  - match: a\n    history:\n",
     {"weir.yaml:3:5: topics[0].history: messages is missing"}},
    {"history_of_no_messages",
     "topics: [{match: a, history: {messages: 0}}]\n",
     {"weir.yaml:1:31: topics[0].history.messages: \"0\" is below the least allowed, 1"}},
    {"history_of_absurdly_many",
     "topics: [{match: a, history: {messages: 1000001}}]\n",
     {"weir.yaml:1:31: topics[0].history.messages: \"1000001\" is above the most allowed, "
      "1000000"}},
    {"history_as_a_number",
     "topics: [{match: a, history: 100}]\n",
     {"weir.yaml:1:21: topics[0].history: is a single value where a mapping of messages, bytes, "
      "age "
      "belongs"}},
    {"history_twice",
     "topics:\n  - match: a\n    history: {messages: 1}\n    history: {messages: 2}\n",
     {"weir.yaml:4:5: topics[0].history: duplicate key; first on line 3"}},
    {"unknown_state",
     "topics:\n  - match: a\n    state: lastt\n",
     {"weir.yaml:3:5: topics[0].state.kind: \"lastt\" is not one of: none, last, keyed; did you "
      "mean last?"}},
    {"list_for_a_state",
     "topics: [{match: a, state: [keyed]}]\n",
     {"weir.yaml:1:21: topics[0].state: is a list where a word or a mapping of kind, keys "
      "belongs"}},
    {"too_many_keys",
     "topics: [{match: a, state: {kind: keyed, keys: 1000001}}]\n",
     {"weir.yaml:1:42: topics[0].state.keys: \"1000001\" is above the most allowed, 1000000"}},
    {"unknown_way_to_be_slow",
     "topics: [{match: a, slow: conflated}]\n",
     {"weir.yaml:1:21: topics[0].slow: \"conflated\" is not one of: disconnect, drop_oldest, "
      "conflate; did you mean conflate?"}},
    {"memory_of_no_percentage",
     "limits: {memory: 96%}\n",
     {"weir.yaml:1:10: limits.memory: \"96%\" is not a percentage from 1% to 95%"}},
    {"memory_of_a_bare_number",
     "limits: {memory: 75}\n",
     {"weir.yaml:1:10: limits.memory: \"75\" is neither a percentage such as 75% nor a size such "
      "as 2GiB"}},
    {"memory_too_small",
     "limits: {memory: 31MiB}\n",
     {"weir.yaml:1:10: limits.memory: \"31MiB\" is below the least allowed, 32MiB"}},
    {"rate_of_nothing",
     "topics: [{match: a, state: last, rate: 0}]\n",
     {"weir.yaml:1:34: topics[0].rate: \"0\" is below the least allowed, 0.001/s"}},
    {"rate_a_minute",
     "topics: [{match: a, state: last, rate: 10/m}]\n",
     {"weir.yaml:1:34: topics[0].rate: \"10/m\" is not a rate such as 10/s or 0.5/s, with three "
      "decimals at most"}},
    {"rate_too_high",
     "topics: [{match: a, state: last, rate: 1000001}]\n",
     {"weir.yaml:1:34: topics[0].rate: \"1000001\" is above the most allowed, 1000000/s"}},
    {"value_for_an_inner_section",
     "session: {replay: 5}\n",
     {"weir.yaml:1:11: session.replay: is a single value where a mapping of messages, bytes "
      "belongs"}},
    {"key_without_anything",
     "api: {keys: [{}]}\n",
     {"weir.yaml:1:14: api.keys[0]: name is missing", "weir.yaml:1:14: api.keys[0]: key is missing",
      "weir.yaml:1:14: api.keys[0]: scopes is missing"}},
    {"empty_key",
     "api: {keys: [{name: a, key: \"\", scopes: [read]}]}\n",
     {"weir.yaml:1:24: api.keys[0].key: is empty; give key or key_file"}},
    {"unknown_scope",
     "api: {keys: [{name: a, key: 0123456789abcdef, scopes: [reed]}]}\n",
     {"weir.yaml:1:56: api.keys[0].scopes[0]: \"reed\" is not one of: publish, send, disconnect, "
      "subscribe, read, operate, *; did you mean read?"}},
    {"no_scope",
     "api: {keys: [{name: a, key: 0123456789abcdef, scopes: []}]}\n",
     {"weir.yaml:1:47: api.keys[0].scopes: holds 0 items; allowed are 1 to 16"}},
    {"bad_key_name",
     "api: {keys: [{name: a b, key: 0123456789abcdef, scopes: [read]}]}\n",
     {"weir.yaml:1:15: api.keys[0].name: \"a b\" is not a name of 1 to 64 letters, digits, _ - or "
      "."}},
    {"syntax",
     "limits:\n  topics: [1\nlog: {}\n",
     {"weir.yaml:3:4: a [ is not closed before this"}},
    {"unclosed_mapping", "limits: {topics: 1\n", {"weir.yaml:2:1: a { is not closed before this"}},
    {"unclosed_quote",
     "log:\n  level: \"info\n",
     {"weir.yaml:3:1: a quote is not closed before the end of the file"}},
    {"stray_bracket",
     "origins: same]\nlog: ]\n",
     {"weir.yaml:2:6: this closes a bracket that is not open"}},
    {"bad_indentation",
     "limits:\n    topics: 1\n  errors: 1\n",
     {"weir.yaml:3:3: not a `key: value` of the mapping above; look at the indentation"}},
    {"colon_in_a_text",
     "auth: {jwt: {secret: a}}\nlog: level: info\n",
     {"weir.yaml:2:11: a colon cannot stand here; quote the text, or look at the indentation"}},
    {"tab",
     "limits:\n\ttopics: 1\n",
     {"weir.yaml:2:1: indented with a tab; YAML takes spaces only"}},
    {"file_is_a_list", "- a\n", {"weir.yaml:1:1: the file is a list where a mapping belongs"}},
    {"second_document",
     "log: {}\n---\nlog: {}\n",
     {"weir.yaml:3:1: a second document begins here; the file holds one"}},
    {"control_character",
     "log:\n  level: \x1b[31m\n",
     {"weir.yaml:2:10: a control character; the file is text in UTF-8"}},
    {"not_utf8", "log: {level: \"\xff\"}\n", {"weir.yaml: not UTF-8 text"}},
    {"anchor",
     "log: &a {level: warn}\n",
     {"weir.yaml:1:6: anchors and aliases are not read here; write the value out"}},
    {"tag",
     "shards: !!int 4\n",
     {"weir.yaml:1:9: tags are not read here; write the value without one"}},
};

class every_fault : public testing::TestWithParam<fault_case> {};

TEST_P(every_fault, names_its_place_and_what_to_do) {
    loaded const l = load_yaml(GetParam().yaml);
    EXPECT_THAT(texts(l, severity::error), testing::ElementsAreArray(GetParam().errors));
    EXPECT_FALSE(l.ok());
}

INSTANTIATE_TEST_SUITE_P(config, every_fault, testing::ValuesIn(cases),
                         [](auto const& i) { return i.param.name; });

TEST(faults, are_all_reported_at_once_by_place) {
    sources s = from_nowhere();
    s.variables = {{"WEIR_LOG__LEVEL", "loud"}};
    s.assignments = {"shards=none", "limits.topics=0"};
    loaded const l = load_yaml("drain: {timeout: 5}\nlimits: {x: 1, topics: a}\n", s);
    std::vector<std::string> paths;
    for (config_fault const& f : l.faults) {
        if (f.weight == severity::error) paths.push_back(f.source + ' ' + f.path);
    }
    EXPECT_THAT(paths, ElementsAre("weir.yaml drain.timeout", "weir.yaml limits.x",
                                   "weir.yaml limits.topics", "WEIR_LOG__LEVEL log.level",
                                   "--set shards", "--set limits.topics"));
}

TEST(faults, are_bounded_and_say_how_many_more) {
    std::string text;
    for (std::size_t i = 0; i < faults_max + 50; ++i) text += "k" + std::to_string(i) + ": 1\n";
    loaded const l = load_yaml(text);
    ASSERT_EQ(l.faults.size(), faults_max + 1);
    // One more is the warning that nobody can connect.
    EXPECT_EQ(l.faults.back().message, "and 51 more");
}

TEST(faults, an_error_is_not_hidden_by_warnings) {
    std::string text = "topics:\n";
    for (std::size_t i = 0; i < faults_max + 50; ++i) text += "  - {match: \"**\"}\n";
    loaded const l = load_yaml(text + "api: {keys: [{name: a, key: \"\", scopes: [read]}]}\n");
    EXPECT_THAT(texts(l, severity::error),
                ElementsAre("weir.yaml:152:24: api.keys[0].key: is empty; give key or key_file",
                            "and 51 more"));
}

TEST(faults, carry_no_control_characters_from_keys) {
    loaded const l = load_yaml("\"a\\e[31m\\nb\": 1\n");
    ASSERT_FALSE(l.ok());
    std::string const text = texts(l, severity::error).front();
    EXPECT_EQ(text.find_first_of("\x1b\n"), std::string::npos) << text;
}

TEST(faults, do_not_follow_from_a_value_that_was_refused) {
    // The interval that was meant is unknown, so that min: 60s contradicts nothing.
    loaded const l = load_yaml("heartbeat: {interval: 70, min: 60s}\n");
    EXPECT_EQ(texts(l, severity::error).size(), 1U);
}

TEST(faults, of_a_file_that_is_no_yaml_stand_alone) {
    loaded const l = load_yaml("auth: {anonymous: true\n");
    EXPECT_EQ(l.faults.size(), 1U) << "nothing about values that were never read";
}

TEST(faults, an_empty_file_and_empty_sections_are_the_defaults) {
    for (char const* const text : {"", "# nothing\n", "---\n", "limits:\nlog:\n", "limits: {}\n"}) {
        EXPECT_THAT(texts(load_yaml(text), severity::error), IsEmpty()) << text;
    }
}

TEST(faults, a_file_that_cannot_be_read_is_one) {
    sources s = from_nowhere();
    s.file = "missing.yaml";
    EXPECT_THAT(texts(load(s), severity::error),
                ElementsAre("missing.yaml: No such file or directory"));
    EXPECT_THAT(texts(load_yaml(std::string(file_bytes_max + 1, ' ')), severity::error),
                ElementsAre("weir.yaml: larger than 1048576 bytes"));
}

}  // namespace
}  // namespace weir::config::test
