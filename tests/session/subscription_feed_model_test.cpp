// A subscription under everything that can happen to it, against what must hold whatever it was.
#include "session/feed_world.hpp"
#include "topic/dice.hpp"

#include <gtest/gtest.h>

#include <set>

namespace weir {
namespace {

/// Reads the whole outbox as a client does, and judges it.
class judge {
public:
    explicit judge(feed_world const& w) : world_(w) {}

    void run() {
        for (auto const& e : world_.frames) {
            std::visit([this](auto const& what) { hear(what); }, e);
            if (testing::Test::HasFatalFailure()) return;
        }
        nothing_missing();
    }

private:
    void hear(feed_world::told_ok const& ok) {
        // What was sent under the old answer does not bind what follows.
        ever_conflating_ |= ok.conflating;
        conflating_ = ok.conflating;
    }
    void hear(message_ptr const& m) {
        std::uint64_t const offset = m->at.offset;
        ASSERT_TRUE(got_.insert(offset).second) << offset << " came twice";
        ASSERT_FALSE(lost_.contains(offset)) << offset << " came after its gap";
        if (!conflating_) {
            ASSERT_GT(offset, newest_) << "the order of the topic went back";
        }
        auto& last = by_key_[m->key];
        ASSERT_GT(offset, last) << "the order of " << m->key << " went back";
        last = offset;
        newest_ = std::max(newest_, offset);
    }
    void hear(loss const& l) {
        ASSERT_NE(l.from, 0U);
        ASSERT_LE(l.from, l.to);
        for (std::uint64_t o = l.from; o <= l.to; ++o) {
            if (got_.contains(o)) continue;  // the state had it
            ASSERT_TRUE(lost_.insert(o).second) << o << " was declared twice";
        }
    }
    /// Who comes back with it gets what followed it; all that is older was given or replaced.
    void hear(feed_world::told_position const& told) {
        std::map<std::string, std::uint64_t> newest;
        for (message_ptr const& m : world_.all) {
            if (m->at.offset <= told.head) newest[m->key] = m->at.offset;
        }
        for (auto const& [key, offset] : newest) {
            if (offset <= begin() || offset > told.at.offset) continue;
            ASSERT_TRUE(by_key_[key] >= offset || lost_.contains(offset))
                << "position " << told.at.offset << " skips " << offset;
        }
    }
    /// Where order may jump, a message may be left out for a newer one of its key, which is given
    /// or declared lost.
    void nothing_missing() {
        std::map<std::string, std::uint64_t> settled;  // the newest given or declared
        std::map<std::string, std::uint64_t> newest;
        for (message_ptr const& m : world_.all) {
            newest[m->key] = m->at.offset;
            if (got_.contains(m->at.offset) || lost_.contains(m->at.offset)) {
                settled[m->key] = m->at.offset;
            }
        }
        bool const replaces = ever_conflating_ || world_.rule.slow == slow_policy::conflate;
        for (message_ptr const& m : world_.all) {
            std::uint64_t const o = m->at.offset;
            if (o <= begin() && (!stated() || newest[m->key] != o)) continue;
            if (got_.contains(o) || lost_.contains(o)) continue;
            ASSERT_TRUE(replaces) << o << " is missing";
            ASSERT_GT(settled[m->key], o) << o << " of " << m->key << " is missing";
        }
    }
    bool stated() const { return world_.answered && world_.answered->state.has_value(); }
    /// What is newer was to be delivered.
    std::uint64_t begin() const {
        return stated() ? world_.answered->at.offset : world_.started_at;
    }

    feed_world const& world_;
    std::set<std::uint64_t> got_, lost_;
    std::map<std::string, std::uint64_t> by_key_;
    std::uint64_t newest_ = 0;
    bool conflating_ = false, ever_conflating_ = false;
};

class model {
public:
    explicit model(std::uint64_t seed)
        : random_(seed), world_(any_policy(), 3 + random_.below(20)) {
        world_.wait_max = 400 + random_.below(4000);
    }

    void run() {
        for (auto n = random_.below(20); n != 0; --n) publish();
        bool const state = world_.rule.state != state_kind::none && random_.one_in(2);
        world_.subscribe(options(any_rate(), state));
        for (int step = 0; step != 300 && !world_.closed; ++step) one_step();
        world_.settle_all();
        if (world_.closed) return;  // it has to begin anew, and was told so
        SCOPED_TRACE("history " + std::to_string(world_.rule.history.messages) + ", state " +
                     std::to_string(static_cast<int>(world_.rule.state)) + ", slow " +
                     std::to_string(static_cast<int>(world_.rule.slow)));
        judge(world_).run();
        EXPECT_EQ(world_.lagging, 0) << "it never caught up";
        EXPECT_FALSE(world_.held);
        EXPECT_FALSE(world_.has_tail());
    }

private:
    topic_policy any_policy() {
        topic_policy p;
        if (random_.one_in(2))
            p.history.messages = 3 + static_cast<std::uint32_t>(random_.below(50));
        if (random_.one_in(2)) p.state = state_kind::keyed;
        p.slow = static_cast<slow_policy>(random_.below(3));
        p.rate = any_rate();
        return p;
    }
    double any_rate() { return random_.one_in(2) ? 0 : static_cast<double>(1 + random_.below(20)); }
    void publish() { world_.publish("k" + std::to_string(random_.below(8)), random_.one_in(6)); }
    void one_step() {
        switch (random_.below(16)) {
            case 0:
                world_.detach();
                break;
            case 1:
                world_.attach();
                break;
            case 2:
                if (world_.attached && world_.answered) world_.change(any_rate());
                break;
            case 3: {
                topic_policy p = world_.rule;
                p.rate = any_rate();
                // A topic that conflates by its rule is another one without or with a history.
                if (p.slow != slow_policy::conflate && random_.one_in(3)) {
                    p.history.messages = p.history.kept() ? 0 : 20;
                }
                world_.reload(p);
                break;
            }
            case 4:
            case 5:
                world_.pass_time(milliseconds(random_.below(400)));
                break;
            case 6:
            case 7:
                world_.answer_read();
                break;
            case 8:
            case 9:
                if (world_.wants) world_.work(1 + random_.below(20));
                break;
            case 10:
                if (world_.attached) world_.read_some(random_.below(30));
                break;
            default:
                for (auto n = random_.below(6); n != 0; --n) publish();
        }
    }

    dice random_;
    feed_world world_;
};

TEST(subscription_feed_model, ends_with_the_newest_in_order_and_each_loss_told_once) {
    SCOPED_TRACE(seed_trace());
    for (std::uint64_t round = 0; round != 2000; ++round) {
        SCOPED_TRACE(round);
        model m(test_seed() + round);
        m.run();
        if (testing::Test::HasFailure()) return;
    }
}

}  // namespace
}  // namespace weir
