#include <weir/http/host_check.hpp>

#include <gtest/gtest.h>

#include <string>

namespace weir::http {
namespace {

using boost::asio::ip::make_address;

host_policy loopback() {
    return {make_address("127.0.0.1"), std::uint16_t{8081}, {}};
}

TEST(host_allowed, is_this_machine_by_address_or_localhost) {
    for (auto const* host : {"127.0.0.1:8081", "127.0.0.1", "127.8.9.10:8081", "[::1]:8081",
                             "[::1]", "localhost:8081", "LocalHost", "localhost:"}) {
        EXPECT_TRUE(host_allowed(host, loopback())) << host;
    }
}

TEST(host_allowed, is_no_other_name_and_no_other_address) {
    for (auto const* host : {"",
                             "evil.example",
                             "evil.example:8081",
                             "localhost.evil.example",
                             "localhost:8080",
                             "127.0.0.1:80",
                             "192.0.2.1:8081",
                             "[2001:db8::1]",
                             "127.0.0.1.evil.example",
                             "2130706433",
                             "0x7f.1",
                             "[127.0.0.1]",
                             "::1",
                             "[::1",
                             "[localhost]",
                             "localhost:8081:8081",
                             "u@localhost",
                             "localhost/",
                             "localhost:+8081",
                             "localhost:65537"}) {
        EXPECT_FALSE(host_allowed(host, loopback())) << host;
    }
}

TEST(host_allowed, is_the_address_that_is_listened_on) {
    host_policy const one{make_address("192.0.2.1"), std::uint16_t{8081}, {}};
    EXPECT_TRUE(host_allowed("192.0.2.1:8081", one));
    EXPECT_FALSE(host_allowed("192.0.2.2:8081", one));
    host_policy const all{make_address("::"), std::uint16_t{8081}, {}};
    EXPECT_TRUE(host_allowed("192.0.2.2:8081", all));
    EXPECT_TRUE(host_allowed("[2001:db8::1]:8081", all));
    EXPECT_FALSE(host_allowed("evil.example:8081", all));
}

TEST(host_allowed, is_a_configured_name) {
    auto policy = loopback();
    policy.names = {"weir.internal"};
    EXPECT_TRUE(host_allowed("Weir.Internal:8081", policy));
    EXPECT_FALSE(host_allowed("x.weir.internal:8081", policy));
}

TEST(host_allowed, is_a_configured_address) {
    auto policy = loopback();
    policy.names = {"192.0.2.1", "2001:db8::1"};
    EXPECT_TRUE(host_allowed("192.0.2.1:8081", policy));
    EXPECT_TRUE(host_allowed("[2001:db8:0:0::1]:8081", policy));
    EXPECT_FALSE(host_allowed("192.0.2.2:8081", policy));
}

TEST(host_allowed, is_any_well_formed_one_where_the_operator_says_so) {
    auto policy = loopback();
    policy.names = {"*"};
    EXPECT_TRUE(host_allowed("weir:8081", policy));
    EXPECT_TRUE(host_allowed("192.0.2.2", policy));
    EXPECT_TRUE(host_allowed("[2001:db8::1]:8081", policy));
    EXPECT_FALSE(host_allowed("weir:8082", policy)) << "the port is another question";
    EXPECT_FALSE(host_allowed("a b", policy));
    EXPECT_FALSE(host_allowed("", policy));
}

TEST(host_allowed, may_leave_the_port_open) {
    auto policy = loopback();
    policy.port = std::nullopt;
    EXPECT_TRUE(host_allowed("localhost:9000", policy));
}

TEST(parse_authority, takes_host_and_port_apart) {
    auto const named = parse_authority("a.example:80");
    ASSERT_TRUE(named);
    EXPECT_EQ(named->host, "a.example");
    EXPECT_FALSE(named->ipv6);
    EXPECT_EQ(named->port, std::uint16_t{80});
    auto const v6 = parse_authority("[2001:db8::1]");
    ASSERT_TRUE(v6);
    EXPECT_EQ(v6->host, "2001:db8::1");
    EXPECT_TRUE(v6->ipv6);
    EXPECT_EQ(v6->port, std::nullopt);
    EXPECT_FALSE(parse_authority(std::string(256, 'a')));
    EXPECT_FALSE(parse_authority("a b"));
    EXPECT_FALSE(parse_authority("[::1]x"));
    EXPECT_FALSE(parse_authority("[]"));
}

}  // namespace
}  // namespace weir::http
