#include "transport/ws_fixture.hpp"

#include <gmock/gmock.h>

namespace weir {
namespace {

using test::cipher;
using test::connection_bed;
using test::ws_peer;
using testing::ElementsAre;
using testing::SizeIs;

class closing : public test::over_both {
protected:
    bool plain() const { return GetParam() == cipher::plain; }
};
INSTANTIATE_TEST_SUITE_P(both, closing, testing::Values(cipher::plain, cipher::tls),
                         test::cipher_name);

TEST_P(closing, ours_waits_for_the_outbox_and_the_peers_answer) {
    connection_bed bed(shard, GetParam());
    bed.start();
    bed.queue("before");
    bed.server->close(close_reason::draining, "go");
    bed.queue("behind, but still in time");
    EXPECT_TRUE(bed.run([&] { return bed.peer->close_code() == 4200; }));
    EXPECT_THAT(bed.heard(), ElementsAre("before", "behind, but still in time"));
    EXPECT_EQ(bed.peer->frames.back().payload.substr(2), "go");
    EXPECT_EQ(bed.owner.closes, 0);
    bed.peer->send_close(4200, "bye");
    EXPECT_TRUE(bed.run([&] { return bed.peer->ended; }));  // our side is shut first
    EXPECT_EQ(bed.owner.closes, 0);
    bed.peer->hang_up();
    EXPECT_TRUE(shard.run([&] { return bed.owner.closes == 1; }));
    EXPECT_EQ(bed.owner.reason, close_reason::draining);
    EXPECT_EQ(bed.owner.peer_code, 4200);
    EXPECT_EQ(bed.owner.text, "go");
    EXPECT_EQ(shard.wheel.size(), 0u);
}

TEST_P(closing, without_a_text_the_reasons_own_is_said) {
    connection_bed bed(shard, GetParam());
    bed.start();
    bed.server->close(close_reason::idle, {});
    EXPECT_TRUE(bed.run([&] { return bed.peer->close_code() == 4207; }));
    EXPECT_EQ(bed.peer->frames.back().payload.substr(2), describe(close_reason::idle).text);
}

TEST_P(closing, the_peers_is_echoed) {
    for (int const code : {1000, 1001, 3000, 4999}) {
        connection_bed bed(shard, GetParam());
        bed.start();
        bed.peer->send_close(static_cast<std::uint16_t>(code), "bye");
        EXPECT_TRUE(bed.run([&] { return bed.peer->ended; }));
        EXPECT_EQ(bed.peer->close_code(), code);
        bed.peer->hang_up();
        EXPECT_TRUE(shard.run([&] { return bed.owner.closes == 1; }));
        EXPECT_EQ(bed.owner.reason, close_reason::peer_closed);
        EXPECT_EQ(bed.owner.peer_code, code);
        EXPECT_EQ(bed.owner.text, "bye");
    }
}

TEST_P(closing, the_peers_without_a_code_is_answered_without_one) {
    connection_bed bed(shard, GetParam());
    bed.start();
    bed.peer->send_frame(ws::opcode::close, {});
    EXPECT_TRUE(bed.run([&] { return bed.peer->close_code() == 0; }));
    bed.peer->hang_up();
    EXPECT_TRUE(shard.run([&] { return bed.owner.closes == 1; }));
    EXPECT_EQ(bed.owner.reason, close_reason::peer_closed);
    EXPECT_EQ(bed.owner.peer_code, 1005);
}

TEST_P(closing, after_the_peers_nothing_else_is_sent) {
    connection_bed bed(shard, GetParam());
    bed.start();
    bed.deliver("too late");
    bed.peer->send_close(1000);
    bed.server->ping("too late");
    // Both meet in one turn: the frame is read before anything is flushed.
    EXPECT_TRUE(shard.run([&] { return bed.server->bytes_in() > 0 || bed.owner.committed > 0; }));
    EXPECT_TRUE(bed.run([&] { return bed.peer->ended; }));
    EXPECT_EQ(bed.peer->frames.back().op, ws::opcode::close);
    bed.server->wake();
    bed.server->ping("too late");
    shard.run_ready();
    bed.peer->pump();
    EXPECT_EQ(bed.peer->frames.back().op, ws::opcode::close);
}

// A client that shuts its side right behind its close frame still reads the answer.
TEST_P(closing, the_peers_with_its_end_behind_it_is_answered) {
    connection_bed bed(shard, GetParam());
    bed.peer->send_close(1000);
    bed.peer->shut();
    bed.start();
    EXPECT_TRUE(bed.run_until_closed());
    EXPECT_TRUE(bed.run([&] { return bed.peer->close_code() == 1000; }));
    EXPECT_EQ(bed.owner.reason, close_reason::peer_closed);
    EXPECT_EQ(bed.owner.closes, 1);
}

TEST_P(closing, both_at_once) {
    connection_bed bed(shard, GetParam());
    bed.start();
    bed.server->close(close_reason::draining, {});
    bed.peer->send_close(1000);
    EXPECT_TRUE(bed.run([&] { return bed.peer->ended; }));
    EXPECT_EQ(bed.peer->close_code(), 4200);
    bed.peer->hang_up();
    EXPECT_TRUE(shard.run([&] { return bed.owner.closes == 1; }));
    EXPECT_EQ(bed.owner.reason, close_reason::draining);
    EXPECT_EQ(bed.owner.peer_code, 1000);
}

TEST_P(closing, an_end_without_a_close_frame_is_a_loss) {
    connection_bed bed(shard, GetParam());
    bed.start();
    bed.peer->shut();
    EXPECT_TRUE(bed.run_until_closed());
    EXPECT_EQ(bed.owner.reason, close_reason::transport_lost);
    EXPECT_EQ(bed.owner.peer_code, 0);
}

TEST_P(closing, a_reset_is_a_loss) {
    connection_bed bed(shard, GetParam());
    bed.start();
    bed.peer->reset_connection();
    EXPECT_TRUE(shard.run([&] { return bed.owner.closes == 1; }));
    EXPECT_EQ(bed.owner.reason, close_reason::transport_lost);
}

// What came before the end is read all the same, however much more than a budget it is.
TEST_P(closing, messages_before_the_end_are_read) {
    connection_bed bed(shard, GetParam());
    int const room = 4 * 1024 * 1024;
    ::setsockopt(bed.peer->socket().descriptor(), SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    bed.start();
    std::string many;
    for (int i = 0; i < 20000; ++i) many += ws_peer::masked(ws::opcode::text, "0123456789");
    std::size_t sent = 0;
    EXPECT_TRUE(shard.run([&] {
        sent += bed.peer->send(std::string_view(many).substr(sent));
        return sent == many.size();
    }));
    bed.peer->shut();
    EXPECT_TRUE(shard.run([&] { return bed.owner.closes == 1; }));
    EXPECT_THAT(bed.owner.messages, SizeIs(20000));
}

TEST_P(closing, a_peer_that_does_not_answer_is_waited_for_and_then_shut_out) {
    connection_bed bed(shard, GetParam());
    bed.start();
    bed.server->close(close_reason::draining, {});
    EXPECT_TRUE(bed.run([&] { return bed.peer->close_code() == 4200; }));
    shard.pass(milliseconds(4900));
    bed.peer->say("still talking");
    shard.run_ready();
    bed.peer->pump();
    EXPECT_FALSE(bed.peer->ended);
    EXPECT_EQ(bed.owner.closes, 0);
    shard.pass(milliseconds(200));
    shard.run_ready();
    EXPECT_TRUE(bed.run([&] { return bed.peer->ended; }));
    EXPECT_EQ(bed.owner.closes, 0);
    shard.pass(milliseconds(2100));
    EXPECT_TRUE(shard.run([&] { return bed.owner.closes == 1; }));
    EXPECT_EQ(bed.owner.reason, close_reason::draining);
    EXPECT_THAT(bed.owner.messages, SizeIs(0));
}

TEST_P(closing, a_peer_that_never_reads_is_reset) {
    connection_bed bed(shard, GetParam());
    bed.shrink_buffers();
    bed.start();
    for (int i = 0; i < 200; ++i) bed.queue(std::string(10000, 'x'));
    bed.server->wake();
    shard.run_ready();
    ASSERT_FALSE(bed.server->writable());
    bed.server->close(close_reason::slow_consumer, {});
    shard.pass(milliseconds(4900));
    shard.run_ready();
    EXPECT_EQ(bed.owner.closes, 0);
    shard.pass(milliseconds(200));
    EXPECT_EQ(bed.owner.closes, 0);
    shard.run_ready();
    EXPECT_EQ(bed.owner.closes, 1);
    EXPECT_EQ(bed.owner.reason, close_reason::slow_consumer);
    EXPECT_TRUE(bed.run([&] { return bed.peer->reset; }));
}

TEST_P(closing, a_peer_that_never_stops_talking_is_cut_off) {
    connection_bed bed(shard, GetParam());
    bed.start();
    bed.server->close(close_reason::draining, {});
    EXPECT_TRUE(bed.run([&] { return bed.peer->close_code() == 4200; }));
    bed.peer->send_close(4200);
    for (int i = 0; i < 100; ++i) {
        bed.peer->say("and another thing");
        shard.run_ready();
    }
    EXPECT_EQ(bed.owner.closes, 0);
    shard.pass(milliseconds(2100));
    shard.run_ready();
    EXPECT_EQ(bed.owner.closes, 1);
    EXPECT_THAT(bed.owner.messages, SizeIs(0));
}

TEST_P(closing, a_peer_that_hangs_up_instead_of_answering) {
    for (bool const reset : {false, true}) {
        connection_bed bed(shard, GetParam());
        bed.start();
        bed.server->close(close_reason::draining, {});
        EXPECT_TRUE(bed.run([&] { return bed.peer->close_code() == 4200; }));
        reset ? bed.peer->reset_connection() : bed.peer->hang_up();
        EXPECT_TRUE(shard.run([&] { return bed.owner.closes == 1; }));
        EXPECT_EQ(bed.owner.reason, close_reason::draining);
        EXPECT_EQ(bed.owner.peer_code, 0);
    }
}

// Unread input at close() would turn into a reset that may overtake the close frame.
TEST_P(closing, the_close_frame_is_not_lost_to_a_reset) {
    connection_bed bed(shard, GetParam());
    bed.start();
    bed.peer->send(std::string("\x81\x01x", 3));  // a fault
    for (int i = 0; i < 1000; ++i) bed.peer->say("much more, never decoded");
    shard.run_ready();
    for (int i = 0; i < 1000; ++i) bed.peer->say("and more");
    EXPECT_TRUE(bed.run([&] { return bed.peer->ended || bed.peer->reset; }));
    EXPECT_TRUE(bed.peer->ended);
    EXPECT_EQ(bed.peer->close_code(), 1002);
}

TEST_P(closing, abort_resets_at_once_and_tells_later) {
    connection_bed bed(shard, GetParam());
    bed.start();
    bed.deliver("never sent");
    bed.server->abort(close_reason::internal_error);
    EXPECT_EQ(bed.owner.closes, 0);
    EXPECT_TRUE(bed.run_until_closed());
    EXPECT_TRUE(bed.run([&] { return bed.peer->reset; }));
    EXPECT_EQ(bed.owner.reason, close_reason::internal_error);
    EXPECT_THAT(bed.peer->frames, SizeIs(0));
}

TEST_P(closing, the_first_reason_stays) {
    connection_bed bed(shard, GetParam());
    bed.start();
    bed.server->close(close_reason::idle, "first");
    bed.server->close(close_reason::draining, "second");
    bed.server->abort(close_reason::internal_error);
    bed.server->abort(close_reason::internal_error);
    EXPECT_EQ(bed.owner.closes, 0);
    shard.run_ready();
    EXPECT_EQ(bed.owner.closes, 1);
    EXPECT_EQ(bed.owner.reason, close_reason::idle);
    EXPECT_EQ(bed.owner.text, "first");
    // Afterwards every call is without effect.
    bed.server->close(close_reason::draining, {});
    bed.server->abort(close_reason::draining);
    bed.server->wake();
    bed.server->ping("x");
    shard.pass(std::chrono::hours(1));
    shard.run_ready();
    EXPECT_EQ(bed.owner.closes, 1);
}

TEST_P(closing, no_message_after_close) {
    connection_bed bed(shard, GetParam());
    bed.owner.then_message = [&](std::string_view) { bed.server->close(close_reason::idle, {}); };
    bed.start();
    bed.peer->send(
        ws_peer::masked(ws::opcode::text, "one") + ws_peer::masked(ws::opcode::text, "two") +
        ws_peer::masked(ws::opcode::ping, "p") + ws_peer::masked(ws::opcode::close, "\x03\xE8"));
    EXPECT_TRUE(bed.run([&] { return bed.peer->ended; }));
    EXPECT_THAT(bed.owner.messages, ElementsAre("one"));
    EXPECT_EQ(bed.peer->close_code(), 4207);
    EXPECT_THAT(bed.peer->frames, SizeIs(1));
}

struct hazard {
    char const* name;
    void (*set)(connection_bed& bed, std::function<void()> act);
};

class closing_inside : public testing::TestWithParam<std::tuple<hazard, cipher, bool>> {};

// Every call to the owner may close or abort the connection it comes from.
TEST_P(closing_inside, a_call_to_the_owner) {
    auto const& [where, over, aborting] = GetParam();
    test::shard_bed shard;
    connection_bed bed(shard, over, {.deflate = true});
    where.set(bed, [&bed, abort = aborting] {
        if (abort) {
            bed.server->abort(close_reason::revoked);
        } else {
            bed.server->close(close_reason::revoked, {});
        }
        EXPECT_EQ(bed.owner.closes, 0);
    });
    bed.start();
    for (int i = 0; i < 100; ++i) bed.queue(std::string(1000, 'x'));
    bed.server->wake();
    bed.peer->send(ws_peer::masked(ws::opcode::ping, "p") +
                   ws_peer::masked(ws::opcode::text, "one") +
                   ws_peer::masked(ws::opcode::text, "two"));
    EXPECT_TRUE(bed.run([&] { return bed.peer->reset || bed.peer->close_code() > 0; }));
    bed.peer->hang_up();
    EXPECT_TRUE(shard.run([&] { return bed.owner.closes == 1; }));
    EXPECT_EQ(bed.owner.reason, close_reason::revoked);
    shard.run_ready();
    EXPECT_EQ(bed.owner.closes, 1);
}

INSTANTIATE_TEST_SUITE_P(
    all, closing_inside,
    testing::Combine(testing::Values(hazard{"message",
                                            [](connection_bed& b, std::function<void()> act) {
                                                b.owner.then_message = [act](std::string_view) {
                                                    act();
                                                };
                                            }},
                                     hazard{"traffic",
                                            [](connection_bed& b, std::function<void()> act) {
                                                b.owner.then_traffic = std::move(act);
                                            }},
                                     hazard{"peek",
                                            [](connection_bed& b, std::function<void()> act) {
                                                b.owner.then_peek = std::move(act);
                                            }},
                                     hazard{"committed",
                                            [](connection_bed& b, std::function<void()> act) {
                                                b.owner.then_committed = std::move(act);
                                            }}),
                     testing::Values(cipher::plain, cipher::tls), testing::Bool()),
    [](auto const& p) {
        return std::string(std::get<0>(p.param).name) +
               (std::get<1>(p.param) == cipher::plain ? "_plain" : "_tls") +
               (std::get<2>(p.param) ? "_abort" : "_close");
    });

// Destroyed in every phase, with everything pending: no descriptor, deadline or list place is left.
TEST_P(closing, destroyed_at_any_time_it_leaves_nothing) {
    auto const before = test::open_descriptors();
    for (int phase = 0; phase < 6; ++phase) {
        connection_bed bed(shard, GetParam());
        if (phase > 0) bed.start();
        bed.peer->send_frame(ws::opcode::text, "unfinished", false);
        bed.queue("x");
        if (phase > 1) shard.run_ready();
        bed.server->wake();
        if (phase > 2) bed.server->close(close_reason::idle, {});
        if (phase > 3) {
            EXPECT_TRUE(bed.run([&] { return bed.peer->close_code() > 0; }));
        }
        if (phase > 4) bed.server->abort(close_reason::idle);
        bed.server.reset();
        shard.run_ready();
        EXPECT_EQ(bed.owner.closes, 0);
        EXPECT_EQ(shard.wheel.size(), 0u);
    }
    EXPECT_EQ(test::open_descriptors(), before);
}

TEST_P(closing, the_descriptor_is_gone_before_the_owner_hears) {
    connection_bed bed(shard, GetParam());
    bed.start();
    bed.peer->hang_up();
    auto const before = test::open_descriptors();
    EXPECT_TRUE(shard.run([&] { return bed.owner.closes == 1; }));
    EXPECT_EQ(test::open_descriptors(), before - 1);
}

}  // namespace
}  // namespace weir
