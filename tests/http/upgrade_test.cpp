#include <weir/http/upgrade.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <variant>

namespace weir::http {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr auto* sample_key = "dGhlIHNhbXBsZSBub25jZQ==";

request handshake() {
    request r;
    r.target = r.path = "/v1/ws";
    r.segments = {"v1", "ws"};
    r.headers = {{"Host", "server.example"},
                 {"Upgrade", "websocket"},
                 {"Connection", "keep-alive, Upgrade"},
                 {"Sec-WebSocket-Key", sample_key},
                 {"Sec-WebSocket-Version", "13"}};
    return r;
}

request with(std::string name, std::string value) {
    auto r = handshake();
    r.headers.push_back({std::move(name), std::move(value)});
    return r;
}

request without(std::string_view name) {
    auto r = handshake();
    std::erase_if(r.headers, [name](field const& f) { return equal_ignoring_case(f.name, name); });
    return r;
}

request replacing(std::string const& name, std::string value) {
    auto r = without(name);
    r.headers.push_back({name, std::move(value)});
    return r;
}

upgrade_policy policy(std::vector<std::string> const& origins = {"same"}) {
    return {origin_policy::parse(origins).value(), {}};
}

upgrade_verdict judge(request const& r) {
    return check_upgrade(r, policy());
}

upgrade_accept accepted(request const& r) {
    auto verdict = judge(r);
    if (auto const* const no = std::get_if<upgrade_refusal>(&verdict)) {
        ADD_FAILURE() << no->answer.status << ' ' << no->answer.body;
        return {};
    }
    return std::get<upgrade_accept>(std::move(verdict));
}

TEST(accept_key, is_that_of_the_rfc) {
    EXPECT_EQ(accept_key(sample_key), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST(check_upgrade, accepts_the_handshake_of_the_rfc) {
    auto const yes = accepted(handshake());
    EXPECT_EQ(yes.head,
              "HTTP/1.1 101 Switching Protocols\r\n"
              "Upgrade: websocket\r\n"
              "Connection: Upgrade\r\n"
              "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
    EXPECT_EQ(yes.subprotocol, "weir.v1.json");
    EXPECT_FALSE(yes.deflate);
    EXPECT_FALSE(yes.credential.token);
    EXPECT_FALSE(yes.credential.conflict);
}

TEST(check_upgrade, forgives_case_lists_and_an_empty_body) {
    auto r = handshake();
    r.headers = {{"HOST", "server.example"},
                 {"upgrade", "h2c, WebSocket"},
                 {"connection", "keep-alive"},
                 {"CONNECTION", "UPGRADE"},
                 {"sec-websocket-key", sample_key},
                 {"sec-websocket-version", "13"},
                 {"content-length", "0"}};
    accepted(r);
}

struct refusal_case {
    char const* name;
    std::function<request()> make;
    int status;
    handshake_refusal why;
    char const* says;
};
void PrintTo(refusal_case const& c, std::ostream* out) {
    *out << c.name;
}

class check_upgrade_refuses : public testing::TestWithParam<refusal_case> {};

TEST_P(check_upgrade_refuses, with_status_reason_and_words) {
    auto const& c = GetParam();
    auto const verdict = judge(c.make());
    auto const* const no = std::get_if<upgrade_refusal>(&verdict);
    ASSERT_NE(no, nullptr);
    EXPECT_EQ(no->answer.status, c.status);
    EXPECT_EQ(no->why, c.why);
    EXPECT_THAT(no->answer.body, HasSubstr(c.says));
    EXPECT_TRUE(no->answer.close);
    bool const allow = find_field(no->answer.headers, "allow") != nullptr;
    EXPECT_EQ(allow, c.status == 405);
    auto const* const version = find_field(no->answer.headers, "sec-websocket-version");
    EXPECT_EQ(version != nullptr && *version == "13", c.status == 426);
    EXPECT_EQ(find_field(no->answer.headers, "upgrade") != nullptr, c.status == 426);
}

template <class Change>
std::function<request()> changed(Change change) {
    return [change] {
        auto r = handshake();
        change(r);
        return r;
    };
}

using why = handshake_refusal;
INSTANTIATE_TEST_SUITE_P(
    table, check_upgrade_refuses,
    testing::Values(
        refusal_case{"post", changed([](request& r) { r.verb = method::post; }), 405, why::method,
                     "GET"},
        refusal_case{"head", changed([](request& r) { r.verb = method::head; }), 405, why::method,
                     "GET"},
        refusal_case{"http_1_0", changed([](request& r) { r.minor_version = 0; }), 426,
                     why::upgrade_required, "WebSocket client"},
        refusal_case{"no_upgrade", [] { return without("upgrade"); }, 426, why::upgrade_required,
                     "WebSocket client"},
        refusal_case{"other_upgrade", [] { return replacing("Upgrade", "h2c"); }, 426,
                     why::upgrade_required, "WebSocket client"},
        refusal_case{"no_connection", [] { return without("connection"); }, 426,
                     why::upgrade_required, "proxy"},
        refusal_case{"connection_close", [] { return replacing("Connection", "close"); }, 426,
                     why::upgrade_required, "proxy"},
        refusal_case{"no_version", [] { return without("sec-websocket-version"); }, 426,
                     why::upgrade_required, "13"},
        refusal_case{"old_version", [] { return replacing("Sec-WebSocket-Version", "8"); }, 426,
                     why::upgrade_required, "13"},
        refusal_case{"version_list", [] { return replacing("Sec-WebSocket-Version", "13, 8"); },
                     426, why::upgrade_required, "13"},
        refusal_case{"two_versions", [] { return with("Sec-WebSocket-Version", "13"); }, 400,
                     why::bad_request, "twice"},
        refusal_case{"no_key", [] { return without("sec-websocket-key"); }, 400, why::bad_request,
                     "Key"},
        refusal_case{"two_keys", [] { return with("Sec-WebSocket-Key", sample_key); }, 400,
                     why::bad_request, "Key"},
        refusal_case{"short_key", [] { return replacing("Sec-WebSocket-Key", "dGhl"); }, 400,
                     why::bad_request, "Key"},
        refusal_case{"long_key",
                     [] { return replacing("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAAA="); }, 400,
                     why::bad_request, "Key"},
        refusal_case{"url_safe_key",
                     [] { return replacing("Sec-WebSocket-Key", "______________________=="); }, 400,
                     why::bad_request, "Key"},
        refusal_case{"no_host", [] { return without("host"); }, 400, why::bad_request, "Host"},
        refusal_case{"two_hosts", [] { return with("Host", "b"); }, 400, why::bad_request, "Host"},
        refusal_case{"length", [] { return with("Content-Length", "1"); }, 400, why::bad_request,
                     "body"},
        refusal_case{"two_lengths_of_nothing",
                     [] {
                         auto r = with("Content-Length", "0");
                         r.headers.push_back({"Content-Length", "0"});
                         return r;
                     },
                     400, why::bad_request, "body"},
        refusal_case{"coding", [] { return with("Transfer-Encoding", "chunked"); }, 400,
                     why::bad_request, "body"},
        refusal_case{"body", changed([](request& r) { r.body = "x"; }), 400, why::bad_request,
                     "body"},
        refusal_case{"early_bytes", changed([](request& r) { r.followed = true; }), 400,
                     why::bad_request, "follow"},
        refusal_case{"foreign_origin", [] { return with("Origin", "http://evil.example"); }, 403,
                     why::origin, "origin"},
        refusal_case{"null_origin", [] { return with("Origin", "null"); }, 403, why::origin,
                     "origin"},
        refusal_case{"empty_origin", [] { return with("Origin", ""); }, 403, why::origin, "origin"},
        refusal_case{"two_origins",
                     [] {
                         auto r = with("Origin", "http://server.example");
                         r.headers.push_back({"Origin", "http://server.example"});
                         return r;
                     },
                     400, why::bad_request, "Origin"},
        refusal_case{"msgpack", [] { return with("Sec-WebSocket-Protocol", "weir.v1.msgpack"); },
                     400, why::bad_request, "not available in this release"},
        refusal_case{"unknown_protocol",
                     [] { return with("Sec-WebSocket-Protocol", "chat, stomp"); }, 400,
                     why::bad_request, "weir.v1.json"},
        refusal_case{"protocol_has_a_case",
                     [] { return with("Sec-WebSocket-Protocol", "Weir.v1.json"); }, 400,
                     why::bad_request, "weir.v1.json"},
        refusal_case{"token_alone",
                     [] { return with("Sec-WebSocket-Protocol", "weir.token.x.y.z"); }, 400,
                     why::bad_request, "beside"},
        refusal_case{"broken_extensions",
                     [] { return with("Sec-WebSocket-Extensions", "permessage-deflate; ="); }, 400,
                     why::bad_request, "Extensions"}),
    [](auto const& tested) { return tested.param.name; });

TEST(check_upgrade, tells_a_page_of_its_own_from_another) {
    accepted(with("Origin", "http://server.example"));
    auto r = with("Origin", "https://app.example");
    auto const verdict = check_upgrade(r, policy({"https://app.example"}));
    EXPECT_TRUE(std::holds_alternative<upgrade_accept>(verdict));
}

TEST(check_upgrade, answers_the_subprotocol_only_where_one_is_offered) {
    EXPECT_THAT(accepted(handshake()).head, Not(HasSubstr("Sec-WebSocket-Protocol")));
    for (auto const* offer :
         {"weir.v1.json", "weir.v1.msgpack, weir.v1.json", "chat,weir.v1.json"}) {
        auto const yes = accepted(with("Sec-WebSocket-Protocol", offer));
        EXPECT_THAT(yes.head, HasSubstr("\r\nSec-WebSocket-Protocol: weir.v1.json\r\n")) << offer;
        EXPECT_EQ(yes.subprotocol, "weir.v1.json");
    }
    auto r = with("Sec-WebSocket-Protocol", "chat");
    r.headers.push_back({"Sec-WebSocket-Protocol", "weir.v1.json"});
    EXPECT_THAT(accepted(r).head, HasSubstr("Protocol: weir.v1.json\r\n"));
}

TEST(check_upgrade, negotiates_deflate) {
    auto const yes =
        accepted(with("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits"));
    ASSERT_TRUE(yes.deflate);
    EXPECT_THAT(yes.head, HasSubstr("\r\nSec-WebSocket-Extensions: permessage-deflate"));
    EXPECT_THAT(yes.head, EndsWith("\r\n\r\n"));

    auto off = policy();
    off.deflate.enabled = false;
    auto const verdict = check_upgrade(with("Sec-WebSocket-Extensions", "permessage-deflate"), off);
    ASSERT_TRUE(std::holds_alternative<upgrade_accept>(verdict));
    EXPECT_FALSE(std::get<upgrade_accept>(verdict).deflate);
}

TEST(check_upgrade, finds_the_credential_and_never_echoes_it) {
    auto const by_header = accepted(with("Authorization", "Bearer x.y.z"));
    EXPECT_EQ(by_header.credential.token, "x.y.z");

    auto const by_protocol =
        accepted(with("Sec-WebSocket-Protocol", "weir.token.x.y.z, weir.v1.json"));
    EXPECT_EQ(by_protocol.credential.token, "x.y.z");
    EXPECT_FALSE(by_protocol.credential.conflict);
    EXPECT_THAT(by_protocol.head, Not(HasSubstr("x.y.z")));

    EXPECT_FALSE(accepted(with("Authorization", "Basic dTpw")).credential.token);
    EXPECT_EQ(accepted(with("Authorization", "Bearer")).credential.token, "");
}

TEST(check_upgrade, tells_credentials_that_differ) {
    auto const both = [](std::string const& header, std::string const& protocols) {
        auto r = with("Authorization", header);
        r.headers.push_back({"Sec-WebSocket-Protocol", protocols});
        return accepted(r).credential;
    };
    EXPECT_FALSE(both("Bearer a", "weir.v1.json, weir.token.a").conflict);
    EXPECT_TRUE(both("Bearer a", "weir.v1.json, weir.token.b").conflict);
    EXPECT_TRUE(both("Basic x", "weir.v1.json, weir.token.a, weir.token.b").conflict);
    EXPECT_TRUE(both("Bearer", "weir.v1.json, weir.token.a").conflict);

    auto twice = with("Authorization", "Bearer a");
    twice.headers.push_back({"Authorization", "Bearer b"});
    EXPECT_TRUE(accepted(twice).credential.conflict);
}

}  // namespace
}  // namespace weir::http
