#include "topic/dice.hpp"
#include "ws/allocations.hpp"

#include <weir/base/memory_meter.hpp>
#include <weir/session/ring.hpp>

#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <vector>

namespace weir {
namespace {

frame_ref numbered(std::size_t bytes) {
    return make_frame("hd", std::string(bytes, 'n'), true);
}
frame_ref express(std::size_t bytes) {
    return make_frame("hd", std::string(bytes, 'e'), false);
}

std::vector<frame const*> waiting(ring const& r) {
    std::vector<frame const*> out(r.outbox_frames() + 1);
    out.resize(r.peek(out));
    return out;
}

TEST(ring, a_frame_gets_its_number_by_being_sent) {
    ring::bounds const bounds;
    ring r(bounds);
    EXPECT_TRUE(r.outbox_empty());
    ASSERT_EQ(r.push(numbered(3)), enqueued::queued);
    ASSERT_EQ(r.push(numbered(4)), enqueued::queued);
    EXPECT_EQ(r.sent(), 0U);
    EXPECT_EQ(r.outbox_bytes(), 7U);
    EXPECT_EQ(r.outbox_frames(), 2U);
    r.commit(1);
    EXPECT_EQ(r.sent(), 1U);
    EXPECT_EQ(r.outbox_bytes(), 4U);
    r.commit(1);
    EXPECT_EQ(r.sent(), 2U);
    EXPECT_TRUE(r.outbox_empty());
    EXPECT_EQ(r.replay_frames(), 0U);
}

TEST(ring, what_is_kept_can_be_forgotten) {
    ring::bounds const bounds{.replay_frames = 10, .replay_bytes = 100};
    for (std::size_t const sent : {1U, 2U}) {
        ring r(bounds);
        for (std::size_t i = 0; i != sent; ++i) {
            ASSERT_EQ(r.push(numbered(3)), enqueued::queued);
            r.commit(1);
        }
        ASSERT_EQ(r.push(numbered(4)), enqueued::queued);
        EXPECT_EQ(r.replay_frames(), sent);
        r.forget_kept();
        EXPECT_EQ(r.replay_frames(), 0U);
        EXPECT_EQ(r.replay_bytes(), 0U);
        EXPECT_EQ(r.outbox_bytes(), 4U);
        EXPECT_EQ(r.standing_of(sent - 1), ring::standing::overflow);
        EXPECT_EQ(r.standing_of(sent), ring::standing::good);
        r.commit(1);
        EXPECT_EQ(r.sent(), sent + 1);
        EXPECT_EQ(r.replay_frames(), 1U);
        r.forget_kept();
        EXPECT_EQ(r.replay_frames(), 0U);
        EXPECT_EQ(waiting(r), std::vector<frame const*>{});
    }
}

TEST(ring, its_storage_is_counted) {
    auto const used = [] { return memory_used_for(memory_kind::rings); };
    auto const before = used();
    {
        ring::bounds const bounds;
        ring r(bounds);
        ASSERT_EQ(r.push(numbered(3)), enqueued::queued);
        EXPECT_EQ(used(), before) << "one frame needs none";
        for (int i = 0; i != 100; ++i) ASSERT_EQ(r.push(numbered(3)), enqueued::queued);
        EXPECT_GE(used() - before, 128 * sizeof(void*));
        EXPECT_LE(used() - before, 128 * sizeof(void*) + 200);
        r.commit(101);
        EXPECT_EQ(used(), before);
        ASSERT_EQ(r.push(numbered(3)), enqueued::queued);
        ASSERT_EQ(r.push(express(3)), enqueued::queued);
        EXPECT_GT(used(), before);
    }
    EXPECT_EQ(used(), before);
}

TEST(ring, the_express_lane_goes_first_and_is_not_counted) {
    ring::bounds const bounds;
    ring r(bounds);
    frame_ref const n = numbered(1);
    frame_ref const e = express(2);
    frame_ref const f = express(3);
    ASSERT_EQ(r.push(n), enqueued::queued);
    ASSERT_EQ(r.push(e), enqueued::queued);
    ASSERT_EQ(r.push(f), enqueued::queued);
    EXPECT_EQ(waiting(r), (std::vector{e.get(), f.get(), n.get()}));
    EXPECT_EQ(r.outbox_bytes(), 6U);
    r.commit(2);
    EXPECT_EQ(r.sent(), 0U);
    EXPECT_EQ(waiting(r), std::vector{n.get()});
    r.commit(1);
    EXPECT_EQ(r.sent(), 1U);
}

TEST(ring, a_single_express_frame_is_not_counted_either) {
    ring::bounds const bounds;
    ring r(bounds);
    ASSERT_EQ(r.push(express(2)), enqueued::queued);
    r.commit(1);
    EXPECT_EQ(r.sent(), 0U);
    EXPECT_TRUE(r.outbox_empty());
}

TEST(ring, peek_gives_no_more_than_it_is_asked_for) {
    ring::bounds const bounds;
    ring r(bounds);
    std::vector<frame const*> out(3);
    EXPECT_EQ(r.peek(out), 0U);
    for (int i = 0; i != 5; ++i) ASSERT_EQ(r.push(numbered(1)), enqueued::queued);
    EXPECT_EQ(r.peek(out), 3U);
    EXPECT_EQ(r.peek({}), 0U);
}

TEST(ring, overflow_leaves_everything_as_it_was) {
    ring::bounds const bounds{.outbox_bytes = 10, .outbox_frames = 3};
    ring r(bounds);
    ASSERT_EQ(r.push(numbered(6)), enqueued::queued);
    EXPECT_EQ(r.push(numbered(5)), enqueued::overflow);
    ASSERT_EQ(r.push(numbered(4)), enqueued::queued);
    EXPECT_EQ(r.push(numbered(1)), enqueued::overflow);
    ASSERT_EQ(r.push(numbered(0)), enqueued::queued);
    EXPECT_EQ(r.push(numbered(0)), enqueued::overflow);
    EXPECT_EQ(r.outbox_bytes(), 10U);
    EXPECT_EQ(r.outbox_frames(), 3U);
    EXPECT_EQ(r.push(express(100)), enqueued::queued) << "a full outbox does not stop a goaway";
}

TEST(ring, an_empty_outbox_takes_a_frame_of_any_size) {
    for (std::size_t const replay : {0U, 1U}) {
        ring::bounds const bounds{.outbox_bytes = 10,
                                  .outbox_frames = 3,
                                  .replay_frames = replay,
                                  .replay_bytes = replay * 10};
        ring r(bounds);
        ASSERT_EQ(r.push(numbered(11)), enqueued::queued);
        EXPECT_EQ(r.push(numbered(0)), enqueued::overflow);
        r.commit(1);
        ASSERT_EQ(r.push(express(1)), enqueued::queued);
        ASSERT_EQ(r.push(numbered(11)), enqueued::queued);
        r.commit(2);
        EXPECT_EQ(r.replay_frames(), 0U) << "larger than the whole replay buffer";
    }
}

TEST(ring, the_express_lane_is_bounded_too) {
    ring::bounds const bounds;
    ring frames(bounds);
    for (std::size_t i = 0; i != ring::express_frames_max; ++i) {
        ASSERT_EQ(frames.push(express(1)), enqueued::queued);
    }
    EXPECT_EQ(frames.push(express(1)), enqueued::overflow);
    ring bytes(bounds);
    EXPECT_EQ(bytes.push(express(ring::express_bytes_max + 1)), enqueued::overflow);
    EXPECT_TRUE(bytes.outbox_empty());
    ASSERT_EQ(bytes.push(express(ring::express_bytes_max)), enqueued::queued);
    EXPECT_EQ(bytes.push(express(1)), enqueued::overflow);
    EXPECT_EQ(bytes.outbox_frames(), 1U);
}

TEST(ring, keeps_what_was_sent_until_it_is_received_or_too_much) {
    ring::bounds const bounds{.replay_frames = 3, .replay_bytes = 100};
    ring r(bounds);
    for (int i = 0; i != 5; ++i) ASSERT_EQ(r.push(numbered(10)), enqueued::queued);
    r.commit(2);
    EXPECT_EQ(r.replay_frames(), 2U);
    EXPECT_EQ(r.replay_bytes(), 20U);
    EXPECT_FALSE(r.acknowledge(3)) << "not sent yet";
    EXPECT_EQ(r.received(), 0U);
    EXPECT_TRUE(r.acknowledge(1));
    EXPECT_EQ(r.received(), 1U);
    EXPECT_EQ(r.replay_frames(), 1U);
    EXPECT_TRUE(r.acknowledge(0)) << "late, and no harm";
    EXPECT_EQ(r.received(), 1U);
    r.commit(3);
    EXPECT_EQ(r.replay_frames(), 3U) << "the oldest went";
    EXPECT_TRUE(r.acknowledge(2)) << "that one is gone already";
    EXPECT_EQ(r.replay_frames(), 3U);
    EXPECT_TRUE(r.acknowledge(5));
    EXPECT_EQ(r.replay_frames(), 0U);
    EXPECT_EQ(r.sent(), 5U);
}

TEST(ring, a_frame_lives_as_long_as_somebody_needs_it) {
    ring::bounds const bounds;
    ring r(bounds);
    ASSERT_EQ(r.push(numbered(5)), enqueued::queued);
    std::vector<frame const*> out(1);
    ASSERT_EQ(r.peek(out), 1U);
    frame_ref const under_way(out[0]);
    r.commit(1);
    EXPECT_EQ(under_way->body(), "nnnnn");
}

TEST(ring, owns_no_memory_while_at_most_one_frame_is_in_it) {
    ring::bounds const bounds;
    frame_ref const n = numbered(10);
    frame_ref const e = express(10);
    ring r(bounds);
    std::size_t const before = ws::counted().count;
    for (int i = 0; i != 10; ++i) {
        ASSERT_EQ(r.push(n), enqueued::queued);
        r.commit(1);
        ASSERT_EQ(r.push(e), enqueued::queued);
        r.commit(1);
    }
    EXPECT_EQ(ws::counted().count, before);
}

TEST(ring, gives_its_memory_back) {
    ring::bounds const bounds{.replay_frames = 1 << 20, .replay_bytes = 1 << 30};
    frame_ref const n = numbered(1);
    frame_ref const e = express(1);
    ring r(bounds);
    std::size_t const before = ws::counted().live_bytes;
    auto const owned = [&] { return ws::counted().live_bytes - before; };
    ASSERT_EQ(r.push(n), enqueued::queued);
    EXPECT_LE(owned(), 256U) << "the first block is small";
    for (int i = 1; i != 10'000; ++i) ASSERT_EQ(r.push(n), enqueued::queued);
    EXPECT_GE(owned(), 80'000U);
    EXPECT_LE(owned(), 200'000U);
    r.commit(10'000);
    EXPECT_TRUE(r.acknowledge(9'990));
    for (int i = 0; i != 20; ++i) {  // memory follows use, step by step
        ASSERT_EQ(r.push(e), enqueued::queued);
        r.commit(1);
    }
    EXPECT_LE(owned(), 1000U);
    EXPECT_EQ(r.replay_frames(), 10U);
    EXPECT_TRUE(r.acknowledge(10'000));
    EXPECT_EQ(owned(), 0U);
    ASSERT_EQ(r.push(n), enqueued::queued);
    ASSERT_EQ(r.push(n), enqueued::queued);
    r.clear();
    EXPECT_EQ(owned(), 0U);
}

/// The same in the plainest words.
struct model {
    std::deque<frame_ref> express, outbox, kept;
    std::uint64_t received = 0, sent = 0;

    static std::size_t bytes(std::deque<frame_ref> const& q) {
        std::size_t n = 0;
        for (auto const& f : q) n += f->body().size();
        return n;
    }
    enqueued push(ring::bounds const& b, frame_ref f) {
        std::size_t const size = f->body().size();
        if (!f->numbered()) {
            if (express.size() >= ring::express_frames_max) return enqueued::overflow;
            if (bytes(express) + size > ring::express_bytes_max) return enqueued::overflow;
            express.push_back(std::move(f));
            return enqueued::queued;
        }
        if (outbox.size() >= b.outbox_frames) return enqueued::overflow;
        if (!outbox.empty() && bytes(outbox) + size > b.outbox_bytes) return enqueued::overflow;
        outbox.push_back(std::move(f));
        return enqueued::queued;
    }
    std::vector<frame const*> waiting() const {
        std::vector<frame const*> all;
        for (auto const& f : express) all.push_back(f.get());
        for (auto const& f : outbox) all.push_back(f.get());
        return all;
    }
    void commit(ring::bounds const& b, std::size_t n) {
        for (; n != 0 && !express.empty(); --n) express.pop_front();
        for (; n != 0; --n) {
            kept.push_back(outbox.front());
            outbox.pop_front();
            ++sent;
            while (!kept.empty() &&
                   (kept.size() > b.replay_frames || bytes(kept) > b.replay_bytes)) {
                kept.pop_front();
            }
        }
    }
    bool acknowledge(std::uint64_t count) {
        if (count > sent) return false;
        received = std::max(received, count);
        while (!kept.empty() && sent - kept.size() < received) kept.pop_front();
        return true;
    }
};

TEST(ring, does_what_its_model_does) {
    SCOPED_TRACE(seed_trace());
    dice random(test_seed());
    for (int round = 0; round != 60; ++round) {
        bool const replays = random.one_in(2);
        ring::bounds const bounds{.outbox_bytes = 50 + random.below(3000),
                                  .outbox_frames = 1 + random.below(100),
                                  .replay_frames = replays ? 1 + random.below(80) : 0,
                                  .replay_bytes = replays ? 1 + random.below(2000) : 0};
        std::size_t const push_weight = 1 + random.below(6);
        std::size_t const before = ws::counted().live_bytes;
        {
            ring r(bounds);
            model m;
            for (int step = 0; step != 400; ++step) {
                if (random.below(8) < push_weight) {
                    frame_ref const f =
                        random.one_in(5) ? express(random.below(60)) : numbered(random.below(60));
                    ASSERT_EQ(r.push(f), m.push(bounds, f));
                } else if (random.one_in(4)) {
                    auto const count = random.below(static_cast<std::size_t>(m.sent) + 3);
                    ASSERT_EQ(r.acknowledge(count), m.acknowledge(count));
                } else if (random.one_in(60)) {
                    r.clear();
                    m.express.clear();
                    m.outbox.clear();
                    m.kept.clear();
                } else {
                    std::size_t const n = random.below(r.outbox_frames() + 1);
                    r.commit(n);
                    m.commit(bounds, n);
                }
                ASSERT_EQ(waiting(r), m.waiting());
                ASSERT_EQ(r.outbox_frames(), m.express.size() + m.outbox.size());
                ASSERT_EQ(r.outbox_bytes(), model::bytes(m.express) + model::bytes(m.outbox));
                ASSERT_EQ(r.outbox_empty(), m.express.empty() && m.outbox.empty());
                ASSERT_EQ(r.replay_frames(), m.kept.size());
                ASSERT_EQ(r.replay_bytes(), model::bytes(m.kept));
                ASSERT_EQ(r.sent(), m.sent);
                ASSERT_EQ(r.received(), m.received);
            }
        }
        ASSERT_EQ(ws::counted().live_bytes, before) << "a frame was kept or freed twice";
    }
}

}  // namespace
}  // namespace weir
