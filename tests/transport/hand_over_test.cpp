#include "transport/ws_fixture.hpp"

#include <gmock/gmock.h>

// A connection that leaves one transport object for another, through the interface alone.
namespace weir {
namespace {

using test::cipher;
using test::connection_bed;
using test::ws_peer;
using testing::ElementsAre;

struct hand_over : test::over_both {
    /// Takes the connection out of the bed and opens it for another owner.
    std::unique_ptr<transport> move_on(connection_bed& bed, transport_owner& to) {
        transport& first = *bed.server;
        auto const carried = first.release();
        bed.server.reset();
        EXPECT_EQ(carried->kind(), transport_kind::websocket);
        return carried->open(shard.context, to);
    }
};

TEST_P(hand_over, what_was_read_and_not_decoded_goes_along) {
    connection_bed bed(shard, GetParam());
    bed.start();
    bed.owner.then_message = [&](std::string_view text) {
        if (text == "hello") bed.server->hold_reading();
    };
    bed.peer->send(ws_peer::masked(ws::opcode::text, "hello") +
                   ws_peer::masked(ws::opcode::text, "one") +
                   ws_peer::masked(ws::opcode::text, "two"));
    EXPECT_TRUE(bed.run([&] { return bed.owner.messages.size() == 1; }));
    bed.peer->say("three");
    shard.run_ready();
    EXPECT_THAT(bed.owner.messages, ElementsAre("hello"));

    test::fake_owner heir;
    auto const second = move_on(bed, heir);
    ASSERT_TRUE(second->start());
    shard.run_ready();
    EXPECT_TRUE(heir.messages.empty()) << "nothing comes before continue_reading()";
    second->continue_reading();
    EXPECT_TRUE(bed.run([&] { return heir.messages.size() == 3; }));
    EXPECT_THAT(heir.messages, ElementsAre("one", "two", "three"));
    EXPECT_EQ(bed.owner.closes, 0);
}

TEST_P(hand_over, the_limits_are_those_of_the_place_where_it_arrives) {
    shard.context.change({.message_bytes = 1000});
    connection_bed bed(shard, GetParam(), {.deflate = true, .deflate_bits = 12});
    bed.start();
    test::fake_owner heir;
    shard.context.change({.message_bytes = 10});
    auto const second = move_on(bed, heir);
    ASSERT_TRUE(second->start());
    second->continue_reading();
    bed.peer->say("0123456789");
    EXPECT_TRUE(bed.run([&] { return heir.messages.size() == 1; }));
    heir.outbox.push_back(make_text_frame(std::string(1000, 'x'), true));
    second->wake();
    EXPECT_TRUE(bed.run([&] { return bed.peer->frames.size() == 1; }));
    EXPECT_TRUE(bed.peer->frames[0].rsv1) << "deflate was negotiated";
    bed.peer->say("0123456789+");
    EXPECT_TRUE(bed.run([&] { return bed.peer->close_code() == 1009; }));
    EXPECT_THAT(heir.faults, ElementsAre(close_reason::message_too_large));
}

// The rest of a half-sent frame, then the pongs; else the peer would see broken frames.
TEST_P(hand_over, what_is_half_sent_goes_along_with_the_pongs_behind_it) {
    connection_bed bed(shard, GetParam());
    bed.shrink_buffers();
    bed.start();
    std::string const large(1 << 20, 'x');
    bed.deliver(large);
    EXPECT_TRUE(shard.run([&] { return !bed.server->writable(); }));
    bed.owner.then_message = [&](std::string_view) { bed.server->hold_reading(); };
    bed.peer->send(ws_peer::masked(ws::opcode::ping, "a") + ws_peer::masked(ws::opcode::ping, "b") +
                   ws_peer::masked(ws::opcode::text, "hello"));
    EXPECT_TRUE(shard.run([&] { return bed.owner.messages.size() == 1; }));
    test::fake_owner heir;
    auto const second = move_on(bed, heir);
    ASSERT_TRUE(second->start());
    second->continue_reading();
    EXPECT_TRUE(bed.run([&] { return bed.peer->frames.size() == 3; }));
    EXPECT_EQ(bed.peer->frames[0].payload, large);
    EXPECT_EQ(bed.peer->frames[1].payload, "a");
    EXPECT_EQ(bed.peer->frames[2].payload, "b");
}

TEST_P(hand_over, waking_again_before_the_flush_asks_for_one_flush) {
    connection_bed bed(shard, GetParam());
    bed.start();
    transport& t = *bed.server;
    for (int i = 0; i < 10; ++i) {
        bed.queue(std::to_string(i));
        t.wake();
    }
    EXPECT_TRUE(bed.run([&] { return bed.peer->frames.size() == 10; }));
    // OpenSSL takes a record, and then there is one look for more.
    EXPECT_LE(bed.owner.peeks, GetParam() == cipher::plain ? 1 : 2);
    bed.deliver("later");
    EXPECT_TRUE(bed.run([&] { return bed.peer->frames.size() == 11; }));
}

INSTANTIATE_TEST_SUITE_P(all, hand_over, testing::Values(cipher::plain, cipher::tls),
                         test::cipher_name);

}  // namespace
}  // namespace weir
