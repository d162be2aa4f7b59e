#include "auth/signing.hpp"

#include <weir/auth/identity.hpp>

#include <gtest/gtest.h>

#include <string>

namespace weir::auth {
namespace {

constexpr wall_ms at = 1'700'000'000'000;

token_request for_user(std::string user) {
    token_request r;
    r.user = std::move(user);
    r.now = at;
    return r;
}

TEST(issue, what_is_issued_is_accepted) {
    jwt_settings s;
    s.secret = test_key;
    s.issuer = "me";
    s.audience = "weir";
    auto const v = make_jwt_verifier(s);
    for (std::string const user : {"ann", "ann@example.org", "Zoë \"the\" \\ one", "$x.y"}) {
        token_request r = for_user(user);
        r.issuer = "me";
        r.audience = "weir";
        r.ttl = milliseconds(60'000);
        auto const token = issue_token(test_key, r);
        ASSERT_TRUE(token) << user;
        auto const who = v->verify(*token, at);
        ASSERT_TRUE(who) << user;
        EXPECT_EQ(who->user, user);
        EXPECT_EQ(who->issued_at, at);
        EXPECT_EQ(who->expires_at, at + 60'000);
        EXPECT_TRUE(v->verify(*token, at + 89'999));
        EXPECT_EQ(v->verify(*token, at + 90'000).error().code, errc::token_expired);
    }
}

TEST(issue, is_what_everybody_else_makes_of_it) {
    token_request r = for_user("ann");
    r.ttl = milliseconds(1500);
    auto const token = issue_token(test_key, r);
    ASSERT_TRUE(token);
    EXPECT_EQ(*token, sign(R"({"alg":"HS256","typ":"JWT"})",
                           R"({"sub":"ann","iat":1700000000,"exp":1700000002})", test_key));
}

TEST(issue, refuses_what_would_not_be_accepted) {
    EXPECT_FALSE(issue_token(test_key, for_user("")));
    EXPECT_FALSE(issue_token(test_key, for_user(std::string(191, 'a'))));
    EXPECT_FALSE(issue_token(test_key, for_user("a\nb")));
    EXPECT_FALSE(issue_token(test_key, for_user("\xff")));
    EXPECT_FALSE(issue_token("", for_user("ann")));
    EXPECT_FALSE(issue_token("-----BEGIN RSA PRIVATE KEY-----", for_user("ann")));
    token_request r = for_user("ann");
    r.ttl = milliseconds(0);
    EXPECT_FALSE(issue_token(test_key, r));
}

}  // namespace
}  // namespace weir::auth
