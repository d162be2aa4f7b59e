// The index against the plainest statement of what it is for: everyone gets each message that came
// after they joined and before they left, once and in order.

#include "topic/dice.hpp"

#include <weir/topic/topic_index.hpp>

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <variant>
#include <vector>

namespace weir {
namespace {

/// Topics' homes, and a first-in first-out way back to the index.
class model_broker final : public topic_interest {
public:
    model_broker(dice& random, bool at_once) : random_(random), at_once_(at_once) {}
    void serve(topic_index& index) { index_ = &index; }

    void attach(std::string_view topic) override {
        auto& home = homes_[std::string(topic)];
        EXPECT_FALSE(home.interest) << "attached twice";
        home.asked = true;
        if (random_.one_in(8)) {
            fault full;
            full.code = errc::limit_reached;
            back_.emplace_back(answer{std::string(topic), full});
        } else {
            home.interest = true;
            back_.emplace_back(answer{std::string(topic), home.head});
        }
        if (at_once_) flush();
    }
    topic_policy policy_of(std::string_view) const override { return {}; }
    void detach(std::string_view topic) override {
        auto& home = homes_.at(std::string(topic));
        EXPECT_TRUE(home.asked) << "detached without attach";
        home.asked = false;
        home.interest = false;
    }

    void publish(std::string const& topic) {
        auto& home = homes_[topic];
        if (!home.interest && random_.one_in(4)) home.head = {epoch_id{++epochs_}, 0};  // forgotten
        ++home.head.offset;
        if (!home.interest) return;
        auto m = std::make_shared<message>();
        m->topic = topic;
        m->payload = std::to_string(home.head.offset);
        m->at = home.head;
        back_.emplace_back(std::move(m));
        if (at_once_) flush();
    }
    bool pump() {
        if (back_.empty()) return false;
        auto next = std::move(back_.front());
        back_.pop_front();
        if (auto* a = std::get_if<answer>(&next)) {
            if (!a->at.has_value()) homes_[a->topic].asked = homes_[a->topic].interest;
            index_->on_attached(a->topic, a->at);
        } else {
            index_->on_message(std::get<message_ptr>(std::move(next)));
        }
        return true;
    }
    position head(std::string const& topic) { return homes_[topic].head; }
    bool interest(std::string const& topic) { return homes_[topic].interest; }

private:
    struct answer {
        std::string topic;
        result<position> at;
    };
    struct home {
        position head{epoch_id{1}, 0};
        bool interest = false;
        bool asked = false;  ///< the index may detach
    };
    void flush() {
        while (pump()) {
        }
    }
    dice& random_;
    bool at_once_;
    topic_index* index_ = nullptr;
    std::map<std::string, home> homes_;
    std::deque<std::variant<answer, message_ptr>> back_;
    std::uint64_t epochs_ = 1;
};

/// A subscriber that knows what it must get next.
class model_subscriber final : public subscriber {
public:
    struct subscription {
        topic_entry* entry = nullptr;  ///< null while join() has not returned
        std::uint32_t slot = 0;
        bool live = false;  ///< joined
        position at;
    };

    model_subscriber(topic_index& index, dice& random, bool leaves)
        : index_(index), random_(random), leaves_(leaves) {}

    bool follows(std::string const& topic) const { return mine_.contains(topic); }
    std::map<std::string, subscription> const& all() const { return mine_; }
    void join(std::string const& topic) {
        mine_[topic] = {};
        auto const [entry, slot] = index_.join(topic, *this);
        auto const still = mine_.find(topic);
        ASSERT_EQ(entry != nullptr, still != mine_.end()) << "joined and join disagree";
        if (entry == nullptr) return;
        still->second.entry = entry;
        still->second.slot = slot;
    }
    void leave(std::string const& topic) {
        auto const s = mine_.at(topic);
        mine_.erase(topic);
        index_.leave(*s.entry, s.slot);
    }

    void deliver(delivery& d) override {
        ++delivered;
        auto const& m = d.what();
        auto const known = mine_.find(m.topic);
        ASSERT_NE(known, mine_.end()) << "delivered after leave";
        auto& s = known->second;
        ASSERT_TRUE(s.live) << "delivered before joined";
        EXPECT_EQ(m.at.epoch, s.at.epoch);
        EXPECT_EQ(m.at.offset, s.at.offset + 1);
        EXPECT_EQ(m.payload, std::to_string(m.at.offset));
        s.at = m.at;
        if (leaves_ && random_.one_in(10)) leave(std::string(m.topic));
    }
    void presence_changed(topic_entry&, presence_delivery&) override {}
    void joined(topic_entry& topic, result<position> const& at) override {
        auto const known = mine_.find(std::string(topic.name()));
        ASSERT_NE(known, mine_.end());
        ASSERT_FALSE(known->second.live) << "joined twice";
        if (!at.has_value()) {
            mine_.erase(known);
            return;
        }
        EXPECT_EQ(*at, topic.tail());
        known->second.live = true;
        known->second.at = *at;
    }
    void moved(topic_entry& topic, std::uint32_t from, std::uint32_t to) override {
        auto& s = mine_.at(std::string(topic.name()));
        EXPECT_EQ(s.entry, &topic);
        EXPECT_EQ(s.slot, from);
        s.slot = to;
    }

