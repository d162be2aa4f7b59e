#include "async/stream_pair.hpp"

#include <weir/async/task_group.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

#include <array>
#include <fcntl.h>
#include <filesystem>
#include <sys/socket.h>
#include <unistd.h>

namespace weir {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using test::await;
using test::soon;

std::size_t open_descriptors() {
    auto const all = std::filesystem::directory_iterator("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

class stream_over : public testing::TestWithParam<test::cipher> {
protected:
    asio::io_context loop{1};
    test::stream_pair pair{loop, GetParam()};
    std::array<char, 4096> room{};
};

INSTANTIATE_TEST_SUITE_P(both, stream_over, testing::Values(test::cipher::plain, test::cipher::tls),
                         [](auto const& p) {
                             return p.param == test::cipher::plain ? "plain" : "tls";
                         });

asio::awaitable<std::string> read_all(stream& from) {
    std::string got;
    std::array<char, 10000> room;
    for (;;) {
        auto const [ec, n] = co_await from.read_some(room, soon());
        if (ec) {
            EXPECT_EQ(ec, asio::error::eof) << ec.message();
            co_return got;
        }
        got.append(room.data(), n);
    }
}

asio::awaitable<void> send_all(stream& to, std::string_view bytes, error_code& result) {
    result = co_await to.write_all(bytes, soon());
    co_await to.shutdown(soon());
}

TEST_P(stream_over, carries_bytes_both_ways) {
    EXPECT_FALSE(await(loop, pair.client->write_all("ping", soon())));
    auto [ec, n] = await(loop, pair.server->read_some(room, soon()));
    EXPECT_FALSE(ec);
    EXPECT_EQ(std::string_view(room.data(), n), "ping");
    EXPECT_FALSE(await(loop, pair.server->write_all("pong", soon())));
    std::tie(ec, n) = await(loop, pair.client->read_some(room, soon()));
    EXPECT_EQ(std::string_view(room.data(), n), "pong");
    EXPECT_EQ(pair.server->peer().address(), asio::ip::address_v4::loopback());
}

TEST_P(stream_over, carries_more_than_the_kernel_holds_and_then_ends) {
    std::string text(5 * 1024 * 1024, ' ');
    for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(i * 31 >> 3);
    error_code sent;
    asio::co_spawn(loop, send_all(*pair.server, text, sent), [](std::exception_ptr) {});
    EXPECT_TRUE(await(loop, read_all(*pair.client)) == text);
    EXPECT_FALSE(sent) << sent.message();
}

TEST_P(stream_over, a_wait_ends_at_its_deadline) {
    auto const at_once = mono_time::clock::now();
    auto const [ec, n] = await(loop, pair.server->read_some(room, at_once));
    EXPECT_EQ(ec, asio::error::timed_out);
    auto const later = mono_time::clock::now() + milliseconds(5);
    auto const [late, m] = await(loop, pair.server->read_some(room, later));
    EXPECT_EQ(late, asio::error::timed_out);
    EXPECT_GE(mono_time::clock::now(), later);
    // It is as good as before.
    EXPECT_FALSE(await(loop, pair.client->write_all("x", soon())));
    EXPECT_EQ(await(loop, pair.server->read_some(room, soon())).second, 1u);
}

TEST_P(stream_over, a_write_that_nobody_reads_ends_at_its_deadline) {
    std::string const much(64 * 1024 * 1024, 'x');
    auto const later = mono_time::clock::now() + milliseconds(50);
    EXPECT_EQ(await(loop, pair.server->write_all(much, later)), asio::error::timed_out);
}

TEST_P(stream_over, cancel_ends_a_wait) {
    error_code ec;
    bool done = false;
    asio::co_spawn(loop, pair.server->read_some(room, never), [&](std::exception_ptr, auto got) {
        ec = got.first;
        done = true;
    });
    test::run_ready(loop);
    EXPECT_FALSE(done);
    pair.server->cancel();
    EXPECT_TRUE(test::run_until(loop, [&] { return done; }));
    EXPECT_EQ(ec, asio::error::operation_aborted);
}

asio::awaitable<void> wait_for_input(stream& from, mono_time deadline, error_code& result) {
    std::array<char, 16> room;
    result = (co_await from.read_some(room, deadline)).first;
}

TEST_P(stream_over, a_stopped_task_leaves_its_wait) {
    for (mono_time const deadline : {never, soon()}) {
        task_group group(loop.get_executor());
        error_code ec;
        group.spawn("wait", wait_for_input(*pair.server, deadline, ec));
        test::run_ready(loop);
        group.stop();
        await(loop, group.join());
        EXPECT_EQ(ec, asio::error::operation_aborted);
    }
}

TEST_P(stream_over, the_peers_end_and_its_loss_are_told_apart) {
    await(loop, pair.client->shutdown(soon()));
    EXPECT_EQ(await(loop, pair.server->read_some(room, soon())).first, asio::error::eof);
    // The other direction still works.
    EXPECT_FALSE(await(loop, pair.server->write_all("x", soon())));

    test::stream_pair other(loop, GetParam());
    raw_socket client = other.client->release();
    ::linger const reset{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(client.descriptor(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    client = raw_socket();
    auto const [ec, n] = await(loop, other.server->read_some(room, soon()));
    EXPECT_EQ(ec, asio::error::connection_reset) << ec.message();
}

// Data that is always there must not keep other work from the loop.
asio::awaitable<void> read_endlessly(stream& from, bool& stop, std::size_t& reads) {
    std::array<char, 1> room;
    while (!stop) {
        auto const [ec, n] = co_await from.read_some(room, soon());
        if (ec) co_return;
        ++reads;
    }
}

TEST_P(stream_over, a_busy_reader_lets_others_run) {
    ASSERT_FALSE(await(loop, pair.client->write_all(std::string(8000, 'x'), soon())));
    bool stop = false;
    std::size_t reads = 0;
    bool done = false;
    asio::co_spawn(loop, read_endlessly(*pair.server, stop, reads),
                   [&](std::exception_ptr) { done = true; });
    asio::post(loop, [&] { stop = true; });
    EXPECT_TRUE(test::run_until(loop, [&] { return done; }));
    EXPECT_GE(reads, 1u);
    EXPECT_LT(reads, 100u);
}

TEST_P(stream_over, released_it_leaves_its_descriptor_open_and_unwatched) {
    raw_socket raw = pair.server->release();
    ASSERT_GE(raw.descriptor(), 0);
    EXPECT_EQ(raw.tls() != nullptr, GetParam() == test::cipher::tls);
    pair.server.reset();
    EXPECT_NE(::fcntl(raw.descriptor(), F_GETFD), -1);
    EXPECT_NE(::fcntl(raw.descriptor(), F_GETFL) & O_NONBLOCK, 0);
    raw = raw_socket();  // assignment gives the old one back: its end is the peer's end
    EXPECT_TRUE(await(loop, pair.client->read_some(room, soon())).first);
}

TEST_P(stream_over, no_descriptor_leaks) {
    auto const before = open_descriptors();
    {
        test::stream_pair one(loop, GetParam());
        test::stream_pair two(loop, GetParam());
        raw_socket const raw = two.server->release();
        EXPECT_EQ(open_descriptors(), before + 4);
    }
    EXPECT_EQ(open_descriptors(), before);
}

}  // namespace
}  // namespace weir
