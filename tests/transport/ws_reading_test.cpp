#include "transport/ws_fixture.hpp"

#include <weir/ws/deflate.hpp>

#include <boost/asio/steady_timer.hpp>
#include <gmock/gmock.h>

#include <time.h>

namespace weir {
namespace {

using test::cipher;
using test::connection_bed;
using test::ws_peer;
using testing::ElementsAre;
using testing::SizeIs;

class reading : public test::over_both {};
INSTANTIATE_TEST_SUITE_P(both, reading, testing::Values(cipher::plain, cipher::tls),
                         test::cipher_name);

TEST_P(reading, messages_come_in_order_and_with_their_kind) {
    connection_bed bed(shard, GetParam());
    bed.start();
    bed.peer->say("one");
    bed.peer->send_frame(ws::opcode::binary, "two");
    bed.peer->say("");
    EXPECT_TRUE(bed.run([&] { return bed.owner.messages.size() == 3; }));
    EXPECT_THAT(bed.owner.messages, ElementsAre("one", "two", ""));
    EXPECT_THAT(bed.owner.binary, ElementsAre(false, true, false));
    EXPECT_GE(bed.owner.traffic, 1);
    EXPECT_EQ(shard.counts.received_bytes.read(), bed.server->bytes_in());
    EXPECT_EQ(bed.server->bytes_in(), (6u + 3) + (6 + 3) + 6);
}

TEST_P(reading, pieces_of_a_byte_each) {
    connection_bed bed(shard, GetParam());
    bed.start();
    std::string const wire = ws_peer::masked(ws::opcode::text, "hel", false) +
                             ws_peer::masked(ws::opcode::ping, "p") +
                             ws_peer::masked(ws::opcode::continuation, "lo");
    for (std::size_t i = 0; i < wire.size(); ++i) {
        bed.peer->send(std::string_view(wire).substr(i, 1));
        ASSERT_TRUE(shard.run([&] { return bed.server->bytes_in() == i + 1; }));
    }
    EXPECT_TRUE(bed.run([&] { return bed.owner.messages.size() == 1; }));
    EXPECT_THAT(bed.owner.messages, ElementsAre("hello"));
    EXPECT_EQ(bed.owner.traffic, static_cast<int>(wire.size()));
}

TEST_P(reading, what_lay_there_before_the_start) {
    connection_bed bed(shard, GetParam());
    bed.peer->say("early");
    bed.peer->say("bird");
    ASSERT_TRUE(bed.server->start());
    EXPECT_THAT(bed.owner.messages, SizeIs(0));  // never from inside start()
    EXPECT_TRUE(bed.run([&] { return bed.owner.messages.size() == 2; }));
}

// OpenSSL has read a whole record for the HTTP parser, which took a part of it: no event will ever
// tell of the rest.
TEST(reading_tls, what_openssl_holds_already) {
    test::shard_bed shard;
    test::stream_pair pair(shard.loop, cipher::tls);
    std::string const request = "GET / HTTP/1.1\r\n\r\n";
    ws_peer peer(pair.client->release());
    peer.send(request + ws_peer::masked(ws::opcode::text, "early"));
    std::vector<char> room(request.size());
    auto const got = test::await(shard.loop, pair.server->read_some(room, test::soon()));
    ASSERT_EQ(got.second, request.size());
    test::fake_owner owner;
    ws_connection server(shard.context, pair.server->release(), {}, owner);
    ASSERT_TRUE(server.start());
    EXPECT_TRUE(shard.run([&] { return owner.messages.size() == 1; }));
    EXPECT_THAT(owner.messages, ElementsAre("early"));
}

TEST_P(reading, one_turn_reads_one_budget) {
    connection_bed bed(shard, GetParam());
    int const room = 4 * 1024 * 1024;
    ::setsockopt(bed.peer->socket().descriptor(), SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    bed.start();
    std::string many;
    while (many.size() < 400 * 1024) many += ws_peer::masked(ws::opcode::text, "0123456789");
    std::size_t const sent = bed.peer->send(many);
    ASSERT_GT(sent, 2 * turn::read_budget_bytes);
    std::uint64_t before = 0;
    int turns = 0;
    while (bed.server->bytes_in() < sent) {
        if (shard.loop.stopped()) shard.loop.restart();
        if (shard.loop.poll_one() == 0) continue;  // loopback hands over in the background
        auto const now = bed.server->bytes_in();
        EXPECT_LE(now - before, turn::read_budget_bytes);
        if (now != before) ++turns;
        before = now;
    }
    EXPECT_GE(turns, 3);
}

milliseconds own_time() {
    timespec t{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return milliseconds(t.tv_sec * 1000 + t.tv_nsec / 1000000);
}

// The figure is 20 ms; an instrumented build gets ten times that. It is counted in the thread's own
// time, so that a busy machine makes no difference.
TEST_P(reading, a_flooder_does_not_hold_up_a_timer) {
    connection_bed bed(shard, GetParam());
    bed.start();
    std::string many;
    while (many.size() < 256 * 1024) many += ws_peer::masked(ws::opcode::text, "0123456789");
    std::size_t at = 0;
    bool const plain = GetParam() == cipher::plain;
    boost::asio::steady_timer timer(shard.loop);
    milliseconds worst{0};
    int ticks = 0;
    std::function<void()> tick = [&] {
        timer.expires_after(milliseconds(10));
        timer.async_wait([&, from = own_time()](boost::system::error_code ec) {
            if (ec) return;
            worst = std::max(worst, own_time() - from - milliseconds(10));
            ++ticks;
            tick();
        });
    };
    tick();
    EXPECT_TRUE(bed.run([&] {
        // Whole passes over TLS keep the retried write the same.
        at += bed.peer->send(std::string_view(many).substr(at));
        if (at == many.size()) at = 0;
        return ticks == 20;
    }));
    EXPECT_GT(bed.server->bytes_in(), plain ? turn::read_budget_bytes : 1000);
    EXPECT_LT(worst, milliseconds(200));
    timer.cancel();
    shard.run_ready();
}

TEST_P(reading, a_message_that_is_not_finished_in_time_costs_the_connection) {
    connection_bed bed(shard, GetParam());
    bed.start();
    EXPECT_EQ(shard.wheel.size(), 0u);
    bed.peer->send_frame(ws::opcode::text, "be", false);
    EXPECT_TRUE(bed.run([&] { return shard.wheel.size() == 1; }));
    shard.pass(seconds(29));
    // Neither fragments nor control frames buy time.
    bed.peer->send_frame(ws::opcode::continuation, "gin", false);
    bed.peer->send_frame(ws::opcode::ping, "p");
    EXPECT_TRUE(bed.run([&] { return bed.peer->frames.size() == 1; }));
    shard.pass(seconds(2));
    EXPECT_TRUE(bed.run([&] { return bed.peer->close_code() == 4000; }));
    bed.peer->hang_up();
    EXPECT_TRUE(shard.run([&] { return bed.owner.closes == 1; }));
    EXPECT_EQ(bed.owner.reason, close_reason::protocol_error);
    EXPECT_EQ(bed.owner.text, "message not finished within 30 s");
}

TEST_P(reading, a_finished_message_ends_the_time_and_the_next_has_its_own) {
    connection_bed bed(shard, GetParam());
    bed.start();
    std::string const one = ws_peer::masked(ws::opcode::text, "hello");
    bed.peer->send(one.substr(0, 8));
    EXPECT_TRUE(bed.run([&] { return shard.wheel.size() == 1; }));
    shard.pass(seconds(20));
    bed.peer->send(one.substr(8) + one.substr(0, 8));
    EXPECT_TRUE(bed.run([&] { return bed.owner.messages.size() == 1; }));
    shard.pass(seconds(20));  // past the first one's time, not past the second's
    shard.run_ready();
    EXPECT_EQ(shard.wheel.size(), 1u);
    bed.peer->send(one.substr(8));
    EXPECT_TRUE(bed.run([&] { return bed.owner.messages.size() == 2; }));
    EXPECT_EQ(shard.wheel.size(), 0u);
    shard.pass(std::chrono::hours(1));
    shard.run_ready();
    EXPECT_EQ(bed.peer->close_code(), -1);
    EXPECT_EQ(bed.owner.closes, 0);
}

TEST_P(reading, a_compressed_message_is_inflated) {
    connection_bed bed(shard, GetParam(), {.deflate = true});
    bed.start();
    ws::deflater deflating;
    std::string const text(5000, 'x');
    bed.peer->send_frame(ws::opcode::text, deflating.deflate(text), true, true);
    bed.peer->say("plain too");
    EXPECT_TRUE(bed.run([&] { return bed.owner.messages.size() == 2; }));
    EXPECT_THAT(bed.owner.messages, ElementsAre(text, "plain too"));
    EXPECT_LT(bed.server->bytes_in(), 200u);
}

TEST_P(reading, a_bomb_is_refused) {
    shard.context.change({.message_bytes = 10000});
    connection_bed bed(shard, GetParam(), {.deflate = true});
    bed.start();
    ws::deflater deflating;
    bed.peer->send_frame(ws::opcode::text, deflating.deflate(std::string(10001, 'x')), true, true);
    EXPECT_TRUE(bed.run([&] { return bed.peer->close_code() == 1009; }));
    EXPECT_THAT(bed.owner.messages, SizeIs(0));
}

TEST_P(reading, a_new_limit_holds_from_the_next_message_on) {
    shard.context.change({.message_bytes = 100});
    connection_bed bed(shard, GetParam());
    bed.start();
    bed.peer->say(std::string(100, 'a'));
    EXPECT_TRUE(bed.run([&] { return bed.owner.messages.size() == 1; }));
    bed.peer->send_frame(ws::opcode::text, std::string(60, 'b'), false);
    EXPECT_TRUE(bed.run([&] { return shard.wheel.size() == 1; }));
    shard.context.change({.message_bytes = 50});
    bed.peer->send_frame(ws::opcode::continuation, std::string(40, 'b'));
    EXPECT_TRUE(bed.run([&] { return bed.owner.messages.size() == 2; }));
    shard.context.change({.message_bytes = 1000});
    bed.peer->say(std::string(1000, 'c'));
    EXPECT_TRUE(bed.run([&] { return bed.owner.messages.size() == 3; }));
    bed.peer->say(std::string(1001, 'd'));
    EXPECT_TRUE(bed.run([&] { return bed.peer->close_code() == 1009; }));
    EXPECT_THAT(bed.owner.faults, ElementsAre(close_reason::message_too_large));
}

// 64 messages of 60 KB in 8 KB of the wire: what they inflate to is what a turn must not exceed.
TEST_P(reading, a_turn_decodes_so_many_inflated_bytes) {
    connection_bed bed(shard, GetParam(), {.deflate = true});
    bed.start();
    ws::deflater deflating;
    std::string const large(60000, 'x');
    std::string all;
    for (int i = 0; i < 64; ++i) {
        all += ws_peer::masked(ws::opcode::text, deflating.deflate(large + std::to_string(i)), true,
                               true);
    }
    ASSERT_LT(all.size(), 16U * 1024);
    std::size_t last = 0;
    std::size_t most = 0;
    // Each handler of the loop is at most one turn.
    bed.peer->send(all);
    EXPECT_TRUE(shard.run([&] {
        most = std::max(most, bed.owner.messages.size() - last);
        last = bed.owner.messages.size();
        return last == 64;
    }));
    EXPECT_LE(most, 2u);
    for (std::size_t i = 0; i < 64; ++i) {
        ASSERT_EQ(bed.owner.messages[i], large + std::to_string(i));
    }
}

TEST_P(reading, a_turn_decodes_so_many_messages) {
    connection_bed bed(shard, GetParam());
    bed.start();
    std::string all;
    for (int i = 0; i < 1000; ++i) all += ws_peer::masked(ws::opcode::text, std::to_string(i));
    std::size_t last = 0;
    std::size_t most = 0;
    bed.peer->send(all);
    bed.peer->shut();  // what was read before the end is handed on before it
    EXPECT_TRUE(shard.run([&] {
        most = std::max(most, bed.owner.messages.size() - last);
        last = bed.owner.messages.size();
        return bed.owner.closes > 0;
    }));
    EXPECT_LE(most, ws_connection::messages_per_turn);
    ASSERT_EQ(bed.owner.messages.size(), 1000u);
    for (std::size_t i = 0; i < 1000; ++i) EXPECT_EQ(bed.owner.messages[i], std::to_string(i));
}

struct fault_case {
    char const* name;
    std::string bytes;
    int code;
    close_reason reason;
};

class reading_faults : public testing::TestWithParam<fault_case> {};

TEST_P(reading_faults, close_with_their_code_and_what_follows_is_not_read) {
    test::shard_bed shard;
    shard.context.change({.message_bytes = 1000});
    connection_bed bed(shard, cipher::plain);
    bed.start();
    bed.peer->send(GetParam().bytes);
    bed.peer->say("after");
    EXPECT_TRUE(bed.run([&] { return bed.peer->close_code() >= 0; }));
    EXPECT_EQ(bed.peer->close_code(), GetParam().code);
    bed.peer->say("long after");
    bed.peer->hang_up();
    EXPECT_TRUE(shard.run([&] { return bed.owner.closes > 0; }));
    EXPECT_EQ(bed.owner.reason, GetParam().reason);
    EXPECT_THAT(bed.owner.faults, ElementsAre(GetParam().reason));
    EXPECT_EQ(bed.owner.peer_code, 0);
    EXPECT_THAT(bed.owner.messages, SizeIs(0));
}

INSTANTIATE_TEST_SUITE_P(
    all, reading_faults,
    testing::Values(
        fault_case{"unmasked", std::string("\x81\x01x", 3), 1002, close_reason::protocol_violation},
        fault_case{"reserved_bit", ws_peer::masked(ws::opcode::text, "x", true, true), 1002,
                   close_reason::protocol_violation},
        fault_case{"no_start", ws_peer::masked(ws::opcode::continuation, "x"), 1002,
                   close_reason::protocol_violation},
        fault_case{"fragmented_ping", std::string("\x09\x81\0\0\0\0x", 7), 1002,
                   close_reason::protocol_violation},
        fault_case{"bad_close_code", ws_peer::masked(ws::opcode::close, "\x03\xED"), 1002,
                   close_reason::protocol_violation},
        fault_case{"close_of_one_byte", ws_peer::masked(ws::opcode::close, "x"), 1002,
                   close_reason::protocol_violation},
        fault_case{"utf8", ws_peer::masked(ws::opcode::text, "\xFF"), 1007,
                   close_reason::invalid_utf8},
        fault_case{"too_large", ws_peer::masked(ws::opcode::text, std::string(1001, 'x')), 1009,
                   close_reason::message_too_large}),
    [](auto const& p) { return std::string(p.param.name); });

}  // namespace
}  // namespace weir
