#include "config/loading.hpp"

#include <weir/config/check.hpp>
#include <weir/config/option.hpp>
#include <weir/config/print.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace weir::config::test {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string explained(std::string_view yaml, machine const& on = {}) {
    return explain(load_yaml(yaml), on);
}

TEST(explanation, tells_who_can_connect) {
    EXPECT_THAT(explained(""), HasSubstr("  nobody: there is no auth.jwt.secret"));
    EXPECT_THAT(explained("auth: {anonymous: true}\norigins: [same, \"https://a.example.com\"]\n"),
                testing::AllOf(HasSubstr("  clients without a token; they have no user\n"),
                               HasSubstr("  from web pages of the daemon's own host, "
                                         "https://a.example.com\n")));
    EXPECT_THAT(explained("auth: {jwt: {secret: 0123456789abcdef0123456789abcdef, issuer: us, "
                          "user_claim: uid}}\norigins: []\n"),
                testing::AllOf(HasSubstr("the user is its claim uid; iss must be us\n"),
                               HasSubstr("from no web page: origins is empty\n"),
                               Not(HasSubstr("without a token"))));
}

TEST(explanation, reads_the_rules_aloud_in_order) {
    char const* const rules =
        "topics:\n"
        "  - {match: \"inbox.{user}\", subscribe: owner}\n"
        "  - {match: \"news.*\", subscribe: anyone, publish: [authenticated, owner]}\n";
    // owner in the second is an error, so it is not there for the test of words.
    std::string const yaml(rules);
    std::string const good = yaml.substr(0, yaml.find(", owner]")) + "]}\n";
    std::string const text = explained("auth: {anonymous: true}\n" + good);
    EXPECT_THAT(text, HasSubstr("  1. inbox.{user}\n"
                                "     subscribe: the user whose id is {user}\n"
                                "     publish: nobody\n"
                                "     history: none. Clients that connect later do not get "
                                "earlier messages\n"
                                "     slow subscribers: disconnected (4104)\n"
                                "  2. news.*\n"
                                "     subscribe: everyone\n"
                                "     publish: everyone with a token\n"
                                "     history: none. Clients that connect later do not get "
                                "earlier messages\n"
                                "     slow subscribers: disconnected (4104)\n"
                                "  every other topic: refused\n"));
}

TEST(explanation, tells_what_a_rule_keeps) {
    std::string const text = explained(
        "topics:\n"
        "  - {match: a, history: {messages: 100, age: 10m}, state: last, presence: true}\n"
        "  - {match: b, state: {kind: keyed, keys: 1}, slow: conflate, rate: 0.5/s}\n"
        "  - {match: c, history: {messages: 1, age: 0s}}\n"
        "  - {match: d, slow: drop_oldest}\n");
    EXPECT_THAT(text, HasSubstr("     history: the newest 100 messages of each topic, at most 1MiB "
                                "and 10m old\n"
                                "     state: the newest message\n"
                                "     slow subscribers: fed from the history\n"
                                "     presence: subscribers can see who else is subscribed\n"
                                "  2. b\n"));
    EXPECT_THAT(text, HasSubstr("     history: none\n"
                                "     state: the newest message of each key, at most 1 key\n"
                                "     slow subscribers: get the newest message of each key\n"
                                "     rate: at most 0.5/s per subscriber and key\n"
                                "  3. c\n"));
    EXPECT_THAT(text,
                HasSubstr("     history: the newest 1 message of each topic, at most 1MiB\n"));
    EXPECT_THAT(text, HasSubstr("     slow subscribers: lose the oldest messages, with a gap\n"));
}

TEST(explanation, tells_what_sessions_may_hold) {
    machine const small{.memory_bytes = std::uint64_t{8} << 30};
    std::string const text = explained("", small);
    EXPECT_THAT(text, HasSubstr("sessions keep up to 2MiB until the client says what it has "
                                "received: 3071 full ones fit\n"));
    EXPECT_THAT(text, HasSubstr("logs and states of all topics: at most 1GiB\n"));
    EXPECT_THAT(text, HasSubstr("a session is kept for 2m after its connection; a repeated "
                                "publish is recognized for 5m\n"));
    std::string const few =
        explained("limits: {connections: 10}\nsession: {detached: {total: 100}}\n", small);
    EXPECT_THAT(few, HasSubstr("received: 110 full ones fit\n"));
    std::string const none = explained("session: {resume_window: 0s}\n", small);
    EXPECT_THAT(none, HasSubstr("off: a session ends with its connection\n"));
    EXPECT_THAT(none, Not(HasSubstr("sessions keep")));
}

