#include <weir/http/origin.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace weir::http {
namespace {

using testing::HasSubstr;

struct origin_case {
    std::vector<std::string> entries;
    std::string origin;
    std::string host;
    bool secure;
    bool allowed;
};
class origin_policy_allows : public testing::TestWithParam<origin_case> {};

TEST_P(origin_policy_allows, what_is_listed) {
    auto const& c = GetParam();
    auto const policy = origin_policy::parse(c.entries);
    ASSERT_TRUE(policy);
    EXPECT_EQ(policy->allows(c.origin, c.host, c.secure), c.allowed)
        << c.origin << " for " << c.host << (c.secure ? " over TLS" : "");
}

INSTANTIATE_TEST_SUITE_P(
    same, origin_policy_allows,
    testing::Values(origin_case{{"same"}, "http://a.com", "a.com", false, true},
                    origin_case{{"same"}, "http://a.com:80", "a.com", false, true},
                    origin_case{{"same"}, "http://a.com", "a.com:80", false, true},
                    origin_case{{"same"}, "HTTP://A.com", "a.COM", false, true},
                    origin_case{{"same"}, "http://localhost:8080", "localhost:8080", false, true},
                    origin_case{{"same"}, "http://[::1]:8080", "[::1]:8080", false, true},
                    origin_case{{"same"}, "https://a.com", "a.com", true, true},
                    origin_case{{"same"}, "https://a.com", "a.com:443", true, true},
                    // TLS ends at a proxy in front.
                    origin_case{{"same"}, "https://a.com", "a.com", false, true},
                    origin_case{{"same"}, "https://a.com:8443", "a.com:8443", false, true},
                    origin_case{{"same"}, "http://a.com", "a.com", true, false},
                    origin_case{{"same"}, "http://a.com:443", "a.com:443", true, false},
                    origin_case{{"same"}, "http://a.com:8080", "a.com", false, false},
                    origin_case{{"same"}, "http://a.com", "a.com:8080", false, false},
                    origin_case{{"same"}, "http://localhost:3000", "localhost:8080", false, false},
                    origin_case{{"same"}, "http://b.com", "a.com", false, false},
                    origin_case{{"same"}, "http://a.com.b.com", "a.com", false, false},
                    origin_case{{"same"}, "http://xa.com", "a.com", false, false},
                    origin_case{{"same"}, "http://a.com.", "a.com", false, false},
                    origin_case{{"same"}, "null", "a.com", false, false},
                    origin_case{{"same"}, "", "a.com", false, false},
                    origin_case{{"same"}, "a.com", "a.com", false, false},
                    origin_case{{"same"}, "file://", "a.com", false, false},
                    origin_case{{"same"}, "ftp://a.com", "a.com", false, false},
                    origin_case{{"same"}, "http://a.com/", "a.com", false, false},
                    origin_case{{"same"}, "http://u@a.com", "a.com", false, false},
                    origin_case{{"same"}, "http://a.com http://b.com", "a.com", false, false}));

INSTANTIATE_TEST_SUITE_P(
    exact, origin_policy_allows,
    testing::Values(origin_case{{"https://a.com"}, "https://a.com", "x", false, true},
                    origin_case{{"https://a.com"}, "https://a.com:443", "x", false, true},
                    origin_case{{"https://A.com:443"}, "https://a.com", "x", false, true},
                    origin_case{{"https://a.com"}, "http://a.com", "a.com", false, false},
                    origin_case{{"https://a.com"}, "https://a.com:8443", "x", false, false},
                    origin_case{{"https://a.com"}, "https://b.a.com", "x", false, false},
                    origin_case{
                        {"https://a.com", "http://b.com:81"}, "http://b.com:81", "x", false, true},
                    origin_case{{"null"}, "null", "x", false, true},
                    origin_case{{"null"}, "http://x", "x", false, false},
                    origin_case{{"*"}, "null", "x", false, true},
                    origin_case{{}, "http://x", "x", false, false}));

INSTANTIATE_TEST_SUITE_P(
    wildcard, origin_policy_allows,
    testing::Values(origin_case{{"https://*.a.com"}, "https://b.a.com", "x", false, true},
                    origin_case{{"https://*.a.com"}, "https://c.b.A.com", "x", false, true},
                    origin_case{{"https://*.a.com"}, "https://a.com", "x", false, false},
                    origin_case{{"https://*.a.com"}, "https://.a.com", "x", false, false},
                    origin_case{{"https://*.a.com"}, "https://ba.com", "x", false, false},
                    origin_case{{"https://*.a.com"}, "https://b.a.com.evil.org", "x", false, false},
                    origin_case{{"https://*.a.com"}, "http://b.a.com", "x", false, false},
                    origin_case{{"https://*.a.com"}, "https://b.a.com:444", "x", false, false},
                    origin_case{{"https://*.a.com:444"}, "https://b.a.com:444", "x", false, true}));

TEST(origin_policy, refuses_what_is_no_origin) {
    for (std::string const& entry :
         {"", "a.com", "https://", "https://a.com/", "ws://a.com", "https://*", "https://a.*.com",
          "*.a.com", "https://*.*.com", "https://a.com:99999", "Same"}) {
        auto const policy = origin_policy::parse({"same", entry});
        ASSERT_FALSE(policy) << entry;
        EXPECT_THAT(policy.error().message, HasSubstr("\"" + entry + "\""));
    }
}

}  // namespace
}  // namespace weir::http
