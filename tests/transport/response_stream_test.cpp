#include "transport/ws_fixture.hpp"

#include <weir/async/task_group.hpp>
#include <weir/http/connection.hpp>
#include <weir/transport/response_stream.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gmock/gmock.h>

#include <deque>
#include <optional>
#include <string>

// A streamed answer from the request to the next one, over loopback: what serve() leaves to its
// caller, response_stream writes, and serve() goes on.
namespace weir {
namespace {

namespace asio = boost::asio;
using test::cipher;
using testing::EndsWith;
using testing::HasSubstr;

/// The client's end: raw bytes both ways.
class raw_peer {
public:
    explicit raw_peer(raw_socket socket) : socket_(std::move(socket)) {}

    void send(std::string_view bytes) {
        while (!bytes.empty()) {
            auto const n =
                socket_.tls() == nullptr
                    ? ::send(socket_.descriptor(), bytes.data(), bytes.size(), 0)
                    : SSL_write(socket_.tls(), bytes.data(), static_cast<int>(bytes.size()));
            ASSERT_GT(n, 0);
            bytes.remove_prefix(static_cast<std::size_t>(n));
        }
    }
    void pump() {
        std::array<char, 16 * 1024> room;
        while (!ended) {
            ssize_t n = 0;
            if (socket_.tls() == nullptr) {
                n = ::recv(socket_.descriptor(), room.data(), room.size(), MSG_DONTWAIT);
                if (n < 0 && errno == EAGAIN) return;
            } else {
                ERR_clear_error();
                n = SSL_read(socket_.tls(), room.data(), static_cast<int>(room.size()));
                if (n <= 0 &&
                    SSL_get_error(socket_.tls(), static_cast<int>(n)) == SSL_ERROR_WANT_READ) {
                    return;
                }
            }
            if (n <= 0) {
                ended = true;
                return;
            }
            got.append(room.data(), static_cast<std::size_t>(n));
        }
    }
    void shut() {
        if (socket_.tls() != nullptr) SSL_shutdown(socket_.tls());
        ::shutdown(socket_.descriptor(), SHUT_WR);
    }
    void hang_up() { socket_ = raw_socket(); }
    int descriptor() const { return socket_.descriptor(); }

    std::string got;
    bool ended = false;

private:
    raw_socket socket_;
};

/// Serves one connection: /stream answers in pieces that the test gives, other paths at once.
struct streaming : test::over_both, http::handler, body_source {
    streaming() {
        test::stream_pair pair(shard.loop, GetParam());
        peer.emplace(pair.client->release());
        connection = std::move(pair.server);
        tasks.spawn("serve", serve());
    }
    ~streaming() override {
        peer->hang_up();
        stream.reset();
        tasks.stop();
        shard.run([&] { return tasks.size() == 0; });
    }

    asio::awaitable<http::answer> handle(http::request& r) override {
        if (r.path != "/stream") co_return http::text_response("plain " + r.path);
        http::stream_start start;
        start.content_type = "text/event-stream";
        co_return start;
    }

