#include "config/syntax.hpp"

#include <weir/config/settings.hpp>

#include <gtest/gtest.h>

#include <string>

namespace weir::config {
namespace {

TEST(address, is_a_literal) {
    for (char const* const good :
         {"0.0.0.0", "127.0.0.1", "::", "::1", "fe80::1", "::ffff:1.2.3.4"}) {
        EXPECT_EQ(address_fault(good), "") << good;
    }
    for (char const* const bad : {"", "localhost", "1.2.3", "1.2.3.4:80", "[::1]", "fe80::1%eth0",
                                  "256.0.0.1", " 127.0.0.1", "*"}) {
        EXPECT_NE(address_fault(bad), "") << bad;
    }
}

TEST(address, loopback_is_told_from_what_only_looks_like_it) {
    for (char const* const yes : {"127.0.0.1", "127.255.0.1", "::1", "0:0:0:0:0:0:0:1"}) {
        EXPECT_TRUE(is_loopback(yes)) << yes;
    }
    for (char const* const no :
         {"0.0.0.0", "::", "128.0.0.1", "127.evil.example", "::2", "", "127."}) {
        EXPECT_FALSE(is_loopback(no)) << no;
    }
}

TEST(host_name, is_what_a_host_header_may_name) {
    for (char const* const good : {"*", "weir", "Weir.Internal", "weir.default.svc.cluster.local",
                                   "a_b-c.1", "192.0.2.1", "2001:db8::1"}) {
        EXPECT_EQ(host_name_fault(good), "") << good;
    }
    for (char const* const bad : {"", "weir:8081", "http://weir", "weir/", "*.example.com", "a..b",
                                  ".a", "a.", "a b", "[::1]", "é"}) {
        EXPECT_NE(host_name_fault(bad), "") << bad;
    }
    EXPECT_NE(host_name_fault(std::string(254, 'a')), "");
}

TEST(origin, is_what_a_browser_sends) {
    for (char const* const good :
         {"same", "https://example.com", "http://localhost:3000", "https://*.example.com",
          "https://a-b.example.com:8443", "http://127.0.0.1:5173", "http://[::1]:3000",
          "https://[2001:db8::1]", "http://example.com:443", "https://xn--mnchen-3ya.de"}) {
        EXPECT_EQ(origin_fault(good), "") << good;
    }
    for (char const* const bad : {"",
                                  "*",
                                  "null",
                                  "example.com",
                                  "https://",
                                  "https://example.com/",
                                  "https://a/b",
                                  "https://u@example.com",
                                  "https://example.com:443",
                                  "http://example.com:80",
                                  "https://example.com:",
                                  "https://example.com:0",
                                  "https://example.com:70000",
                                  "https://example.com:8o",
                                  "https://Example.com",
                                  "https://a.*.com",
                                  "https://*",
                                  "https://**.example.com",
                                  "https://a..b",
                                  "https://.a",
                                  "https://a.",
                                  "ftp://example.com",
                                  "https://[::1",
                                  "https://[x]",
                                  "https://a b",
                                  "https://a,https://b",
                                  "wss://example.com"}) {
        EXPECT_NE(origin_fault(bad), "") << bad;
    }
}

TEST(pattern, is_of_whole_segments) {
    for (char const* const good :
         {"**", "*", "a", "a.b", "a.*", "*.a", "a.**", "inbox.{user}", "{user}.**", "A-z_0=@:.x"}) {
        EXPECT_EQ(pattern_fault(good), "") << good;
    }
    for (char const* const bad :
         {"", ".", "a.", ".a", "a..b", "a*", "a.*b", "***", "**.a", "a.**.b", "{id}", "x{user}",
          "{user}.{user}", "$user.a", "a b", "a/b", "a.\xc3\xa9", "a#"}) {
        EXPECT_NE(pattern_fault(bad), "") << bad;
    }
    EXPECT_EQ(pattern_fault(std::string(200, 'a')), "");
    EXPECT_NE(pattern_fault(std::string(201, 'a')), "");
}

TEST(pattern, that_covers_another_hides_it) {
    struct {
        char const* earlier;
        char const* later;
        bool covers;
    } const cases[] = {
        {"**", "a", true},       {"**", "**", true},        {"*", "a", true},
        {"a.*", "a.b", true},    {"a.*", "a.{user}", true}, {"a.{user}", "a.*", true},
        {"a.**", "a.b.c", true}, {"a.**", "a.*.**", true},  {"a.**", "a.**", true},
        {"a.**", "a", false},    {"a", "a", true},          {"a", "b", false},
        {"a.b", "a.*", false},   {"*", "**", false},        {"*", "a.b", false},
        {"a.*", "a", false},     {"a.*.c", "a.b.*", false}, {"a.*", "a.**", false},
    };
    for (auto const& c : cases) {
        EXPECT_EQ(covers(c.earlier, c.later), c.covers) << c.earlier << " over " << c.later;
    }
}

}  // namespace
}  // namespace weir::config
