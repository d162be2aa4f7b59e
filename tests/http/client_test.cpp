#include "http/fake_stream.hpp"

#include <weir/http/client_handshake.hpp>
#include <weir/http/client_request.hpp>
#include <weir/http/upgrade.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace weir::http {
namespace {

using namespace std::chrono_literals;
using test::fake_clock;
using test::fake_stream;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

struct client_test : testing::Test {
    fake_clock clock;
    fake_stream server{clock};

    mono_time deadline() const { return clock.value.mono + 10s; }
    result<client_response> ask(client_request what, std::size_t body_max = 1000) {
        return test::run(send_request(server, std::move(what), deadline(), body_max));
    }
};

TEST_F(client_test, sends_a_request_and_reads_the_answer) {
    server.sends("HTTP/1.1 200 OK\r\nContent-Le").sends("ngth: 5\r\nX-A: b\r\n\r\nhel").sends("lo");
    auto const got = ask({.method = "POST",
                          .host = "h:1",
                          .target = "/t",
                          .headers = {{"A", "b"}},
                          .content_type = "text/plain",
                          .body = "hi"});
    ASSERT_TRUE(got) << got.error().message;
    EXPECT_EQ(got->status, 200);
    EXPECT_EQ(got->body, "hello");
    EXPECT_EQ(got->header("x-a"), "b");
    EXPECT_TRUE(got->keep_alive);
    EXPECT_EQ(server.written,
              "POST /t HTTP/1.1\r\nHost: h:1\r\nA: b\r\nContent-Type: text/plain\r\n"
              "Content-Length: 2\r\n\r\nhi");
}

TEST_F(client_test, reads_bodies_of_every_kind) {
    server.sends("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
    EXPECT_EQ(ask({.host = "h"})->body, "hello");
    server.sends("HTTP/1.1 204 No Content\r\n\r\n");
    EXPECT_EQ(ask({.host = "h"})->status, 204);
    server.sends("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
    EXPECT_EQ(ask({.method = "HEAD", .host = "h"})->body, "");
    server.sends("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 200 OK\r\n\r\nto the").sends(" end").ends();
    auto const got = ask({.host = "h"});
    EXPECT_EQ(got->body, "to the end");
    EXPECT_FALSE(got->keep_alive);
}

TEST_F(client_test, tells_what_went_wrong) {
    server.sends("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n" + std::string(1001, 'x'));
    EXPECT_EQ(ask({.host = "h"}).error().code, errc::too_large);

    fake_stream other(clock);
    other.sends("SSH-2.0-OpenSSH\r\n").ends();
    auto const ssh = test::run(send_request(other, {.host = "h"}, deadline()));
    EXPECT_EQ(ssh.error().code, errc::bad_request);
}

TEST_F(client_test, tells_a_silent_server_from_a_lost_one) {
    EXPECT_EQ(ask({.host = "h"}).error().code, errc::timeout);
    fake_stream lost(clock);
    lost.ends();
    auto const got = test::run(send_request(lost, {.host = "h"}, deadline()));
    EXPECT_EQ(got.error().code, errc::unavailable);
}

client_upgrade wanted() {
    client_upgrade w;
    w.host = "h:1";
    w.target = "/v1/ws";
    w.subprotocols = {"weir.v1.json", "weir.token.t"};
    w.deflate = ws::deflate_offer{};
    w.headers = {{"Authorization", "Bearer t"}};
    return w;
}

TEST(client_handshake, asks_for_what_is_wanted) {
    auto const made = make_upgrade_request(wanted());
    EXPECT_THAT(made.bytes, StartsWith("GET /v1/ws HTTP/1.1\r\nHost: h:1\r\n"));
    EXPECT_THAT(made.bytes, HasSubstr("\r\nSec-WebSocket-Key: " + made.key + "\r\n"));
    EXPECT_THAT(made.bytes,
                HasSubstr("\r\nSec-WebSocket-Protocol: weir.v1.json, weir.token.t\r\n"));
    EXPECT_THAT(made.bytes, HasSubstr("\r\nSec-WebSocket-Extensions: permessage-deflate"));
    EXPECT_THAT(made.bytes, HasSubstr("\r\nAuthorization: Bearer t\r\n"));
    EXPECT_EQ(made.key.size(), 24U);
    EXPECT_NE(made.key, make_upgrade_request(wanted()).key);
}

client_response good(std::string_view key) {
    client_response r;
    r.status = 101;
    r.headers = {{"Upgrade", "WebSocket"},
                 {"Connection", "upgrade"},
                 {"Sec-WebSocket-Accept", accept_key(key)},
                 {"Sec-WebSocket-Protocol", "weir.v1.json"}};
    return r;
}

TEST(client_handshake, takes_a_good_answer) {
    auto const got = check_upgrade_response(good("k"), wanted(), "k");
    ASSERT_TRUE(got) << got.error().message;
    EXPECT_EQ(got->subprotocol, "weir.v1.json");
    EXPECT_FALSE(got->deflate);
}

TEST(client_handshake, refuses_an_answer_to_something_else) {
    auto const fails = [](auto change, char const* says) {
        auto r = good("k");
        change(r);
        auto const got = check_upgrade_response(r, wanted(), "k");
        ASSERT_FALSE(got) << says;
        EXPECT_EQ(got.error().code, errc::bad_request);
        EXPECT_THAT(got.error().message, HasSubstr(says));
    };
    fails([](auto& r) { r.headers[0].value = "h2c"; }, "Upgrade");
    fails([](auto& r) { r.headers[1].value = "close"; }, "Connection");
    fails([](auto& r) { r.headers[2].value = accept_key("other"); }, "Accept");
    fails([](auto& r) { r.headers.push_back(r.headers[2]); }, "Accept");
    fails([](auto& r) { r.headers[3].value = "chat"; }, "subprotocol");
    fails([](auto& r) { r.headers.push_back({"Sec-WebSocket-Extensions", "x-unknown"}); },
          "extension");
}

TEST(client_handshake, says_in_words_why_the_server_refused) {
    client_response r;
    r.status = 403;
    r.body = R"({"error":{"code":"forbidden","message":"pages of \"x\" may not\nconnect"}})";
    auto const no = check_upgrade_response(r, wanted(), "k");
    EXPECT_EQ(no.error().code, errc::forbidden);
    EXPECT_EQ(no.error().message,
              "the server answered 403 Forbidden: pages of \"x\" may not connect");

