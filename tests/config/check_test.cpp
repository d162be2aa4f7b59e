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
                                "     subscribe: the user whose id {user} is\n"
                                "     publish: nobody\n"
                                "  2. news.*\n"
                                "     subscribe: everyone\n"
                                "     publish: everyone with a token\n"
                                "  every other topic: refused\n"));
}

TEST(explanation, anyone_means_only_those_who_can_connect) {
    EXPECT_THAT(explained("auth: {jwt: {secret: 0123456789abcdef0123456789abcdef}}\n"
                          "topics: [{match: a, subscribe: anyone}]\n"),
                HasSubstr("     subscribe: everyone with a token\n"));
}

TEST(explanation, does_the_arithmetic) {
    machine const small{.cores = 2, .descriptors = 1024, .memory_bytes = std::uint64_t{8} << 30};
    std::string const text = explained("", small);
    EXPECT_THAT(text, HasSubstr("one a core (2 here)"));
    EXPECT_THAT(text, HasSubstr("at most 100000 × 1MiB = 97.6 GiB"));
    EXPECT_THAT(text, HasSubstr("8.0 GiB of memory here hold 8192 such clients"));
    EXPECT_THAT(text,
                HasSubstr("100128 for all connections; this process may open 1024: raise it"));
    EXPECT_THAT(text, HasSubstr("everyone back after a restart in 100 seconds"));
    EXPECT_THAT(text, HasSubstr("a dead client is found within 40s"));

    std::string const large =
        explained("limits: {connections: 10, outbox_bytes: 64KiB}\n",
                  {.cores = 1, .descriptors = 1024, .memory_bytes = std::uint64_t{8} << 30});
    EXPECT_THAT(large, HasSubstr("10 × 64KiB = 640.0 KiB"));
    EXPECT_THAT(large, HasSubstr("hold 10 such clients"));
    EXPECT_THAT(large, Not(HasSubstr("raise it")));
}

TEST(explanation, does_not_overflow_at_the_most_allowed) {
    std::string const text =
        explained("limits: {connections: 10000000, outbox_bytes: 1GiB, message_bytes: 1KiB}\n");
    EXPECT_THAT(text, HasSubstr("= 9.5 PiB"));
}

TEST(explanation, names_listeners_keys_and_warnings) {
    std::string const text = explained(
        "listen: {public: {address: \"::\", port: 0}}\n"
        "api: {keys: [{name: backend, key: 0123456789abcdef, scopes: [send, \"*\"]}]}\n");
    EXPECT_THAT(text, HasSubstr("http://[::], whichever port is free, on every network of this "
                                "machine, no TLS"));
    EXPECT_THAT(text, HasSubstr("  key backend: send, *\n"));
    EXPECT_THAT(text, HasSubstr("Warnings\n  auth.anonymous: nobody can connect"));
    EXPECT_THAT(explain(load(from_nowhere()), {}), HasSubstr("Development mode"));
}

}  // namespace
}  // namespace weir::config::test
