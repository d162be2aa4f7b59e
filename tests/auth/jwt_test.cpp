#include "auth/signing.hpp"
#include "topic/dice.hpp"

#include <weir/auth/identity.hpp>

#include <gtest/gtest.h>
#include <openssl/err.h>

#include <string>
#include <vector>

namespace weir::auth {
namespace {

constexpr wall_ms at = 1'700'000'000'000;
constexpr std::string_view claims = R"({"sub":"ann","exp":1700000060})";

std::unique_ptr<verifier const> of_key(std::string_view key) {
    jwt_settings s;
    s.secret = key;
    return make_jwt_verifier(std::move(s));
}

std::string outcome(std::string_view token, std::string_view key = test_key) {
    auto const r = of_key(key)->verify(token, at);
    if (r) return r->user;
    EXPECT_EQ(r.error().code, errc::unauthorized);
    return r.error().message;
}

TEST(jwt, the_example_of_rfc_7515_is_good) {
    // Appendix A.1; the key is its 64 bytes.
    unsigned char const key[] = {0x03, 0x23, 0x35, 0x4b, 0x2b, 0x0f, 0xa5, 0xbc, 0x83, 0x7e, 0x06,
                                 0x65, 0x77, 0x7b, 0xa6, 0x8f, 0x5a, 0xb3, 0x28, 0xe6, 0xf0, 0x54,
                                 0xc9, 0x28, 0xa9, 0x0f, 0x84, 0xb2, 0xd2, 0x50, 0x2e, 0xbf, 0xd3,
                                 0xfb, 0x5a, 0x92, 0xd2, 0x06, 0x47, 0xef, 0x96, 0x8a, 0xb4, 0xc3,
                                 0x77, 0x62, 0x3d, 0x22, 0x3d, 0x2e, 0x21, 0x72, 0x05, 0x2e, 0x4f,
                                 0x08, 0xc0, 0xcd, 0x9a, 0xf5, 0x67, 0xd0, 0x80, 0xa3};
    jwt_settings s;
    s.secret.assign(reinterpret_cast<char const*>(key), sizeof key);
    s.user_claim = "iss";
    auto const v = make_jwt_verifier(s);
    std::string const token =
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cn"
        "VlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    auto const then = v->verify(token, 1'300'819'379'000);
    ASSERT_TRUE(then);
    EXPECT_EQ(then->user, "joe");
    EXPECT_EQ(v->verify(token, at).error().code, errc::token_expired);
}

TEST(jwt, has_three_parts_of_base64url) {
    std::string const good = sign_claims(claims);
    EXPECT_EQ(outcome(good), "ann");
    std::string const parts = "the token is not three parts with dots between";
    std::string const alphabet = "a part of the token is not base64url";
    std::string const h = base64url(plain_header);
    std::string const c = base64url(claims);
    struct row {
        std::string token;
        std::string outcome;
    };
    for (row const& r : std::vector<row>{
             {"", "the token is empty"},
             {"x", parts},
             {"a.b", parts},
             {"a.b.c.d", parts},
             {good + ".", parts},
             {"." + good, parts},
             {h + '.' + c + '.', "the token is not signed"},
             {"..", "the token is not signed"},
             {"..abcd", alphabet},
             {h + "..abcd", alphabet},
             {good + "=", alphabet},
             {good + " ", alphabet},
             {" " + good, alphabet},
             {good + "\n", alphabet},
             {good + std::string(1, '\0'), alphabet},
             {h + "=." + c + ".abcd", alphabet},
             {"e30+." + c + ".abcd", alphabet},
             {"e30/." + c + ".abcd", alphabet},
             {"Bearer " + good, alphabet},
             {"abcde." + c + ".abcd", alphabet},
             {"\xff\xfe." + c + ".abcd", alphabet},
         }) {
        EXPECT_EQ(outcome(r.token), r.outcome) << r.token;
    }
}

TEST(jwt, is_not_larger_than_16_kib) {
    auto const padded = [](std::size_t n) {
        return sign_claims(R"({"sub":"ann","x":")" + std::string(n, 'x') + "\"}");
    };
    std::size_t n = 16 * 1024 * 3 / 4 - 200;
    while (padded(n + 1).size() <= 16 * 1024) ++n;
    EXPECT_EQ(outcome(padded(n)), "ann");
    EXPECT_EQ(outcome(padded(n + 1)), "the token is larger than 16 KiB");
    EXPECT_EQ(outcome(std::string(10'000'000, 'a')), "the token is larger than 16 KiB");
}

TEST(jwt, asks_for_hs256_and_nothing_else) {
    std::string const alg = "the token is not signed with HS256";
    std::string const json = "the token's header is not a JSON object";
    struct row {
        std::string header;
        std::string outcome;
    };
    for (row const& r : std::vector<row>{
             {R"({"alg":"HS256"})", "ann"},
             {R"({"kid":"x","jku":"http://127.0.0.1/","jwk":{},"alg":"HS256"})", "ann"},
             {R"({"alg":"none"})", alg},
             {R"({"alg":"None"})", alg},
             {R"({"alg":""})", alg},
             {R"({"alg":"hs256"})", alg},
             {R"({"alg":"HS256 "})", alg},
             {R"({"alg":"HS384"})", alg},
             {R"({"alg":"HS512"})", alg},
             {R"({"alg":"RS256"})", alg},
             {R"({"alg":"PS256"})", alg},
             {R"({"alg":"ES256"})", alg},
             {R"({"alg":"EdDSA"})", alg},
             {R"({"alg":null})", alg},
             {R"({"alg":["HS256"]})", alg},
             {R"({"typ":"JWT"})", alg},
             {R"({"Alg":"HS256"})", alg},
             {R"({"alg":"none","alg":"HS256"})", json},
             {R"({"alg":"HS256","alg":"none"})", json},
             {R"({"alg":"HS256\u0000"})", json},
             {R"(["HS256"])", json},
             {R"("HS256")", json},
             {R"({"alg":"HS256")", json},
             {"\xff", json},
             {R"({"alg":"HS256","crit":["b64"],"b64":false})",
              "the token asks for an extension (crit)"},
             {R"({"alg":"HS256","crit":[]})", "the token asks for an extension (crit)"},
         }) {
        EXPECT_EQ(outcome(sign(r.header, claims, test_key)), r.outcome) << r.header;
    }
    EXPECT_EQ(outcome(sign(R"({"alg":"HS512"})", claims, test_key, "SHA512")), alg);
    EXPECT_EQ(outcome(sign(R"({"alg":"HS384"})", claims, test_key, "SHA384")), alg);
}

TEST(jwt, has_a_signature_of_the_right_key_and_length) {
    std::string const wrong = "the token's signature is wrong";
    std::string const good = sign_claims(claims);
    std::string const body = good.substr(0, good.rfind('.') + 1);
    EXPECT_EQ(outcome(sign(plain_header, claims, "another key")), wrong);
    EXPECT_EQ(outcome(sign(plain_header, claims, test_key, "SHA512")), wrong);
    EXPECT_EQ(outcome(good, "another key"), wrong);
    std::string const mac = hmac(test_key, body.substr(0, body.size() - 1));
    for (std::size_t n = 1; n != mac.size(); ++n) {
        EXPECT_EQ(outcome(body + base64url(mac.substr(0, n))), wrong) << n;
    }
    for (std::size_t n = 1; n != 40; ++n) {
        EXPECT_EQ(outcome(body + base64url(mac + std::string(n, '\0'))), wrong) << n;
    }
    std::string const other = sign_claims(R"({"sub":"ben","exp":1700000060})");
    EXPECT_EQ(outcome(body + other.substr(other.rfind('.') + 1)), wrong);
    // The last character has two bits that mean nothing.
    std::string loose = good;
    loose.back() = loose.back() == 'A' ? 'B' : static_cast<char>(loose.back() + 1);
    EXPECT_NE(outcome(loose), "ann");
}

TEST(jwt, no_change_of_a_character_goes_unseen) {
    SCOPED_TRACE(seed_trace());
    dice random(test_seed());
    std::string const good = sign_claims(claims);
    constexpr std::string_view alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
    auto const v = of_key(test_key);
    for (std::size_t i = 0; i != good.size(); ++i) {
        for (int k = 0; k != 4; ++k) {
            std::string changed = good;
            changed[i] = alphabet[random.below(alphabet.size())];
            EXPECT_EQ(v->verify(changed, at).has_value(), changed == good) << changed;
        }
        EXPECT_FALSE(v->verify(good.substr(0, i), at)) << i;
    }
}

TEST(jwt, without_a_usable_key_every_token_is_refused) {
    constexpr std::string_view pem =
        "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----\n";
    std::string const none = "this server takes no tokens: it has no usable key";
    EXPECT_EQ(outcome(sign(plain_header, claims, ""), ""), none);
    EXPECT_EQ(outcome(sign(plain_header, claims, pem), pem), none);
    EXPECT_EQ(
        outcome(sign(plain_header, claims, "  \n" + std::string(pem)), "  \n" + std::string(pem)),
        none);
}

TEST(jwt, any_bytes_are_a_key) {
    std::string const key("\0\xff\n key", 7);
    EXPECT_EQ(outcome(sign(plain_header, claims, key), key), "ann");
    EXPECT_NE(outcome(sign(plain_header, claims, key.substr(0, 6)), key), "ann");
}

TEST(jwt, faults_tell_nothing_of_the_token) {
    auto const v = of_key(test_key);
    std::string const secret = "ThisMustNotBeSeen";
    for (std::string const& token :
         {sign(R"({"alg":")" + secret + "\"}", claims, test_key),
          sign_claims(R"({"sub":7,"x":")" + secret + "\"}"),
          sign_claims(R"({"sub":")" + secret + R"(\n"})"),
          sign_claims(R"({"sub":"a","exp":")" + secret + "\"}"),
          sign_claims(R"({"sub":"a","jti":[")" + secret + "\"]}"), sign_claims("{" + secret),
          secret, secret + ".a.b", sign(secret, claims, test_key)}) {
        auto const r = v->verify(token, at);
        ASSERT_FALSE(r);
        EXPECT_EQ(r.error().message.find(secret), std::string::npos) << r.error().message;
        EXPECT_EQ(r.error().message.find(base64url(secret).substr(0, 8)), std::string::npos);
    }
}

TEST(jwt, leaves_no_error_behind_for_tls) {
    ERR_clear_error();
    auto const v = of_key(test_key);
    (void)v->verify(sign(plain_header, claims, "another key"), at);
    (void)v->verify(sign_claims(claims), at);
    (void)v->verify(sign_claims("{"), at);
    (void)issue_token(test_key, {.user = "\xff", .now = at});
    EXPECT_EQ(ERR_peek_error(), 0U);
}

}  // namespace
}  // namespace weir::auth
