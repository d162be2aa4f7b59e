#include "config/loading.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace weir::config::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::IsEmpty;

struct combination {
    char const* name;
    char const* yaml;
    std::vector<std::string> errors;
};

std::vector<combination> const impossible = {
    {"interval_below_min",
     "heartbeat:\n  interval: 5s\n",
     {"weir.yaml:2:3: heartbeat.interval: interval 5s is below min 10s; change both together",
      "weir.yaml:2:3: heartbeat.interval: timeout 10s is above interval 5s: the next ping would be "
      "sent before the last one has timed out"}},
    {"min_above_default_interval",
     "heartbeat: {min: 60s}\n",
     {"weir.yaml:1:13: heartbeat.min: interval 30s is below min 1m; change both together"}},
    {"interval_above_max",
     "heartbeat: {interval: 3m}\n",
     {"weir.yaml:1:13: heartbeat.interval: interval 3m is above max 2m; change both together"}},
    {"min_above_max",
     "heartbeat: {min: 3m}\n",
     {"weir.yaml:1:13: heartbeat.min: min 3m is above max 2m"}},
    {"outbox_below_message",
     "limits: {message_bytes: 64KiB, outbox_bytes: 32KiB}\n",
     {"weir.yaml:1:32: limits.outbox_bytes: outbox_bytes 32KiB cannot hold one message of "
      "message_bytes 64KiB"}},
    {"more_sessions_than_shards_can_hold",
     "shards: 1\nlimits: {connections: 1000000}\nsession: {detached: {total: 48577}}\n",
     {"weir.yaml:2:10: limits.connections: connections 1000000 and session.detached.total 48577 "
      "are more than the 1048576 sessions that shards 1 can hold"}},
    {"message_above_the_backlog",
     "limits: {message_bytes: 64MiB, outbox_bytes: 64MiB, backlog: {bytes: 1MiB}}\n"
     "session: {replay: {bytes: 64MiB}}\n",
     {"weir.yaml:1:63: limits.backlog.bytes: bytes 1MiB cannot hold one message of message_bytes "
      "64MiB"}},
    {"message_above_default_outbox",
     "limits: {message_bytes: 2MiB}\n",
     {"weir.yaml:1:10: limits.message_bytes: outbox_bytes 1MiB cannot hold one message of "
      "message_bytes 2MiB"}},
    {"outbox_above_replay",
     "limits: {outbox_bytes: 4MiB}\n",
     {"weir.yaml:1:10: limits.outbox_bytes: outbox_bytes 4MiB is above session.replay.bytes 2MiB: "
      "what was sent at once could not all be sent again after a resume"}},
    {"replay_below_default_outbox",
     "session:\n  replay: {bytes: 1KiB}\n",
     {"weir.yaml:2:12: session.replay.bytes: outbox_bytes 1MiB is above session.replay.bytes 1KiB: "
      "what was sent at once could not all be sent again after a resume"}},
    {"rate_without_anything_to_conflate",
     "topics:\n  - match: a\n    rate: 5\n    history: {messages: 1}\n",
     {"weir.yaml:3:5: topics[0].rate: needs state or slow: conflate, so that a newer message "
      "may replace an older one of the same key"}},
    {"keys_of_the_last",
     "topics: [{match: a, state: {kind: last, keys: 5}}]\n",
     {"weir.yaml:1:41: topics[0].state.keys: belongs to kind: keyed; kind: last keeps one "
      "message"}},
    {"keys_of_no_state",
     "topics: [{match: a, state: {keys: 5}}]\n",
     {"weir.yaml:1:29: topics[0].state.keys: belongs to kind: keyed; this topic has no state"}},
    {"a_topic_above_all_topics",
     "limits: {history_bytes: 1MiB}\ntopics: [{match: a, history: {messages: 5, bytes: 2MiB}}]\n",
     {"weir.yaml:2:44: topics[0].history.bytes: one topic's 2MiB are more than "
      "limits.history_bytes 1MiB has for all topics"}},
    {"same_port",
     "listen: {public: {address: 127.0.0.1, port: 8081}}\n",
     {"weir.yaml:1:39: listen.public.port: the internal listener has the public one's port 8081 on "
      "an address that overlaps"}},
    {"same_port_below_a_wildcard",
     "listen: {internal: {port: 8080}}\n",
     {"weir.yaml:1:21: listen.internal.port: the internal listener has the public one's port 8080 "
      "on an address that overlaps"}},
    {"certificate_without_key",
     "listen: {public: {tls: {certificate: c.pem}}}\n",
     {"weir.yaml:1:25: listen.public.tls.certificate: is set without listen.public.tls.key"}},
    {"key_without_certificate",
     "listen: {internal: {tls: {key: k.pem}}}\n",
     {"weir.yaml:1:27: listen.internal.tls.key: is set without listen.internal.tls.certificate"}},
    {"owner_without_user",
     "topics:\n  - match: \"chat.*\"\n    subscribe: owner\n    publish: [owner, anyone]\n",
     {"weir.yaml:3:5: topics[0].subscribe: owner needs a {user} segment in match to say whose "
      "topic it is, and chat.* has none",
      "weir.yaml:4:5: topics[0].publish: owner needs a {user} segment in match to say whose topic "
      "it is, and chat.* has none"}},
    {"pem_as_secret",
     "auth: {jwt: {secret: \"-----BEGIN PUBLIC KEY-----\"}}\n",
     {"weir.yaml:1:14: auth.jwt.secret: is a PEM key or certificate; HS256 needs a secret of "
      "random bytes"}},
    {"secret_that_can_be_guessed",
     "auth: {jwt: {secret: hunter2}}\n",
     {"weir.yaml:1:14: auth.jwt.secret: has 7 bytes; HS256 needs at least 32, or it can be "
      "guessed. "
      "Make one with: openssl rand -base64 32"}},
    {"secret_one_byte_too_short",
     "auth: {jwt: {secret: 0123456789abcdef0123456789abcde}}\n",
     {"weir.yaml:1:14: auth.jwt.secret: has 31 bytes; HS256 needs at least 32, or it can be "
      "guessed. Make one with: openssl rand -base64 32"}},
    {"api_key_that_can_be_guessed",
     "auth: {anonymous: true}\napi: {keys: [{name: a, key: x, scopes: [read]}]}\n",
     {"weir.yaml:2:24: api.keys[0].key: has 1 byte; an API key needs at least 16, or it can be "
      "guessed. Make one with: openssl rand -base64 32"}},
    {"same_key_twice",
     "api:\n  keys:\n"
     "    - {name: a, key: 0123456789abcdef, scopes: [read]}\n"
     "    - {name: b, key: 0123456789abcdef, scopes: [send]}\n",
     {"weir.yaml:4:17: api.keys[1].key: is the same key as that of api.keys[0]"}},
    {"same_name_twice",
     "api:\n  keys:\n"
     "    - {name: a, key: 0123456789abcdef, scopes: [read]}\n"
     "    - {name: a, key: 0123456789abcdeF, scopes: [send]}\n",
     {"weir.yaml:4:8: api.keys[1].name: is already the name of api.keys[0]"}},
};

