#include "async/stream_pair.hpp"

#include <weir/async/task_group.hpp>
#include <weir/http/client_handshake.hpp>
#include <weir/http/client_request.hpp>
#include <weir/http/connection.hpp>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <string>
#include <unistd.h>

namespace weir::http {
namespace {

using boost::asio::awaitable;
using test::cipher;
using test::soon;
using testing::HasSubstr;

/// Real sockets on one loop: whether serve() and the client understand each other, over plain TCP
/// and over TLS.
class loopback_test : public testing::TestWithParam<cipher>, public handler {
protected:
    loopback_test() : pair(loop, GetParam()) {
        settings.secure = GetParam() == cipher::tls;
        boost::asio::co_spawn(loop, serve(*pair.server, settings, *this),
                              [this](std::exception_ptr failure, served how) {
                                  EXPECT_FALSE(failure);
                                  end = std::move(how);
                              });
    }
    ~loopback_test() override {
        pair.client.reset();
        test::run_until(loop, [this] { return end.has_value(); });
    }

    awaitable<answer> handle(request& r) override {
        EXPECT_EQ(r.secure, settings.secure);
        EXPECT_TRUE(r.peer.is_loopback());
        if (r.path != "/v1/ws") co_return text_response("hello " + r.body);
        upgrade_policy const policy{origin_policy::parse({"same"}).value(), {}};
        auto verdict = check_upgrade(r, policy);
        if (auto* const no = std::get_if<upgrade_refusal>(&verdict)) {
            co_return std::move(no->answer);
        }
        auto yes = std::get<upgrade_accept>(std::move(verdict));
        yes.head += "first frame";  // a quick server's first bytes come with the head
        co_return yes;
    }
    std::size_t body_bytes_max(request const&) const override { return std::size_t{1} << 20; }

    client_upgrade wanted() const {
        client_upgrade w;
        w.host = "localhost";
        w.target = "/v1/ws";
        w.subprotocols = {"weir.v1.json"};
        w.deflate = ws::deflate_offer{};
        return w;
    }
    result<client_response> ask(client_request what) {
        what.host = "localhost";
        return test::await(loop, send_request(*pair.client, std::move(what), soon()));
    }

    boost::asio::io_context loop{1};
    test::stream_pair pair;
    serve_settings settings;
    std::optional<served> end;
};

INSTANTIATE_TEST_SUITE_P(streams, loopback_test, testing::Values(cipher::plain, cipher::tls),
                         [](auto const& tested) {
                             return tested.param == cipher::tls ? "tls" : "plain";
                         });

TEST_P(loopback_test, carries_requests_and_long_bodies_on_one_connection) {
    std::string const long_body(1 << 20, 'x');
    for (std::string const& body : {std::string("world"), std::string(), long_body}) {
        auto const got = ask({.method = "POST", .target = "/a", .body = body});
        ASSERT_TRUE(got) << got.error().message;
        EXPECT_EQ(got->status, 200);
        EXPECT_TRUE(got->body == "hello " + body);
    }
    ASSERT_TRUE(ask({.keep_alive = false}));
    ASSERT_TRUE(test::run_until(loop, [this] { return end.has_value(); }));
    EXPECT_EQ(end->requests, 4U);
}

TEST_P(loopback_test, delivers_the_answer_to_a_body_it_did_not_read) {
    std::string const too_long((1 << 20) + 1, 'x');
    auto const got = ask({.method = "POST", .target = "/a", .body = too_long});
    ASSERT_TRUE(got) << got.error().message;
    EXPECT_EQ(got->status, 413);
}

TEST_P(loopback_test, opens_a_websocket_and_leaves_asio) {
    auto const opened = test::await(loop, open_websocket(*pair.client, wanted(), soon()));
    ASSERT_TRUE(opened) << opened.error().message;
    EXPECT_EQ(opened->subprotocol, "weir.v1.json");
    EXPECT_TRUE(opened->deflate);
    EXPECT_EQ(opened->early, "first frame");
    ASSERT_TRUE(test::run_until(loop, [this] { return end.has_value(); }));
    ASSERT_TRUE(end->accepted);
    auto const raw = pair.server->release();
    EXPECT_GE(raw.descriptor(), 0);
    EXPECT_EQ(raw.tls() != nullptr, GetParam() == cipher::tls);
    if (GetParam() == cipher::tls) return;
    ASSERT_EQ(::write(raw.descriptor(), "second", 6), 6);
    std::array<char, 16> into{};
    auto const [ec, n] = test::await(loop, pair.client->read_some(into, soon()));
    EXPECT_FALSE(ec);
    EXPECT_EQ(std::string_view(into.data(), n), "second");
}

TEST_P(loopback_test, tells_the_client_why_it_may_not) {
    auto w = wanted();
    w.headers = {{"Origin", "http://evil.example"}};
    auto const opened = test::await(loop, open_websocket(*pair.client, w, soon()));
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, errc::forbidden);
    EXPECT_THAT(opened.error().message, HasSubstr("403 Forbidden: pages of this origin"));
}

/// Never answers.
class patient_handler final : public handler {
public:
    awaitable<answer> handle(request&) override {
        ++asked;
        boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor,
                                        boost::asio::steady_timer::time_point::max());
        co_await timer.async_wait(boost::asio::use_awaitable);
        co_return no_content();
    }
    int asked = 0;
};

awaitable<void> serve_until_cancelled(stream& s, serve_settings const& settings, handler& h) {
    co_await serve(s, settings, h);
}

TEST(serve_in_a_group, ends_with_it_wherever_it_waits) {
    for (std::string const& sent :
         {std::string(), std::string("GET /"), std::string("GET / HTTP/1.1\r\nHost: a\r\n\r\n")}) {
        boost::asio::io_context loop{1};
        test::stream_pair pair(loop, cipher::plain);
        serve_settings const settings;
        patient_handler h;
        task_group tasks(loop.get_executor());
        tasks.spawn("serve", serve_until_cancelled(*pair.server, settings, h));
        ASSERT_FALSE(test::await(loop, pair.client->write_all(sent, soon())));
        ASSERT_TRUE(test::run_until(loop, [&] { return h.asked != 0 || sent.size() < 10; }));
        tasks.stop();
        test::await(loop, tasks.join());
        EXPECT_EQ(tasks.size(), 0U);

        pair.server.reset();
        std::array<char, 64> into{};
        auto const [ec, n] = test::await(loop, pair.client->read_some(into, soon()));
        EXPECT_TRUE(ec) << "nothing was answered";
    }
}

}  // namespace
}  // namespace weir::http
