#include "auth/signing.hpp"

#include <weir/auth/identity.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace weir::auth {
namespace {

constexpr wall_ms at = 1'700'000'000'000;

jwt_settings settings() {
    jwt_settings s;
    s.secret = test_key;
    return s;
}

/// The user, or "CODE: message".
std::string outcome(result<identity> const& r) {
    if (r) return r->user;
    return std::string(to_string(r.error().code)) + ": " + r.error().message;
}

struct row {
    std::string claims;
    std::string outcome;
};

void check(jwt_settings const& s, std::vector<row> const& rows) {
    auto const v = make_jwt_verifier(s);
    for (row const& r : rows) {
        EXPECT_EQ(outcome(v->verify(sign_claims(r.claims), at)), r.outcome) << r.claims;
    }
}

TEST(claims, become_an_identity) {
    auto const v = make_jwt_verifier(settings());
    auto const who = v->verify(
        sign_claims(
            R"({"sub":"ann","exp":1700000060,"iat":1699999990.5,"jti":"t-1","x":{"y":[1]}})"),
        at);
    ASSERT_TRUE(who);
    EXPECT_EQ(who->user, "ann");
    EXPECT_EQ(who->token_id, "t-1");
    EXPECT_EQ(who->issued_at, 1'699'999'990'500);
    EXPECT_EQ(who->expires_at, 1'700'000'060'000);
    EXPECT_EQ(who->accepted_until, 1'700'000'090'000);

    auto const plain = v->verify(sign_claims(R"({"sub":"ann"})"), at);
    ASSERT_TRUE(plain);
    EXPECT_EQ(plain->token_id, "");
    EXPECT_EQ(plain->issued_at, 0);
    EXPECT_EQ(plain->expires_at, 0);
    EXPECT_EQ(plain->accepted_until, 0);
}

TEST(claims, times_hold_with_leeway) {
    std::string const expired = "token_expired: the token has expired";
    check(
        settings(),
        {
            {R"({"sub":"a","exp":1700000001})", "a"},
            {R"({"sub":"a","exp":1700000000})", "a"},
            {R"({"sub":"a","exp":1699999971})", "a"},
            {R"({"sub":"a","exp":1699999970.001})", "a"},
            {R"({"sub":"a","exp":1699999970})", expired},
            {R"({"sub":"a","exp":1})", expired},
            {R"({"sub":"a","exp":0})", expired},
            {R"({"sub":"a","exp":-1})", expired},
            {R"({"sub":"a","exp":0.0000001})", expired},
            {R"({"sub":"a","exp":253402300799})", "a"},
            {R"({"sub":"a","nbf":1700000030})", "a"},
            {R"({"sub":"a","nbf":1700000031})", "unauthorized: the token is not valid yet (nbf)"},
            {R"({"sub":"a","nbf":-5})", "a"},
            {R"({"sub":"a","iat":1700000030})", "a"},
            {R"({"sub":"a","iat":1700000031})", "unauthorized: the token is from the future (iat)"},
            {R"({"sub":"a","iat":0})", "a"},
        });
    jwt_settings strict = settings();
    strict.leeway = milliseconds(0);
    check(strict, {{R"({"sub":"a","exp":1700000000})", expired},
                   {R"({"sub":"a","exp":1700000000.001})", "a"},
                   {R"({"sub":"a","nbf":1700000000})", "a"}});
}

TEST(claims, a_token_of_1970_does_not_live_for_ever) {
    auto const v = make_jwt_verifier(settings());
    EXPECT_EQ(outcome(v->verify(sign_claims(R"({"sub":"a","exp":0})"), 0)),
              "token_expired: the token has expired");
}

TEST(claims, times_are_numbers_that_can_be_times) {
    for (std::string const name : {"exp", "nbf", "iat"}) {
        std::string const type = "unauthorized: claim " + name + " is not a number";
        std::string const range = "unauthorized: claim " + name + " is out of range";
        std::string const json = "unauthorized: the token's claims are not a JSON object";
        auto const with = [&](char const* value) {
            return R"({"sub":"a",")" + name + "\":" + value + '}';
        };
        check(settings(), {
                              {with(R"("1700000060")"), type},
                              {with("null"), type},
                              {with("true"), type},
                              {with("[1700000060]"), type},
                              {with("{}"), type},
                              {with("253402300800"), range},
                              {with("-253402300800"), range},
                              {with("9223372036854775807"), range},
                              {with("1e18"), range},
                              {with("1e308"), range},
                              {with("1e309"), json},
                              {with("9223372036854775808"), json},
                              {with("NaN"), json},
                              {with("Infinity"), json},
                          });
    }
}

