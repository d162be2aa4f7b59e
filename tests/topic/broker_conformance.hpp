#pragma once

// What every broker must keep to, as tests. A broker's own test program compiles
// broker_conformance.cpp, makes a broker_kind for each set-up it wants tried, and instantiates
// the suite: INSTANTIATE_TEST_SUITE_P(memory, broker_conformance, testing::ValuesIn(kinds), …).

#include "topic/dice.hpp"

#include <weir/topic/broker.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir {

inline publication make_publication(std::string topic, std::string payload = "1") {
    publication p;
    p.topic = std::move(topic);
    p.payload = std::move(payload);
    return p;
}

/// Brokers that agree among themselves, one a shard, and whatever lies between them.
class broker_cluster {
public:
    virtual ~broker_cluster() = default;
    virtual broker& member(unsigned i) = 0;
    /// Moves one thing on, which may be chosen by chance. False: nothing moves any more.
    virtual bool pump() = 0;
    /// Topics that have no interest now are forgotten.
    virtual void forget_quiet() = 0;
    /// Holds back what is under way to a member, and lets it go again.
    virtual void stall(unsigned i) = 0;
    virtual void release(unsigned i) = 0;

    void settle() {
        while (pump()) {
        }
    }
};

struct cluster_wish {
    std::vector<broker_listener*> listeners = {};  ///< one a member; they outlive the cluster
    std::size_t topics_max = 1000;
    std::size_t backlog_max = 1000;
    std::uint64_t seed = 1;  ///< of the order in which things move
};

struct broker_kind {
    std::string name;
    unsigned members = 1;
    std::function<std::unique_ptr<broker_cluster>(cluster_wish)> make;
    bool limits_topics = true;   ///< topics_max is kept
    bool limits_backlog = true;  ///< backlog_max is kept between members
    bool forgets = true;         ///< forget_quiet() starts new epochs
};

inline void PrintTo(broker_kind const& kind, std::ostream* out) {
    *out << kind.name;
}

/// Everything that was published, by everybody, and where it came to stand.
class broker_truth {
public:
    struct call {
        unsigned member;
        std::string topic;
        bool wanted;  ///< the publisher's own shard was interested when it published
        unsigned answers = 0;
        bool refused = false;
        position at = {};
    };

    publish_ticket open(call c);
    call const& about(publish_ticket t) const { return calls_.at(t); }
    void answered(publish_ticket t, result<position> const& at);
    /// The payload of a message is the ticket of its publish.
    void seen(message const& m);
    std::uint64_t head(std::string const& topic, epoch_id epoch) const;
    /// Every publish answered once; the offsets of each epoch are 1, 2, 3, …; a member's own
    /// publishes to a topic stand in the order of its calls.
    void check() const;
    std::size_t refusals(errc code) const;

private:
    using epoch_key = std::pair<std::string, std::uint64_t>;
    void place(std::string const& topic, position const& at, publish_ticket t);
    std::map<publish_ticket, call> calls_;
    std::map<epoch_key, std::map<std::uint64_t, publish_ticket>> order_;
    std::map<errc, std::size_t> refusals_;
    publish_ticket last_ = 0;
};

/// One member's shard: makes its calls, and checks at once what the broker tells it.
class broker_witness final : public broker_listener {
public:
    broker_witness(unsigned member, broker_truth& truth) : member_(member), truth_(&truth) {}

    void serve(broker& b) { broker_ = &b; }
    void attach(std::string const& topic);
    void detach(std::string const& topic);
    publish_ticket publish(std::string const& topic, publication with = {});

    struct view {
        unsigned answers_due = 0;
        bool wanted = false;
        bool attached = false;
        position tail;
        std::vector<message_ptr> messages;  ///< since the latest attach was answered
        unsigned refusals = 0;
        errc refused = errc::internal;
        publish_ticket own_last = 0;  ///< newest publish of its own before the latest attach
    };
    view& of(std::string const& topic) { return views_[topic]; }
    std::size_t late() const { return late_; }
    /// After everything has settled: answered, and nothing missing at the end.
    void check() const;

    void on_attached(std::string_view topic, result<position> at) override;
    void on_published(publish_ticket ticket, result<position> at) override;
    void on_message(message_ptr m) override;
    void on_read(read_ticket, result<log_page>) override {}
    void on_members(read_ticket, result<presence_page>) override {}
    void on_presence(presence_change_ptr) override {}

private:
    unsigned member_;
    broker_truth* truth_;
    broker* broker_ = nullptr;
    std::map<std::string, view> views_;
    std::map<std::string, publish_ticket> own_;
    std::size_t late_ = 0;
};

class broker_conformance : public testing::TestWithParam<broker_kind> {
protected:
    /// Only the members and listeners are the suite's to choose.
    void start(cluster_wish wish = {});
    void settle_and_check();
    unsigned members() const { return GetParam().members; }
    broker_witness& at(unsigned i) { return *witnesses_.at(i % members()); }
    /// Another member than `i`, where there is one.
    broker_witness& beside(unsigned i) { return at(i + 1); }
    void random_steps(cluster_wish wish, std::size_t steps);

    std::unique_ptr<broker_truth> truth_;
    std::vector<std::unique_ptr<broker_witness>> witnesses_;
    std::unique_ptr<broker_cluster> cluster_;
};

}  // namespace weir