TEST(explanation, tells_what_happens_as_memory_fills_up) {
    machine const small{.memory_bytes = std::uint64_t{8} << 30};
    std::string const text = explained("", small);
    EXPECT_THAT(text, HasSubstr("limits.memory is 75% of the 8.0 GiB here: 5.9 GiB\n"));
    EXPECT_THAT(text, HasSubstr("from 70%: tails and caches shrink\n"));
    EXPECT_THAT(text, HasSubstr("from 75%: the oldest detached sessions end\n"));
    EXPECT_THAT(text, HasSubstr("from 80%: handshakes are refused with 503\n"));
    EXPECT_THAT(text, HasSubstr("from 85%: connections that hold the most are closed (4104)\n"));
    EXPECT_THAT(text, HasSubstr("from 92%: publishes are refused (unavailable)\n"));
    EXPECT_THAT(explained("limits: {memory: 16GiB}\n", small),
                HasSubstr("more than the 8.0 GiB here"));
    EXPECT_THAT(explained("limits: {memory: 512MiB}\n", small),
                HasSubstr("logs and states of all topics: at most 256MiB, half of the memory\n"));
    std::string const unknown = explained("");
    EXPECT_THAT(unknown, HasSubstr("limits.memory is 75%\n"));
    EXPECT_THAT(unknown, HasSubstr("logs and states of all topics: at most 1GiB\n"));
}

TEST(explanation, tells_when_a_drain_would_be_a_storm) {
    std::string const text = explain(load_yaml(""), {}, {.drain_spread = milliseconds(24'000)});
    EXPECT_THAT(text,
                HasSubstr("100000 clients would leave over 24s, 4167 per second, and "
                          "limits.handshakes_per_second accepts only 1000: the others are "
                          "told to try later; a drain.timeout of 250s or more avoids that\n"));
    EXPECT_THAT(explain(load_yaml("limits: {connections: 10000}\n"), {},
                        {.drain_spread = milliseconds(20'000)}),
                Not(HasSubstr("would leave")));
}

TEST(explanation, anyone_means_only_those_who_can_connect) {
    EXPECT_THAT(explained("auth: {jwt: {secret: 0123456789abcdef0123456789abcdef}}\n"
                          "topics: [{match: a, subscribe: anyone}]\n"),
                HasSubstr("     subscribe: everyone with a token\n"));
}

TEST(explanation, does_the_arithmetic) {
    machine const small{.cores = 2, .descriptors = 1024, .memory_bytes = std::uint64_t{8} << 30};
    std::string const text = explain(load_yaml(""), small, {.descriptors_aside = 28});
    EXPECT_THAT(text, HasSubstr("one per core (2 here)"));
    EXPECT_THAT(text, HasSubstr("clients that stop reading wait with up to 1MiB each: 6143 full "
                                "ones fit\n"));
    EXPECT_THAT(text,
                HasSubstr("100028 for all connections; this process may open 1024: raise it"));
    EXPECT_THAT(text, HasSubstr("after a restart all clients are back in 100 seconds"));
    EXPECT_THAT(text, HasSubstr("a dead connection is closed within 40s"));

    std::string const large =
        explained("limits: {connections: 10, outbox_bytes: 64KiB}\n",
                  {.cores = 1, .descriptors = 1024, .memory_bytes = std::uint64_t{8} << 30});
    EXPECT_THAT(large, HasSubstr("up to 64KiB each: 10 full ones fit\n"));
    EXPECT_THAT(large, Not(HasSubstr("raise it")));
}

TEST(explanation, does_not_overflow_at_the_most_allowed) {
    std::string const text = explained(
        "limits: {connections: 1000000, outbox_bytes: 1GiB, message_bytes: 1KiB, memory: "
        "65536GiB}\n"
        "session: {replay: {bytes: 1GiB}, detached: {total: 1000000}}\n",
        {.memory_bytes = std::uint64_t{1} << 50});
    EXPECT_THAT(text, HasSubstr("up to 1GiB each: 65536 full ones fit"));
    EXPECT_THAT(text, HasSubstr("received: 65536 full ones fit"));
}

TEST(explanation, names_listeners_keys_and_warnings) {
    std::string const text = explained(
        "listen: {public: {address: \"::\", port: 0}}\n"
        "api: {keys: [{name: backend, key: 0123456789abcdef, scopes: [send, \"*\"]}]}\n");
    EXPECT_THAT(text, HasSubstr("http://[::], any free port, on every network of this "
                                "machine, no TLS"));
    EXPECT_THAT(text, HasSubstr("  key backend: send, *\n"));
    EXPECT_THAT(text, HasSubstr("Warnings\n  auth.anonymous: nobody can connect"));
    EXPECT_THAT(explain(load(from_nowhere()), {}), HasSubstr("Development mode"));
}

}  // namespace
}  // namespace weir::config::test