TEST(claims, the_user_is_a_name_that_fits_into_topics) {
    auto const sub = [](std::string const& user) { return R"({"sub":")" + user + "\"}"; };
    std::string const long_one = "unauthorized: claim sub is longer than 190 bytes";
    std::string const escaped = "unauthorized: claim sub is too long to be escaped in a topic name";
    std::string const control = "unauthorized: claim sub has a control character";
    check(settings(),
          {
              {"{}", "unauthorized: claim sub is missing"},
              {R"({"sub":7})", "unauthorized: claim sub is not a string"},
              {R"({"sub":null})", "unauthorized: claim sub is not a string"},
              {R"({"sub":["a"]})", "unauthorized: claim sub is not a string"},
              {R"({"sub":""})", "unauthorized: claim sub is empty"},
              {sub(std::string(190, 'a')), std::string(190, 'a')},
              {sub(std::string(191, 'a')), long_one},
              {sub(std::string(64, '.')), std::string(64, '.')},
              {sub(std::string(65, '.')), escaped},
              {sub("ann@example.org"), "ann@example.org"},
              {sub("Zoë"), "Zoë"},
              {sub(R"(Zo\u00eb)"), "Zoë"},
              {sub(R"(a\nb)"), control},
              {sub(R"(a\u007f)"), control},
              {sub("a b"), "a b"},
              {sub(R"(a\u0000b)"), "unauthorized: the token's claims are not a JSON object"},
          });
}

TEST(claims, the_user_may_be_another_claim) {
    jwt_settings s = settings();
    s.user_claim = "email";
    check(s, {{R"({"sub":"a","email":"b"})", "b"},
              {R"({"sub":"a"})", "unauthorized: claim email is missing"}});
}

TEST(claims, issuer_and_audience_count_where_they_are_set) {
    check(settings(), {{R"({"sub":"a","iss":5,"aud":{}})", "a"}});
    jwt_settings s = settings();
    s.issuer = "https://id.example.org";
    s.audience = "weir";
    std::string const iss = "unauthorized: claim iss is not the issuer this server trusts";
    std::string const aud = "unauthorized: claim aud does not name this server";
    auto const with = [](std::string const& i, std::string const& a) {
        return R"({"sub":"a","iss":)" + i + R"(,"aud":)" + a + '}';
    };
    std::string const good = R"("https://id.example.org")";
    check(s, {
                 {with(good, R"("weir")"), "a"},
                 {with(good, R"(["other","weir"])"), "a"},
                 {with(good, R"(["weir"])"), "a"},
                 {with(good, R"([])"), aud},
                 {with(good, R"("other")"), aud},
                 {with(good, R"("weir2")"), aud},
                 {with(good, R"("Weir")"), aud},
                 {with(good, R"(["weir",5])"), aud},
                 {with(good, R"({"weir":true})"), aud},
                 {with(good, "null"), aud},
                 {R"({"sub":"a","iss":"https://id.example.org"})", aud},
                 {with(R"("https://id.example.org/")", R"("weir")"), iss},
                 {with(R"(["https://id.example.org"])", R"("weir")"), iss},
                 {with("null", R"("weir")"), iss},
                 {R"({"sub":"a","aud":"weir"})", iss},
                 {R"({"sub":"a","aud":"weir","iss":"x","exp":1})", iss},
             });
}

TEST(claims, the_token_id_is_text_of_bounded_length) {
    check(settings(), {{R"({"sub":"a","jti":7})", "unauthorized: claim jti is not a string"},
                       {R"({"sub":"a","jti":")" + std::string(256, 'j') + "\"}", "a"},
                       {R"({"sub":"a","jti":")" + std::string(257, 'j') + "\"}",
                        "unauthorized: claim jti is longer than 256 bytes"}});
}

TEST(claims, are_one_object_without_duplicates) {
    std::string const json = "unauthorized: the token's claims are not a JSON object";
    std::string deep;
    for (int i = 0; i != 4000; ++i) deep += '[';
    check(settings(), {
                          {R"({"sub":"a","sub":"b"})", json},
                          {R"({"sub":"a","exp":1,"exp":1700000060})", json},
                          {R"({"sub":"a"}x)", json},
                          {R"(["sub","a"])", json},
                          {R"("sub")", json},
                          {"null", json},
                          {"{", json},
                          {"{'sub':'a'}", json},
                          {"{\"sub\":\"\xff\"}", json},
                          {"{\"sub\":\"a\",\"x\":" + deep, json},
                      });
}

}  // namespace
}  // namespace weir::auth
