#include "transport/ws_fixture.hpp"

#include <weir/ws/deflate.hpp>

#include <gmock/gmock.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <random>

namespace weir {
namespace {

using test::cipher;
using test::connection_bed;
using test::ws_peer;
using testing::ElementsAre;
using testing::SizeIs;

class writing : public test::over_both {
protected:
    // Numbered texts, so that order and wholeness show.
    static std::string numbered(std::size_t i, std::size_t size) {
        std::string text = std::to_string(i) + " ";
        text.resize(size, static_cast<char>('a' + i % 26));
        return text;
    }
    static constexpr std::size_t many = 500;
    // Fills the way to a peer that does not read.
    void stuff(connection_bed& bed, std::size_t size) {
        for (std::size_t i = 0; i < many; ++i) bed.queue(numbered(i, size));
        bed.server->wake();
        shard.run_ready();
        ASSERT_FALSE(bed.server->writable());
    }
};
INSTANTIATE_TEST_SUITE_P(both, writing, testing::Values(cipher::plain, cipher::tls),
                         test::cipher_name);

TEST_P(writing, frames_leave_in_order_at_the_end_of_the_turn) {
    connection_bed bed(shard, GetParam());
    bed.start();
    bed.deliver("one");
    bed.deliver("two");
    bed.owner.outbox.push_back(make_binary_frame("three", true));
    EXPECT_EQ(bed.server->bytes_out(), 0u);
    EXPECT_TRUE(bed.run([&] { return bed.peer->frames.size() == 3; }));
    EXPECT_THAT(bed.heard(), ElementsAre("one", "two", "three"));
    EXPECT_EQ(bed.peer->frames[1].op, ws::opcode::text);
    EXPECT_EQ(bed.peer->frames[2].op, ws::opcode::binary);
    EXPECT_EQ(bed.owner.committed, 3u);
    EXPECT_EQ(bed.server->bytes_out(), 2u * 3 + 3 + 3 + 5);
    EXPECT_EQ(shard.counts.sent_bytes.read(), bed.server->bytes_out());
}

TEST_P(writing, sends_without_delay) {
    connection_bed bed(shard, GetParam());
    bed.start();
    int on = 0;
    socklen_t size = sizeof on;
    ASSERT_EQ(::getsockopt(bed.server_descriptor, IPPROTO_TCP, TCP_NODELAY, &on, &size), 0);
    EXPECT_NE(on, 0);
}

TEST_P(writing, every_size_crosses) {
    connection_bed bed(shard, GetParam());
    bed.start();
    std::vector<std::string> all;
    for (std::size_t const size :
         {0u, 1u, 125u, 126u, 16371u, 16380u, 16384u, 65535u, 65536u, 300000u, 3u}) {
        all.push_back(std::string(size, 'x'));
        bed.queue(all.back());
    }
    bed.server->wake();
    EXPECT_TRUE(bed.run([&] { return bed.peer->frames.size() == all.size(); }));
    EXPECT_EQ(bed.heard(), all);
}

TEST_P(writing, what_was_not_written_stays_the_owners) {
    connection_bed bed(shard, GetParam());
    bed.shrink_buffers();
    bed.start();
    stuff(bed, 10000);
    EXPECT_LT(bed.owner.committed, many);
    // All that is committed has left, but for one piece: a frame, or a record's worth.
    EXPECT_LE(bed.owner.committed * 10000, bed.server->bytes_out() + 2 * 16384);
    EXPECT_EQ(bed.owner.outbox.size(), many - bed.owner.committed);
    // What waits may still be replaced.
    bed.owner.outbox.resize(bed.owner.outbox.size() - 1);
    bed.queue("replaced");
    EXPECT_TRUE(bed.run([&] { return bed.owner.outbox.empty(); }));
    EXPECT_TRUE(bed.run([&] { return bed.peer->frames.size() == many; }));
    auto const got = bed.heard();
    for (std::size_t i = 0; i + 1 < many; ++i) ASSERT_EQ(got[i], numbered(i, 10000)) << i;
    EXPECT_EQ(got.back(), "replaced");
    EXPECT_TRUE(bed.server->writable());
}

// A reader of odd sizes leaves every frame half sent at some time; pings must not get inside one.
TEST_P(writing, control_frames_stand_between_frames) {
    auto const seed = std::random_device{}();
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937 random(seed);
    connection_bed bed(shard, GetParam());
    bed.shrink_buffers();
    bed.start();
    stuff(bed, 3000);
    std::size_t pings = 0;
    EXPECT_TRUE(shard.run([&] {
        if (random() % 8 == 0) bed.peer->send_frame(ws::opcode::ping, std::to_string(pings++));
        if (random() % 8 == 0) bed.server->ping("from the server");
        bed.peer->pump(1 + random() % 20000);
        return bed.owner.outbox.empty() && bed.heard().size() == many;
    }));
    auto const got = bed.heard();
    for (std::size_t i = 0; i < many; ++i) ASSERT_EQ(got[i], numbered(i, 3000)) << i;
    std::size_t last = 0;
    for (auto const& f : bed.peer->frames) {
        if (f.op != ws::opcode::pong) continue;
        auto const n = std::stoul(f.payload);
        EXPECT_GE(n, last);
        last = n;
    }
}

// The frame under way is longer than many flushes; what has to come next is not forgotten
// meanwhile.
TEST_P(writing, control_frames_wait_for_the_frame_under_way) {
    connection_bed bed(shard, GetParam());
    bed.shrink_buffers();
    bed.start();
    bed.deliver(std::string(2000000, 'x'));
    shard.run_ready();
    ASSERT_FALSE(bed.server->writable());
    bed.peer->send_frame(ws::opcode::ping, "theirs");
    EXPECT_TRUE(shard.run([&] { return bed.owner.traffic == 1; }));
    bed.server->ping("ours");
    EXPECT_TRUE(bed.run([&] { return bed.peer->frames.size() == 3; }));
    EXPECT_EQ(bed.peer->frames[0].payload.size(), 2000000u);
    EXPECT_EQ(bed.peer->frames[1].payload, "theirs");
    EXPECT_EQ(bed.peer->frames[2].payload, "ours");

    bed.deliver(std::string(2000000, 'y'));
    shard.run_ready();
    bed.server->close(close_reason::idle, {});
    EXPECT_TRUE(bed.run([&] { return bed.peer->close_code() == 4207; }));
    EXPECT_EQ(bed.peer->frames[3].payload, std::string(2000000, 'y'));
    EXPECT_THAT(bed.peer->frames, SizeIs(5));
}

TEST_P(writing, every_ping_of_a_burst_gets_its_own_pong) {
    connection_bed bed(shard, GetParam());
    bed.start();
    std::string burst;
    std::vector<std::string> wanted;
    for (std::size_t i = 0; i < ws_connection::pongs_max; ++i) {
        wanted.push_back(std::to_string(i));
        burst += ws_peer::masked(ws::opcode::ping, wanted.back());
    }
    bed.queue("data");
    bed.peer->send(burst);
    EXPECT_TRUE(bed.run([&] { return bed.peer->frames.size() == wanted.size() + 1; }));
    std::vector<std::string> pongs;
    for (auto const& f : bed.peer->frames) {
        if (f.op == ws::opcode::pong) pongs.push_back(f.payload);
    }
    EXPECT_EQ(pongs, wanted);
    EXPECT_THAT(bed.heard(), ElementsAre("data"));
}

TEST_P(writing, of_more_pings_than_may_wait_the_oldest_get_no_pong) {
    connection_bed bed(shard, GetParam());
    bed.shrink_buffers();
    bed.start();
    stuff(bed, 10000);
    std::string flood;
    for (int i = 0; i < 20000; ++i) flood += ws_peer::masked(ws::opcode::ping, "flood");
    std::string_view rest = flood;
    EXPECT_TRUE(shard.run([&] {
        rest.remove_prefix(bed.peer->send(rest));
        return rest.empty();
    }));
    bed.peer->send_frame(ws::opcode::ping, "last");
    auto const all = bed.server->bytes_in();
    EXPECT_TRUE(shard.run([&] { return bed.server->bytes_in() >= all; }));
    shard.run_ready();
    EXPECT_TRUE(bed.run([&] { return bed.heard().size() == many; }));
    EXPECT_TRUE(bed.run([&] { return bed.peer->frames.size() > many; }));
    std::vector<std::string> pongs;
    for (auto const& f : bed.peer->frames) {
        if (f.op == ws::opcode::pong) pongs.push_back(f.payload);
    }
    // Some were on their way before the kernel took no more, or when the peer read again.
    EXPECT_GE(pongs.size(), ws_connection::pongs_max);
    EXPECT_LT(pongs.size(), 20000u);
    EXPECT_EQ(pongs.back(), "last");
}

TEST_P(writing, a_ping_is_answered_at_once_and_ahead_of_the_outbox) {
    connection_bed bed(shard, GetParam());
    bed.start();
    bed.owner.then_traffic = [&] { bed.deliver("data"); };
    bed.peer->send_frame(ws::opcode::ping, "are you there?");
    EXPECT_TRUE(bed.run([&] { return bed.peer->frames.size() == 2; }));
    EXPECT_EQ(bed.peer->frames[0].op, ws::opcode::pong);
    EXPECT_EQ(bed.peer->frames[0].payload, "are you there?");
    EXPECT_EQ(bed.peer->frames[1].payload, "data");
}

TEST_P(writing, our_ping_and_its_pong) {
    connection_bed bed(shard, GetParam());
    bed.start();
    bed.server->ping("1");
    bed.server->ping("2");  // before the first has left: it takes its place
    EXPECT_TRUE(bed.run([&] { return bed.peer->frames.size() == 1; }));
    EXPECT_EQ(bed.peer->frames[0].op, ws::opcode::ping);
    EXPECT_EQ(bed.peer->frames[0].payload, "2");
    bed.peer->send_frame(ws::opcode::pong, "2");
    EXPECT_TRUE(bed.run([&] { return bed.owner.pongs.size() == 1; }));
    EXPECT_THAT(bed.owner.pongs, ElementsAre("2"));
    EXPECT_THAT(bed.owner.messages, SizeIs(0));
}

TEST_P(writing, one_flush_does_not_send_without_end) {
    connection_bed bed(shard, GetParam());
    int const room = 8 * 1024 * 1024;
    ::setsockopt(bed.peer->socket().descriptor(), SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    bed.start();
    std::size_t refills = 0;
    std::uint64_t at_turn = 0;
    bed.owner.then_peek = [&] {
        // An owner that always has more.
        while (bed.owner.outbox.size() < 64 && refills < 1500) bed.queue(numbered(refills++, 4000));
    };
    bed.server->wake();
    EXPECT_TRUE(shard.run([&] {
        EXPECT_LE(bed.server->bytes_out() - at_turn, 2u * 256 * 1024);
        at_turn = bed.server->bytes_out();
        bed.peer->pump();
        return bed.peer->frames.size() == 1500;
    }));
}

TEST_P(writing, a_flush_without_a_word_makes_no_call_again) {
    connection_bed bed(shard, GetParam());
    bed.start();
    bed.server->wake();
    shard.run_ready();
    auto const peeks = bed.owner.peeks;
    EXPECT_LE(peeks, 1);
    bed.peer->say("x");
    EXPECT_TRUE(bed.run([&] { return bed.owner.messages.size() == 1; }));
    EXPECT_EQ(bed.owner.peeks, peeks);  // reading alone marks nothing
}

class deflating : public writing {};
INSTANTIATE_TEST_SUITE_P(both, deflating, testing::Values(cipher::plain, cipher::tls),
                         test::cipher_name);

TEST_P(deflating, a_frame_is_compressed_once_for_all) {
    connection_bed a(shard, GetParam(), {.deflate = true});
    connection_bed b(shard, GetParam(), {.deflate = true});
    connection_bed other_window(shard, GetParam(), {.deflate = true, .deflate_bits = 10});
    connection_bed plain(shard, GetParam());
    std::string const text(2000, 'x');
    frame_ref const shared = make_text_frame(text, true);
    frame const* twin = nullptr;
    for (auto* bed : {&a, &b, &other_window, &plain}) {
        bed->start();
        bed->owner.outbox.push_back(shared);
        bed->server->wake();
        EXPECT_TRUE(bed->run([&] { return bed->peer->frames.size() == 1; }));
        if (twin == nullptr) twin = shared->twin(15);
        EXPECT_EQ(shared->twin(15), twin);
    }
    ASSERT_NE(twin, nullptr);
    EXPECT_NE(shared->twin(10), nullptr);
    for (auto* bed : {&a, &b, &other_window}) {
        auto const& got = bed->peer->frames[0];
        EXPECT_TRUE(got.rsv1);
        EXPECT_EQ(got.op, ws::opcode::text);
        ws::inflater inflating;
        EXPECT_EQ(inflating.inflate(got.payload, 10000).text, text);
    }
    EXPECT_FALSE(plain.peer->frames[0].rsv1);
    auto const saved =
        3 * shared->wire().size() - (2 * twin->wire().size() + shared->twin(10)->wire().size());
    EXPECT_EQ(at(shard.counts.saved_bytes, saving::compression).read(), saved);
}

TEST_P(deflating, what_stands_before_it_saves_nothing) {
    connection_bed bed(shard, GetParam(), {.deflate = true});
    bed.start();
    frame_ref const f = make_text_frame(std::string(2000, 'x'), true);
    bed.owner.outbox.push_back(f);
    bed.server->ping("first");
    EXPECT_TRUE(bed.run([&] { return bed.peer->frames.size() == 2; }));
    EXPECT_EQ(at(shard.counts.saved_bytes, saving::compression).read(),
              f->wire().size() - f->twin(15)->wire().size());
}

TEST_P(deflating, binary_stays_binary) {
    connection_bed bed(shard, GetParam(), {.deflate = true});
    bed.start();
    bed.owner.outbox.push_back(make_binary_frame(std::string(2000, 'x'), true));
    bed.server->wake();
    EXPECT_TRUE(bed.run([&] { return bed.peer->frames.size() == 1; }));
    EXPECT_TRUE(bed.peer->frames[0].rsv1);
    EXPECT_EQ(bed.peer->frames[0].op, ws::opcode::binary);
}

TEST_P(deflating, what_does_not_shrink_or_is_small_goes_as_it_is) {
    shard.context.change({.deflate_min_bytes = 100});
    connection_bed bed(shard, GetParam(), {.deflate = true});
    bed.start();
    std::mt19937 random(1);
    std::string noise;
    for (int i = 0; i < 1000; ++i) noise += static_cast<char>(random());
    frame_ref const dense = make_binary_frame(noise, true);
    frame_ref const small = make_text_frame(std::string(99, 'x'), true);
    for (int i = 0; i < 2; ++i) {
        bed.owner.outbox.push_back(dense);
        bed.owner.outbox.push_back(small);
    }
    bed.server->wake();
    EXPECT_TRUE(bed.run([&] { return bed.peer->frames.size() == 4; }));
    for (auto const& f : bed.peer->frames) EXPECT_FALSE(f.rsv1);
    EXPECT_EQ(bed.peer->frames[2].payload, noise);
    EXPECT_NE(dense->twin(15), nullptr);  // remembered as not worth it
    EXPECT_EQ(small->twin(15), nullptr);
    EXPECT_EQ(at(shard.counts.saved_bytes, saving::compression).read(), 0u);
}

TEST_P(deflating, a_half_sent_twin_outlives_its_frame) {
    connection_bed bed(shard, GetParam(), {.deflate = true});
    bed.shrink_buffers();
    bed.start();
    std::mt19937 random(1);
    std::vector<std::string> all;
    for (std::size_t i = 0; i < 60; ++i) {
        std::string text;  // shrinks to about 3/4
        for (int c = 0; c < 60000; ++c) text += static_cast<char>(' ' + random() % 64);
        all.push_back(text);
        bed.queue(text);
    }
    bed.server->wake();
    std::vector<std::string> got;
    ws::inflater inflating;
    EXPECT_TRUE(bed.run([&] { return bed.peer->frames.size() == all.size(); }));
    for (auto const& f : bed.peer->frames) {
        EXPECT_TRUE(f.rsv1);
        got.emplace_back(inflating.inflate(f.payload, 100000).text);
    }
    EXPECT_TRUE(got == all);
}

}  // namespace
}  // namespace weir