    r.status = 502;
    r.body = "<html>Bad\x1b[31m Gateway";
    auto const gateway = check_upgrade_response(r, wanted(), "k");
    EXPECT_EQ(gateway.error().code, errc::unavailable);
    EXPECT_THAT(gateway.error().message, HasSubstr("<html>Bad"));
    EXPECT_THAT(gateway.error().message, Not(HasSubstr("\x1b")));
}

TEST(client_handshake, takes_over_when_the_server_wants_to_be_asked_again) {
    client_response r;
    r.status = 503;
    EXPECT_EQ(check_upgrade_response(r, wanted(), "k").error().retry_after, seconds(0));
    r.headers = {{"Retry-After", "7"}};
    EXPECT_EQ(check_upgrade_response(r, wanted(), "k").error().retry_after, seconds(7));
    r.headers = {{"Retry-After", "4000000000"}};
    EXPECT_EQ(check_upgrade_response(r, wanted(), "k").error().retry_after, seconds(3600));
}

TEST_F(client_test, refuses_a_server_that_does_not_know_the_key) {
    server.sends(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Accept: AAAA\r\n\r\n");
    auto const got = test::run(open_websocket(server, wanted(), deadline()));
    ASSERT_FALSE(got);
    EXPECT_THAT(got.error().message, HasSubstr("Accept"));
}

}  // namespace
}  // namespace weir::http