    asio::awaitable<void> serve() {
        http::serve_settings settings;
        settings.secure = GetParam() == cipher::tls;
        http::served state;
        for (;;) {  // ends with the connection
            state = co_await http::serve(*connection, settings, *this, std::move(state));
            if (!state.stream) break;
            stream.emplace(shard.context, connection->release(), *state.stream,
                           std::move(state.unread), *this, milliseconds(15'000));
            EXPECT_TRUE(stream->start());
            asio::steady_timer done(shard.loop, asio::steady_timer::time_point::max());
            waiting = &done;
            if (!how) {
                co_await done.async_wait(asio::as_tuple(asio::use_awaitable));
            }
            waiting = nullptr;
            if (how != body_source::ending::finished) break;
            auto rest = stream->release();
            stream.reset();
            state.stream.reset();
            state.unread = std::move(rest.unread);
            connection = make_stream(shard.loop.get_executor(), std::move(rest.socket));
            if (!rest.keep_alive) {
                co_await connection->shutdown(test::soon());
                break;
            }
            how.reset();
        }
        over = true;
    }

    // body_source
    std::size_t body_peek(std::span<frame const*> out) override {
        ++peeks;
        std::size_t const n = std::min(out.size(), pieces.size());
        for (std::size_t i = 0; i < n; ++i) out[i] = pieces[i].get();
        return n;
    }
    void body_committed(std::size_t n) override {
        pieces.erase(pieces.begin(), pieces.begin() + static_cast<std::ptrdiff_t>(n));
    }
    void on_ended(ending e) override {
        how = e;
        asio::post(shard.loop, [this] {
            if (waiting != nullptr) waiting->cancel();
        });
    }

    void give(std::string_view text) { pieces.push_back(make_frame({}, text, false)); }
    template <class Done>
    bool run(Done done) {
        return shard.run([&] {
            peer->pump();
            return done();
        });
    }
    bool begin(std::string_view request = "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n") {
        peer->send(request);
        return run([&] { return peer->got.find("\r\n\r\n") != std::string::npos; });
    }
    static std::string chunk(std::string const& text) {
        std::array<char, 16> size{};
        std::snprintf(size.data(), size.size(), "%zx\r\n", text.size());
        return size.data() + text + "\r\n";
    }
    std::string body() const { return peer->got.substr(peer->got.find("\r\n\r\n") + 4); }

    std::optional<raw_peer> peer;
    std::unique_ptr<weir::stream> connection;
    std::optional<response_stream> stream;
    std::deque<frame_ref> pieces;
    std::optional<ending> how;
    asio::steady_timer* waiting = nullptr;
    int peeks = 0;
    bool over = false;
    task_group tasks{shard.loop.get_executor()};
};

TEST_P(streaming, pieces_of_a_turn_leave_together_and_the_body_ends) {
    ASSERT_TRUE(begin());
    EXPECT_THAT(peer->got, HasSubstr("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"));
    EXPECT_THAT(peer->got, HasSubstr("Transfer-Encoding: chunked\r\n"));
    auto const before = peeks;
    give("one");
    give("");  // would end the body as a chunk
    give(std::string(300, 'x'));
    for (int i = 0; i != 3; ++i) stream->wake();
    auto const wanted = chunk("one") + chunk(std::string(300, 'x'));
    EXPECT_TRUE(run([&] { return body() == wanted; }));
    EXPECT_LE(peeks - before, 2) << "one flush for all";
    give("last");
    stream->finish();
    EXPECT_TRUE(run([&] { return body() == wanted + chunk("last") + "0\r\n\r\n"; }));
    // The connection lives on.
    EXPECT_TRUE(run([&] { return !stream; }));
    peer->send("GET /more HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_TRUE(run([&] { return peer->got.ends_with("plain /more"); }));
}

TEST_P(streaming, requests_behind_it_wait_for_its_end) {
    ASSERT_TRUE(
        begin("GET /stream HTTP/1.1\r\nHost: a\r\n\r\nGET /a HTTP/1.1\r\nHost: a\r\n\r\nGET "));
    give("piece");
    stream->wake();
    EXPECT_TRUE(run([&] { return body() == chunk("piece"); }));
    peer->send("/b HTTP/1.1\r\nHost: a\r\n\r\nGET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
    shard.run_ready();
    peer->pump();
    EXPECT_EQ(body(), chunk("piece"));
    stream->finish();
    EXPECT_TRUE(run([&] { return peer->got.find("plain /b") != std::string::npos; }));
    EXPECT_LT(peer->got.find("0\r\n\r\n"), peer->got.find("plain /a"));
    EXPECT_LT(peer->got.find("plain /a"), peer->got.find("plain /b"));
    // And a second streamed answer on the same connection.
    EXPECT_TRUE(run([&] { return stream.has_value() && !how; }));
    give("again");
    stream->finish();
    EXPECT_TRUE(run([&] { return peer->got.ends_with(chunk("again") + "0\r\n\r\n"); }));
}

TEST_P(streaming, more_than_it_keeps_of_what_comes_meanwhile_is_not_read) {
    ASSERT_TRUE(begin());
    auto const before = shard.counts.received_bytes.read();
    peer->send(std::string(64 * 1024, 'x'));
    EXPECT_TRUE(run([&] {
        return shard.counts.received_bytes.read() - before >= response_stream::unread_bytes_max;
    }));
    shard.run_ready();
    EXPECT_EQ(shard.counts.received_bytes.read() - before, response_stream::unread_bytes_max);
    give("still");
    stream->wake();
    EXPECT_TRUE(run([&] { return body() == chunk("still"); }));
}

TEST_P(streaming, a_peer_that_does_not_read_is_reset_after_the_write_timeout) {
    ASSERT_TRUE(begin());
    int const small = 64 * 1024;
    ::setsockopt(peer->descriptor(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    for (int i = 0; i != 200; ++i) give(std::string(60'000, 'x'));
    stream->wake();
    EXPECT_TRUE(shard.run([&] { return !stream->writable(); }));
    auto const left = pieces.size();
    EXPECT_GT(left, 0U) << "what does not fit stays the source's";
    shard.run_ready();
    EXPECT_EQ(pieces.size(), left);
    EXPECT_EQ(shard.wheel.size(), 1U);
    shard.pass(milliseconds(14'900));
    shard.run_ready();
    EXPECT_FALSE(how);
    shard.pass(milliseconds(200));
    EXPECT_TRUE(shard.run([&] { return how.has_value(); }));
    EXPECT_EQ(*how, ending::stalled);
    EXPECT_TRUE(shard.run([&] { return over; }));
}

TEST_P(streaming, a_slow_reader_gets_everything_in_order) {
    ASSERT_TRUE(begin());
    std::string wanted;
    for (int i = 0; i != 300; ++i) {
        auto const text = std::to_string(i) + std::string(static_cast<std::size_t>(i) * 100, 'x');
        give(text);
        wanted += chunk(text);
    }
    stream->wake();
    EXPECT_TRUE(shard.run([&] { return pieces.empty() || !stream->writable(); }));
    EXPECT_TRUE(run([&] { return body().size() >= wanted.size(); }));
    EXPECT_EQ(body(), wanted);
    EXPECT_EQ(shard.wheel.size(), 0U);
}

TEST_P(streaming, a_peer_that_shut_its_side_gets_the_answer_to_its_end) {
    ASSERT_TRUE(begin());
    peer->shut();
    shard.run_ready();
    give("rest");
    stream->finish();
    EXPECT_TRUE(run([&] { return peer->ended; }));
    EXPECT_EQ(body(), chunk("rest") + "0\r\n\r\n");
    EXPECT_TRUE(shard.run([&] { return over; }));
}

TEST_P(streaming, to_http_1_0_the_body_ends_with_the_connection) {
    ASSERT_TRUE(begin("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
    EXPECT_EQ(peer->got.find("chunked"), std::string::npos);
    EXPECT_THAT(peer->got, HasSubstr("Connection: close\r\n"));
    give("one");
    give("two");
    stream->finish();
    EXPECT_TRUE(run([&] { return peer->ended; }));
    EXPECT_EQ(body(), "onetwo");
}

TEST_P(streaming, head_is_answered_without_a_body) {
    ASSERT_TRUE(
        begin("HEAD /stream HTTP/1.1\r\nHost: a\r\n\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n"));
    EXPECT_TRUE(run([&] { return peer->got.ends_with("plain /x"); }));
    EXPECT_FALSE(stream.has_value());
}

TEST_P(streaming, an_abort_and_a_peer_that_goes_are_told_once) {
    ASSERT_TRUE(begin());
    stream->abort();
    stream->abort();
    EXPECT_FALSE(how) << "not from inside";
    EXPECT_TRUE(shard.run([&] { return over; }));
    EXPECT_EQ(*how, ending::aborted);
}

TEST_P(streaming, a_peer_that_is_gone_ends_it) {
    ASSERT_TRUE(begin());
    peer->hang_up();
    EXPECT_TRUE(shard.run([&] {
        give("x");
        if (stream && !how) stream->wake();
        return over;
    }));
    EXPECT_EQ(*how, ending::lost);
}

INSTANTIATE_TEST_SUITE_P(both, streaming, testing::Values(cipher::plain, cipher::tls),
                         test::cipher_name);

}  // namespace
}  // namespace weir
