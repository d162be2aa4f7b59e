#include "topic/dice.hpp"
#include "ws/allocations.hpp"

#include <weir/base/observer.hpp>
#include <weir/session/ring.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <string>
#include <vector>

// A ring whose client has come back.
namespace weir {
namespace {

ring::bounds const roomy{.replay_frames = 100, .replay_bytes = 100'000};

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

TEST(ring_rewind, sends_again_what_was_not_received_in_front_of_what_waits) {
    ring r(roomy);
    std::vector<frame_ref> all;
    for (std::size_t i = 0; i != 5; ++i) {
        all.push_back(numbered(i + 1));
        ASSERT_EQ(r.push(all.back()), enqueued::queued);
    }
    r.commit(3);
    ASSERT_EQ(r.push(express(9)), enqueued::queued);
    r.rewind(1);
    EXPECT_EQ(r.received(), 1U);
    EXPECT_EQ(r.sent(), 1U);
    EXPECT_EQ(r.queued(), 5U);
    EXPECT_EQ(waiting(r), (std::vector{all[1].get(), all[2].get(), all[3].get(), all[4].get()}))
        << "the express lane was the old connection's";
    EXPECT_EQ(r.outbox_bytes(), 14U);
    EXPECT_EQ(r.replay_frames(), 0U);
    EXPECT_EQ(r.replay_bytes(), 0U);
    r.commit(2);
    EXPECT_EQ(r.sent(), 3U);
    EXPECT_EQ(r.replay_frames(), 2U);
    EXPECT_EQ(r.replay_bytes(), 5U);
}

TEST(ring_rewind, standing) {
    ring r(roomy);
    EXPECT_EQ(r.standing_of(0), ring::standing::good);
    EXPECT_EQ(r.standing_of(1), ring::standing::beyond);
    for (int i = 0; i != 5; ++i) ASSERT_EQ(r.push(numbered(1)), enqueued::queued);
    EXPECT_EQ(r.standing_of(0), ring::standing::good);
    EXPECT_EQ(r.standing_of(1), ring::standing::beyond) << "not sent yet";
    r.commit(4);
    for (std::uint64_t n = 0; n != 5; ++n) EXPECT_EQ(r.standing_of(n), ring::standing::good) << n;
    EXPECT_EQ(r.standing_of(5), ring::standing::beyond);
    EXPECT_EQ(r.standing_of(~std::uint64_t{0}), ring::standing::beyond);
    EXPECT_TRUE(r.acknowledge(2));
    EXPECT_EQ(r.standing_of(1), ring::standing::overflow);
    EXPECT_EQ(r.standing_of(2), ring::standing::good);
    r.rewind(3);
    EXPECT_EQ(r.standing_of(2), ring::standing::overflow);
    EXPECT_EQ(r.standing_of(3), ring::standing::good);
    EXPECT_EQ(r.standing_of(4), ring::standing::good) << "it was sent once, before the rewind";
    EXPECT_EQ(r.standing_of(5), ring::standing::beyond) << "that one was never sent";
}

TEST(ring_rewind, what_was_trimmed_is_overflow) {
    ring::bounds const bounds{.replay_frames = 3, .replay_bytes = 100};
    ring r(bounds);
    for (int i = 0; i != 5; ++i) ASSERT_EQ(r.push(numbered(1)), enqueued::queued);
    r.commit(5);
    EXPECT_EQ(r.standing_of(1), ring::standing::overflow);
    EXPECT_EQ(r.standing_of(2), ring::standing::good);
    EXPECT_EQ(r.standing_of(5), ring::standing::good);
}

TEST(ring_rewind, where_nothing_is_kept_only_who_has_everything_may) {
    ring::bounds const bounds;
    ring r(bounds);
    ASSERT_EQ(r.push(numbered(1)), enqueued::queued);
    ASSERT_EQ(r.push(numbered(1)), enqueued::queued);
    r.commit(1);
    EXPECT_EQ(r.standing_of(0), ring::standing::overflow);
    EXPECT_EQ(r.standing_of(1), ring::standing::good);
    r.rewind(1);
    EXPECT_EQ(r.outbox_frames(), 1U);
    EXPECT_EQ(r.sent(), 1U);
}

TEST(ring_rewind, of_the_only_frame_owns_no_memory) {
    frame_ref const n = numbered(10);
    frame_ref const e = express(10);
    ring r(roomy);
    std::size_t const before = ws::counted().count;
    ASSERT_EQ(r.push(n), enqueued::queued);
    r.rewind(0);
    EXPECT_EQ(r.outbox_frames(), 1U) << "not sent yet, and still to be";
    r.commit(1);
    EXPECT_EQ(r.replay_frames(), 1U);
    EXPECT_EQ(r.outbox_frames(), 0U);
    for (int i = 0; i != 3; ++i) {
        r.rewind(0);
        EXPECT_EQ(r.outbox_frames(), 1U);
        EXPECT_EQ(r.outbox_bytes(), 10U);
        EXPECT_EQ(r.queued(), 1U);
        EXPECT_EQ(r.replay_frames(), 0U);
        EXPECT_EQ(r.sent(), 0U);
        r.commit(1);
        EXPECT_EQ(r.sent(), 1U);
    }
    r.rewind(1);
    EXPECT_TRUE(r.outbox_empty());
    EXPECT_EQ(r.replay_frames(), 0U);
    ASSERT_EQ(r.push(e), enqueued::queued);
    r.rewind(1);
    EXPECT_TRUE(r.outbox_empty()) << "a welcome of a connection that is gone";
    EXPECT_EQ(r.sent(), 1U);
    EXPECT_EQ(ws::counted().count, before);
}

/// A connection that was cut before its replay was written changes nothing for the next one.
TEST(ring_rewind, what_was_sent_once_counts_as_sent) {
    for (std::size_t const frames : {1U, 2U, 10U}) {
        SCOPED_TRACE(frames);
        ring r(roomy);
        for (std::size_t i = 0; i != frames; ++i) ASSERT_EQ(r.push(numbered(5)), enqueued::queued);
        r.commit(frames);
        ASSERT_EQ(r.push(numbered(7)), enqueued::queued);
        r.rewind(0);
        EXPECT_EQ(r.standing_of(frames), ring::standing::good);
        EXPECT_EQ(r.standing_of(frames + 1), ring::standing::beyond) << "that one never was";
        EXPECT_FALSE(r.acknowledge(frames)) << "this connection counts from where it began";
        r.rewind(frames);
        EXPECT_EQ(r.sent(), frames);
        EXPECT_EQ(r.outbox_bytes(), 7U);
        EXPECT_EQ(r.replay_frames(), 0U);
        r.commit(1);
        EXPECT_EQ(r.sent(), frames + 1);
    }
}

/// What is sent again was within the bounds of the replay, which may be larger than the outbox's.
TEST(ring_rewind, what_is_sent_again_takes_no_room_from_what_is_new) {
    for (std::size_t const frames : {1U, 2U, 10U}) {
        SCOPED_TRACE(frames);
        ring::bounds const bounds{
            .outbox_bytes = 100, .outbox_frames = 3, .replay_frames = 50, .replay_bytes = 10'000};
        ring r(bounds);
        for (std::size_t i = 0; i != frames; ++i) {
            ASSERT_EQ(r.push(numbered(90)), enqueued::queued);
            r.commit(1);
        }
        r.rewind(0);
        EXPECT_EQ(r.outbox_bytes(), 90 * frames);
        ASSERT_EQ(r.push(numbered(60)), enqueued::queued);
        EXPECT_EQ(r.push(numbered(60)), enqueued::overflow) << "but the new is bounded";
        ASSERT_EQ(r.push(numbered(20)), enqueued::queued);
        ASSERT_EQ(r.push(numbered(20)), enqueued::queued);
        EXPECT_EQ(r.push(numbered(0)), enqueued::overflow);
        r.commit(frames == 1 ? 0 : 1);
        r.rewind(r.sent());
        EXPECT_EQ(r.push(numbered(0)), enqueued::overflow) << "the next time likewise";
        r.commit(r.outbox_frames());
        EXPECT_EQ(r.sent(), frames + 3);
        ASSERT_EQ(r.push(numbered(60)), enqueued::queued);
        EXPECT_EQ(r.push(numbered(60)), enqueued::overflow);
    }
}

/// All numbered frames there ever were, and four cursors.
struct naive {
    std::deque<frame_ref> express;
    std::vector<frame_ref> all;
    std::size_t received = 0, sent = 0, first_kept = 0, fresh = 0;

    static std::size_t bytes(std::vector<frame_ref> const& v, std::size_t from, std::size_t to) {
        std::size_t n = 0;
        for (; from < to; ++from) n += v[from]->body().size();
        return n;
    }
    enqueued push(ring::bounds const& b, frame_ref f) {
        if (!f->numbered()) {
            express.push_back(std::move(f));
            return enqueued::queued;
        }
        // New is what was never sent; what is sent again does not count.
        std::size_t const begin = std::max(sent, fresh);
        std::size_t const held = bytes(all, begin, all.size());
        if (all.size() - begin >= b.outbox_frames) return enqueued::overflow;
        if (begin != all.size() && held + f->body().size() > b.outbox_bytes) {
            return enqueued::overflow;
        }
        all.push_back(std::move(f));
        return enqueued::queued;
    }
    void commit(ring::bounds const& b, std::size_t n) {
        for (; n != 0 && !express.empty(); --n) express.pop_front();
        sent += n;
        fresh = std::max(fresh, sent);
        while (sent - first_kept > b.replay_frames || bytes(all, first_kept, sent) > b.replay_bytes)
            ++first_kept;
    }
    bool acknowledge(std::uint64_t count) {
        if (count > sent) return false;
        received = std::max(received, static_cast<std::size_t>(count));
        first_kept = std::max(first_kept, received);
        return true;
    }
    ring::standing standing_of(std::uint64_t count) const {
        if (count > std::max(sent, fresh)) return ring::standing::beyond;
        return count < first_kept ? ring::standing::overflow : ring::standing::good;
    }
    void rewind(std::uint64_t count) {
        received = std::max(received, static_cast<std::size_t>(count));
        sent = static_cast<std::size_t>(count);
        first_kept = sent;
        express.clear();
    }
    std::vector<frame const*> waiting() const {
        std::vector<frame const*> out;
        for (auto const& f : express) out.push_back(f.get());
        for (std::size_t i = sent; i != all.size(); ++i) out.push_back(all[i].get());
        return out;
    }
};

void expect_same(ring const& r, naive const& m) {
    ASSERT_EQ(waiting(r), m.waiting());
    ASSERT_EQ(r.received(), m.received);
    ASSERT_EQ(r.sent(), m.sent);
    ASSERT_EQ(r.queued(), m.all.size());
    ASSERT_EQ(r.replay_frames(), m.sent - m.first_kept);
    ASSERT_EQ(r.replay_bytes(), naive::bytes(m.all, m.first_kept, m.sent));
    std::size_t waiting_bytes = naive::bytes(m.all, m.sent, m.all.size());
    for (auto const& f : m.express) waiting_bytes += f->body().size();
    ASSERT_EQ(r.outbox_bytes(), waiting_bytes);
}

TEST(ring_rewind, does_what_a_plain_list_does) {
    SCOPED_TRACE(seed_trace());
    dice random(test_seed());
    for (int round = 0; round != 100; ++round) {
        observer counts;
        ring::bounds const bounds{.outbox_bytes = 50 + random.below(1000),
                                  .outbox_frames = 1 + random.below(30),
                                  .replay_frames = random.below(40),
                                  .replay_bytes = random.below(3000),
                                  .counts = &counts};
        std::size_t const push_weight = 1 + random.below(5);
        std::size_t const before = ws::counted().live_bytes;
        {
            ring r(bounds);
            naive m;
            for (int step = 0; step != 300; ++step) {
                if (random.below(8) < push_weight) {
                    frame_ref const f =
                        random.one_in(6) ? express(random.below(60)) : numbered(random.below(60));
                    ASSERT_EQ(r.push(f), m.push(bounds, f));
                } else if (random.one_in(3)) {
                    std::size_t const n = random.below(r.outbox_frames() + 1);
                    r.commit(n);
                    m.commit(bounds, n);
                } else {
                    std::uint64_t const count =
                        random.one_in(5) ? random.below(m.all.size() + 2)
                                         : m.first_kept + random.below(m.sent - m.first_kept + 2);
                    ASSERT_EQ(r.standing_of(count), m.standing_of(count));
                    if (random.one_in(3)) {
                        ASSERT_EQ(r.acknowledge(count), m.acknowledge(count));
                    } else if (m.standing_of(count) == ring::standing::good) {
                        r.rewind(count);
                        m.rewind(count);
                    }
                }
                expect_same(r, m);
                ASSERT_EQ(counts.outbox_bytes.read(), r.outbox_bytes());
                ASSERT_EQ(counts.replay_bytes.read(), r.replay_bytes());
                if (testing::Test::HasFatalFailure()) return;
            }
        }
        ASSERT_EQ(counts.outbox_bytes.read(), 0U);
        ASSERT_EQ(counts.replay_bytes.read(), 0U);
        ASSERT_EQ(ws::counted().live_bytes, before) << "a frame was kept or freed twice";
    }
}

}  // namespace
}  // namespace weir