class impossible_combination : public testing::TestWithParam<combination> {};

TEST_P(impossible_combination, is_an_error_at_the_key_that_was_set) {
    fake_files files;
    files.all["c.pem"] = {"-----BEGIN CERTIFICATE-----\n", false};
    files.all["k.pem"] = {"-----BEGIN PRIVATE KEY-----\n", false};
    loaded const l = load_yaml(GetParam().yaml, from_nowhere(files));
    EXPECT_THAT(texts(l, severity::error), ElementsAreArray(GetParam().errors));
}

INSTANTIATE_TEST_SUITE_P(config, impossible_combination, testing::ValuesIn(impossible),
                         [](auto const& i) { return i.param.name; });

TEST(combinations, as_many_sessions_as_shards_can_hold_are_accepted) {
    for (auto const* text :
         {"shards: 1\nlimits: {connections: 1000000}\nsession: {detached: {total: 48576}}\n",
          "limits: {connections: 10000000}\nsession: {detached: {total: 10000000}}\n",
          "shards: 256\nlimits: {connections: 10000000}\nsession: {detached: {total: "
          "10000000}}\n"}) {
        EXPECT_THAT(texts(load_yaml(text), severity::error), IsEmpty());
    }
}

TEST(combinations, of_rules_are_all_reported_at_once) {
    loaded const l = load_yaml(
        "limits: {history_bytes: 1MiB, outbox_bytes: 4MiB}\n"
        "topics:\n"
        "  - {match: a, rate: 5}\n"
        "  - {match: b, state: {kind: last, keys: 5}, history: {messages: 5, bytes: 2MiB}}\n");
    EXPECT_EQ(texts(l, severity::error).size(), 4U);
}

TEST(combinations, of_a_rule_are_silent_about_a_value_that_was_refused) {
    EXPECT_EQ(
        texts(load_yaml("topics: [{match: a, state: keyd, rate: 5}]\n"), severity::error).size(),
        1U);
}

TEST(combinations, without_resuming_the_outbox_may_be_large) {
    EXPECT_THAT(texts(load_yaml("session: {resume_window: 0s}\nlimits: {outbox_bytes: 4MiB}\n"),
                      severity::error),
                IsEmpty());
}

TEST(combinations, free_ports_and_different_addresses_do_not_clash) {
    for (char const* const yaml :
         {"listen: {public: {port: 0}, internal: {port: 0}}\n",
          "listen: {public: {address: 127.0.0.1, port: 9}, internal: {address: 127.0.0.2, port: 9}}"
          "\n"}) {
        EXPECT_THAT(texts(load_yaml(yaml), severity::error), IsEmpty()) << yaml;
    }
}

TEST(combinations, that_are_impossible_hide_warnings) {
    loaded const l = load_yaml(
        "heartbeat: {min: 60s}\ntopics: []\n"
        "listen: {internal: {address: 0.0.0.0}}\n");
    EXPECT_EQ(texts(l, severity::error).size(), 1U);
    EXPECT_THAT(texts(l, severity::warning), IsEmpty());
}