    std::size_t delivered = 0;

private:
    topic_index& index_;
    dice& random_;
    bool leaves_;
    std::map<std::string, subscription> mine_;
};

struct model_set_up {
    char const* name;
    bool at_once;  ///< the broker answers from inside join(), messages come from inside publish
    bool leaves;   ///< subscribers leave from inside deliver()
};

void PrintTo(model_set_up const& set_up, std::ostream* out) {
    *out << set_up.name;
}

class topic_index_model : public testing::TestWithParam<model_set_up> {
protected:
    void run(std::uint64_t seed) {
        dice random(seed);
        model_broker broker(random, GetParam().at_once);
        topic_index index(broker);
        broker.serve(index);
        std::vector<std::unique_ptr<model_subscriber>> people;
        for (int i = 0; i != 12; ++i) {
            people.push_back(std::make_unique<model_subscriber>(index, random, GetParam().leaves));
        }
        for (int step = 0; step != 600 && !HasFailure(); ++step) {
            this->step(random, broker, index, people);
            if (step % 16 == 0) check_counts(index, people);
        }
        settle(broker, index);
        for (auto const& who : people) {
            for (auto const& [topic, s] : who->all()) {
                EXPECT_TRUE(s.live) << topic;
                EXPECT_EQ(s.at, broker.head(topic)) << topic << ": the end is missing";
            }
        }
        for (auto const& who : people) {
            for (auto const& topic : topics_) {
                if (who->follows(topic)) who->leave(topic);
            }
        }
        settle(broker, index);
        EXPECT_EQ(index.topics(), 0U);
        EXPECT_EQ(index.subscriptions(), 0U);
        for (auto const& topic : topics_) EXPECT_FALSE(broker.interest(topic)) << topic;
    }

private:
    using crowd = std::vector<std::unique_ptr<model_subscriber>>;

    void step(dice& random, model_broker& broker, topic_index& index, crowd& people) {
        auto& who = *random.pick(people);
        auto const& topic = random.pick(topics_);
        switch (random.below(8)) {
            case 0:
            case 1:
                if (!who.follows(topic)) who.join(topic);
                break;
            case 2:
                if (who.follows(topic)) who.leave(topic);
                break;
            case 3:
            case 4:
                broker.publish(topic);
                break;
            case 5:
            case 6:
                broker.pump();
                break;
            default: {
                auto const budget = random.below(8);
                auto const before = delivered(people);
                auto const more = index.fan_out(budget);
                EXPECT_LE(delivered(people) - before, budget);
                EXPECT_EQ(more, !index.idle());
                EXPECT_EQ(more, index.backlog() != 0);
            }
        }
    }
    static void settle(model_broker& broker, topic_index& index) {
        while (broker.pump()) {
        }
        while (index.fan_out(5)) {
        }
    }
    static std::size_t delivered(crowd const& people) {
        std::size_t n = 0;
        for (auto const& who : people) n += who->delivered;
        return n;
    }
    void check_counts(topic_index& index, crowd const& people) {
        std::size_t all = 0;
        for (auto const& topic : topics_) {
            std::map<std::uint32_t, unsigned> slots;
            for (auto const& who : people) {
                auto const mine = who->all().find(topic);
                if (mine == who->all().end()) continue;
                EXPECT_EQ(index.find(topic), mine->second.entry);
                EXPECT_EQ(++slots[mine->second.slot], 1U) << "two in one slot";
            }
            auto* const entry = index.find(topic);
            EXPECT_EQ(entry == nullptr ? 0 : entry->subscribers(), slots.size());
            all += slots.size();
        }
        EXPECT_EQ(index.subscriptions(), all);
    }

    std::vector<std::string> const topics_ = {"a", "b.c", "d"};
};

TEST_P(topic_index_model, everyone_gets_what_came_while_they_were_there) {
    SCOPED_TRACE(seed_trace());
    for (std::uint64_t round = 0; round != 40; ++round) {
        SCOPED_TRACE("round " + std::to_string(round));
        run(test_seed() + round);
        if (HasFailure()) return;
    }
}

INSTANTIATE_TEST_SUITE_P(brokers, topic_index_model,
                         testing::Values(model_set_up{"far", false, false},
                                         model_set_up{"far_and_leaving", false, true},
                                         model_set_up{"near", true, false},
                                         model_set_up{"near_and_leaving", true, true}),
                         [](auto const& info) { return info.param.name; });

}  // namespace
}  // namespace weir
