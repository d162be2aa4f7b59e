#include "shard/server_fixture.hpp"

#include <weir/http/client_request.hpp>

#include <boost/asio/ip/tcp.hpp>

// Plain HTTP on the public listener: under which names it may be asked.
namespace weir {
namespace {

struct public_requests : server_fixture {
    void open(bool development) {
        auto live = everything_allowed();
        shard_settings fixed;
        fixed.development = development;
        fixed.pages.emplace("/", http::text_response("a page"));
        server.emplace(control.get_executor(), fixed, std::move(live));
        ASSERT_TRUE(server->start().has_value());
    }
    asio::awaitable<std::unique_ptr<stream>> dial() {
        asio::ip::tcp::socket socket(control);
        asio::ip::tcp::endpoint const to(asio::ip::address_v4::loopback(), server->port());
        co_await socket.async_connect(to, asio::use_awaitable);
        co_return make_plain_stream(std::move(socket));
    }
    static http::client_request get(std::string target, std::string host = "127.0.0.1") {
        http::client_request r;
        r.target = std::move(target);
        r.host = std::move(host);
        return r;
    }
    static asio::awaitable<http::client_response> ask(stream& s, http::client_request what) {
        auto got = co_await http::send_request(s, std::move(what), patience());
        if (!got) throw std::runtime_error(got.error().message);
        co_return std::move(*got);
    }
};

TEST_F(public_requests, under_a_foreign_name_are_refused_in_development) {
    open(true);
    run([](public_requests& f) -> asio::awaitable<void> {
        auto const port = ":" + std::to_string(f.server->port());
        for (std::string const& host : {"127.0.0.1" + port, "localhost" + port, "[::1]" + port}) {
            auto const s = co_await f.dial();
            auto const r = co_await ask(*s, get("/", host));
            EXPECT_EQ(r.status, 200) << host;
        }
        for (std::string const& path : {std::string("/"), std::string("/v1/ws")}) {
            auto const s = co_await f.dial();
            auto r = get(path, "evil.example" + port);
            r.headers = {{"Origin", "http://evil.example" + port},
                         {"Upgrade", "websocket"},
                         {"Connection", "Upgrade"},
                         {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="},
                         {"Sec-WebSocket-Version", "13"}};
            auto const got = co_await ask(*s, r);
            EXPECT_EQ(got.status, 403) << path;
        }
    }(*this));
}

TEST_F(public_requests, under_any_name_are_taken_outside_of_development) {
    open(false);
    run([](public_requests& f) -> asio::awaitable<void> {
        auto const s = co_await f.dial();
        auto const r = co_await ask(*s, get("/", "chat.example.com"));
        EXPECT_EQ(r.status, 200);
    }(*this));
}

}  // namespace
}  // namespace weir