struct warning_case {
    char const* name;
    char const* yaml;
    std::vector<std::string> warnings;
};

std::vector<warning_case> const doubtful = {
    {"nobody_can_connect",
     "",
     {"auth.anonymous: nobody can connect: set auth.jwt.secret for clients with tokens, or "
      "auth.anonymous for clients without"}},
    {"metrics_on_the_network",
     "auth: {anonymous: true}\nlisten: {internal: {address: 0.0.0.0}}\n",
     {"weir.yaml:2:21: listen.internal.address: metrics and health are open to the network here, "
      "without a key"}},
    {"keys_in_clear_text",
     "auth: {anonymous: true}\nlisten: {internal: {address: 10.0.0.1}}\n"
     "api: {keys: [{name: a, key: 0123456789abcdef, scopes: [\"*\"]}]}\n",
     {"weir.yaml:2:21: listen.internal.address: API keys cross the network in clear text; set "
      "listen.internal.tls or use 127.0.0.1"}},
    {"no_rules",
     "auth: {anonymous: true}\ntopics: []\n",
     {"weir.yaml:2:1: topics: without a rule every topic is refused"}},
    {"dedupe_below_resume",
     "auth: {anonymous: true}\ndedupe_window: 1m\n",
     {"weir.yaml:2:1: dedupe_window: dedupe_window 1m is below session.resume_window 2m: a "
      "publish that a client sends again after a late resume may be stored twice"}},
    {"slow_where_nobody_is",
     "auth: {anonymous: true}\ntopics: [{match: a, history: {messages: 5}, slow: drop_oldest}]\n",
     {"weir.yaml:2:45: topics[0].slow: has no effect with history: slow subscribers are fed from "
      "the history"}},
    {"history_below_one_message",
     "auth: {anonymous: true}\ntopics: [{match: a, history: {messages: 5, bytes: 1KiB}}]\n",
     {"weir.yaml:2:44: topics[0].history.bytes: bytes 1KiB cannot hold one message of "
      "limits.message_bytes 64KiB: such a message is not kept"}},
    {"unreachable_rule",
     "auth: {anonymous: true}\ntopics:\n  - match: \"inbox.{user}\"\n  - match: inbox.*\n",
     {"weir.yaml:4:5: topics[1].match: is never reached: topics[0] (inbox.{user}) comes first and "
      "matches all of it"}},
};

class doubtful_combination : public testing::TestWithParam<warning_case> {};

TEST_P(doubtful_combination, is_a_warning_and_loads) {
    loaded const l = load_yaml(GetParam().yaml);
    EXPECT_TRUE(l.ok());
    EXPECT_THAT(texts(l, severity::warning), ElementsAreArray(GetParam().warnings));
}

INSTANTIATE_TEST_SUITE_P(config, doubtful_combination, testing::ValuesIn(doubtful),
                         [](auto const& i) { return i.param.name; });

TEST(development, is_loopback_anonymous_and_open) {
    loaded const l = load(from_nowhere());
    EXPECT_TRUE(l.ok());
    EXPECT_TRUE(l.development);
    EXPECT_THAT(l.faults, IsEmpty());
    EXPECT_TRUE(is_loopback(l.values.listen.public_listener.address));
    EXPECT_TRUE(l.values.auth.anonymous);
    ASSERT_FALSE(l.values.topics.empty());
    for (topic_rule const& rule : l.values.topics) {
        EXPECT_TRUE(rule.publish.anyone) << rule.match;
        EXPECT_TRUE(rule.subscribe.anyone) << rule.match;
    }
}

TEST(development, keeps_history_state_and_presence_of_every_topic) {
    topic_rule const rest = load(from_nowhere()).values.topics.back();
    EXPECT_EQ(rest.match, "**");
    EXPECT_GE(rest.history.messages, 1000U);
    EXPECT_EQ(rest.state.kind, state_kind::keyed);
    EXPECT_TRUE(rest.presence);
}

TEST(development, has_no_limit_that_one_address_reaches_before_all_do) {
    settings const s = load(from_nowhere()).values;
    EXPECT_EQ(s.limits.connections_per_ip, s.limits.connections);
    EXPECT_EQ(s.limits.handshakes_per_ip_per_second, s.limits.handshakes_per_second);
    EXPECT_EQ(s.session.detached.per_ip, s.session.detached.total);
}

TEST(development, refuses_to_listen_beyond_loopback) {
    for (char const* const address : {"0.0.0.0", "10.0.0.1", "::", "128.0.0.1"}) {
        sources s = from_nowhere();
        s.assignments = {std::string("listen.public.address=") + address};
        EXPECT_THAT(texts(load(s), severity::error),
                    ElementsAre("--set: listen.public.address: " + std::string(address) +
                                " is beyond loopback, where development mode does not listen: "
                                "anonymous clients may do everything; give a file with -c"));
    }
    sources s = from_nowhere();
    s.variables = {{"WEIR_LISTEN__PUBLIC__ADDRESS", "::1"}};
    EXPECT_TRUE(load(s).ok());
}

}  // namespace
}  // namespace weir::config::test
