#include "topic/dice.hpp"
#include "ws/allocations.hpp"

#include <weir/session/conflated_messages.hpp>
#include <weir/topic/policy.hpp>

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace weir {
namespace {

constexpr nanoseconds interval = milliseconds(100);
mono_time const start(seconds(1000));

message_ptr about(std::string key, std::uint64_t offset, std::size_t bytes = 3) {
    auto m = std::make_shared<message>();
    m->topic = "t";
    m->key = std::move(key);
    m->payload = std::string(bytes, '1');
    m->at.offset = offset;
    return m;
}

/// The offsets that may go at that time.
std::vector<std::uint64_t> due(conflated_messages& c, mono_time at) {
    std::vector<std::uint64_t> out;
    while (c.front(at) != nullptr) {
        message_ptr const next = *c.front(at);
        EXPECT_EQ(c.take(at), next);
        out.push_back(next->at.offset);
    }
    EXPECT_EQ(c.take(at), nullptr);
    return out;
}
using offsets = std::vector<std::uint64_t>;

TEST(conflated_messages, the_newest_of_a_key_waits_at_the_end) {
    conflated_messages c(nanoseconds(0));
    EXPECT_EQ(c.due(), never);
    EXPECT_TRUE(c.pass(*about("a", 1), start)) << "nothing waits";
    EXPECT_FALSE(c.keep(about("a", 2), start));
    EXPECT_FALSE(c.keep(about("b", 3), start));
    EXPECT_FALSE(c.pass(*about("a", 4), start)) << "it would overtake its own";
    EXPECT_TRUE(c.keep(about("a", 4), start));
    EXPECT_LE(c.due(), start);
    EXPECT_GE(c.bytes(), 2 * stored_bytes(*about("a", 1)));
    EXPECT_EQ(due(c, start), (offsets{3, 4}));
    EXPECT_TRUE(c.empty());
    EXPECT_EQ(c.bytes(), 0U);
    EXPECT_TRUE(c.pass(*about("a", 5), start));
}

TEST(conflated_messages, no_key_is_one_too) {
    conflated_messages c(nanoseconds(0));
    EXPECT_FALSE(c.keep(about("", 1), start));
    EXPECT_TRUE(c.keep(about("", 2), start));
    EXPECT_EQ(due(c, start), offsets{2});
}

TEST(conflated_messages, a_key_has_its_pace) {
    conflated_messages c(interval);
    EXPECT_TRUE(c.pass(*about("a", 1), start));
    EXPECT_FALSE(c.pass(*about("a", 2), start + milliseconds(99)));
    EXPECT_FALSE(c.keep(about("a", 2), start + milliseconds(99)));
    EXPECT_TRUE(c.pass(*about("b", 3), start + milliseconds(99))) << "the keys' are their own";
    EXPECT_EQ(c.due(), start + interval);
    EXPECT_EQ(c.front(start + milliseconds(99)), nullptr);
    EXPECT_TRUE(c.keep(about("a", 4), start + milliseconds(99)));
    EXPECT_EQ(due(c, start + interval), offsets{4});
    EXPECT_FALSE(c.pass(*about("a", 5), start + milliseconds(199)));
    EXPECT_TRUE(c.pass(*about("a", 5), start + milliseconds(200)));
}

TEST(conflated_messages, a_replacement_goes_when_its_keys_time_has_come) {
    conflated_messages c(interval);
    EXPECT_TRUE(c.pass(*about("a", 1), start));
    EXPECT_TRUE(c.pass(*about("b", 2), start + milliseconds(10)));
    c.keep(about("b", 3), start + milliseconds(20));
    c.keep(about("a", 4), start + milliseconds(30));
    c.keep(about("a", 5), start + milliseconds(90));
    EXPECT_EQ(due(c, start + milliseconds(100)), offsets{5});
    EXPECT_EQ(c.due(), start + milliseconds(110));
    EXPECT_EQ(due(c, start + milliseconds(500)), offsets{3});
}

TEST(conflated_messages, what_waits_for_room_is_not_overtaken) {
    conflated_messages c(interval);
    EXPECT_FALSE(c.keep(about("a", 1), start)) << "no room, and its time had come";
    EXPECT_EQ(c.due(), start);
    EXPECT_FALSE(c.pass(*about("a", 2), start + seconds(9)));
    EXPECT_TRUE(c.keep(about("a", 2), start + seconds(9)));
    EXPECT_EQ(due(c, start + seconds(9)), offsets{2});
}

TEST(conflated_messages, without_an_interval_what_waits_goes_in_the_order_of_offsets) {
    conflated_messages c(interval);
    for (std::uint64_t i = 1; i != 4; ++i) c.pass(*about(std::to_string(i), i), start);
    c.keep(about("3", 4), start + milliseconds(1));
    c.keep(about("1", 5), start + milliseconds(2));
    c.keep(about("3", 6), start + milliseconds(3));
    EXPECT_EQ(c.lowest(), 5U);
    EXPECT_EQ(due(c, start + milliseconds(99)), offsets{});
    c.set_interval(nanoseconds(0), start + milliseconds(99));
    EXPECT_EQ(due(c, start + milliseconds(99)), (offsets{5, 6}));
    EXPECT_EQ(c.bytes(), 0U) << "nothing is remembered";
}

TEST(conflated_messages, another_interval_counts_for_what_waits) {
    conflated_messages c(interval);
    EXPECT_TRUE(c.pass(*about("a", 1), start));
    c.keep(about("a", 2), start);
    c.set_interval(10 * interval, start + milliseconds(50));
    EXPECT_EQ(c.due(), start + 10 * interval);
    c.set_interval(interval / 2, start + milliseconds(60));
    EXPECT_EQ(c.due(), start + milliseconds(60));
    EXPECT_EQ(due(c, start + milliseconds(60)), offsets{2});
}

TEST(conflated_messages, what_it_remembers_is_counted_and_not_without_leave) {
    std::size_t const before = ws::counted().live_bytes;
    {
        conflated_messages c(interval);
        std::size_t const growth = c.growth(*about("0", 1));
        for (int i = 0; i != 1000; ++i) {
            auto const m = about(std::to_string(i), 1);
            EXPECT_TRUE(c.pass(*m, start, c.bytes() + growth < 20'000));
        }
        EXPECT_LE(c.bytes(), 20'000U);
        EXPECT_LE(ws::counted().live_bytes - before, 2 * c.bytes());
    }
    EXPECT_EQ(ws::counted().live_bytes, before);
}

/// While a client reads slowly nothing passes: keys that come and go must not pile up.
TEST(conflated_messages, keys_that_are_gone_are_forgotten) {
    std::size_t const before = ws::counted().live_bytes;
    {
        conflated_messages c(interval);
        mono_time at = start;
        for (int i = 0; i != 50'000; ++i) {
            at += milliseconds(1);
            c.keep(about(std::to_string(i), 1), at);
            ASSERT_NE(c.take(at), nullptr);
        }
        EXPECT_LE(ws::counted().live_bytes - before, 200'000U);
    }
    EXPECT_EQ(ws::counted().live_bytes, before);
}

/// A client that is given the newest of each key, never faster than the interval; what it is not
/// given was replaced by something newer.
class reader {
public:
    reader(std::uint64_t seed, nanoseconds every) : random_(seed), every_(every), c_(every) {}

    void run() {
        for (int step = 0; step != 500 && !testing::Test::HasFatalFailure(); ++step) {
            at_ += milliseconds(random_.below(30));
            switch (random_.below(5)) {
                case 0:
                case 1:
                case 2:
                    publish();
                    break;
                default:
                    deliver(random_.below(3));
            }
            std::size_t bytes = 0;
            for (auto const& [key, m] : waiting_) bytes += stored_bytes(*m);
            ASSERT_GE(c_.bytes(), bytes);
            ASSERT_EQ(c_.empty(), waiting_.empty());
        }
        at_ += seconds(10);
        deliver(1000);
        EXPECT_TRUE(c_.empty());
        EXPECT_EQ(c_.due(), never);
        EXPECT_EQ(delivered_ + replaced_, published_);
    }

private:
    void publish() {
        auto const m = about(std::string(1, static_cast<char>('a' + random_.below(5))),
                             ++published_, random_.below(50));
        if (random_.one_in(2) && c_.pass(*m, at_)) {
            ASSERT_FALSE(waiting_.contains(m->key));
            return given(*m);
        }
        bool const replaces = c_.keep(m, at_);
        ASSERT_EQ(replaces, waiting_.contains(m->key));
        if (replaces) ++replaced_;
        waiting_[m->key] = m;
    }
    void deliver(std::size_t n) {
        for (; n != 0; --n) {
            message_ptr const* const next = c_.front(at_);
            if (next == nullptr) return;
            message_ptr const m = c_.take(at_);
            ASSERT_EQ(waiting_[m->key], m) << "the newest of its key";
            waiting_.erase(m->key);
            given(*m);
        }
    }
    void given(message const& m) {
        ++delivered_;
        if (auto const last = last_.find(m.key); last != last_.end()) {
            ASSERT_GT(m.at.offset, last->second.first);
            ASSERT_GE(at_ - last->second.second, every_);
        }
        last_[m.key] = {m.at.offset, at_};
    }

    dice random_;
    nanoseconds every_;
    conflated_messages c_;
    mono_time at_ = start;
    std::map<std::string, message_ptr> waiting_;
    std::map<std::string, std::pair<std::uint64_t, mono_time>> last_;
    std::uint64_t published_ = 0, delivered_ = 0, replaced_ = 0;
};

TEST(conflated_messages, the_newest_wins_and_nothing_else_is_left_out) {
    SCOPED_TRACE(seed_trace());
    for (std::uint64_t round = 0; round != 60; ++round) {
        SCOPED_TRACE(round);
        reader f(test_seed() + round, round % 2 == 0 ? nanoseconds(0) : nanoseconds(interval));
        f.run();
        if (testing::Test::HasFailure()) return;
    }
}

}  // namespace
}  // namespace weir
