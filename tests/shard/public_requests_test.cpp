#include "shard/server_fixture.hpp"

#include <weir/http/client_request.hpp>

#include <boost/asio/ip/tcp.hpp>

// Plain HTTP on the public listener: how often one address may ask, and under which names.
namespace weir {
namespace {

struct public_requests : server_fixture {
    void open(double per_second, bool development) {
        auto live = everything_allowed();
        live->directory.http_requests_per_ip_per_second = per_second;
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
    std::uint64_t limited() const {
        std::uint64_t n = 0;
        for (auto const* o : server->observers()) {
            n += at(o->limited, limit_kind::http_requests_per_ip).read();
        }
        return n;
    }
};

// The rate is so low that no time a test takes brings another request.
TEST_F(public_requests, of_one_address_are_limited_also_on_a_connection_that_is_kept) {
    open(0.002, false);
    run([](public_requests& f) -> asio::awaitable<void> {
        auto const s = co_await f.dial();
        auto const first = co_await ask(*s, get("/healthz"));
        EXPECT_EQ(first.status, 200);
        auto const last = co_await ask(*s, get("/healthz"));
        EXPECT_EQ(last.status, 429);
        EXPECT_FALSE(last.header("Retry-After").empty());
        EXPECT_FALSE(last.keep_alive);
        auto const page = co_await f.dial();
        auto const refused = co_await ask(*page, get("/"));
        EXPECT_EQ(refused.status, 429) << "whatever is asked for, on whatever connection";
        // A handshake has its own limit.
        auto const c = co_await f.client();
        co_await say(*c, R"({"type":"hello"})");
        co_await hear(*c, R"({"type":"welcome")");
    }(*this));
    EXPECT_EQ(limited(), 2U);
}

TEST_F(public_requests, have_a_burst_of_two_seconds) {
    open(2.5, false);
    run([](public_requests& f) -> asio::awaitable<void> {
        auto const s = co_await f.dial();
        for (int i = 0; i != 5; ++i) {
            auto const r = co_await ask(*s, get(i % 2 == 0 ? "/healthz" : "/"));
            EXPECT_EQ(r.status, 200) << i;
            EXPECT_TRUE(r.keep_alive);
        }
    }(*this));
    EXPECT_EQ(limited(), 0U);
}

TEST_F(public_requests, under_a_foreign_name_are_refused_in_development) {
    open(0, true);
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
    open(0, false);
    run([](public_requests& f) -> asio::awaitable<void> {
        auto const s = co_await f.dial();
        auto const r = co_await ask(*s, get("/", "chat.example.com"));
        EXPECT_EQ(r.status, 200);
    }(*this));
}

}  // namespace
}  // namespace weir
