#pragma once

// What every broker must keep to, as tests. A broker's own test program compiles
// broker_conformance*.cpp, broker_truth.cpp and broker_witness.cpp, makes a broker_kind for each
// set-up it wants tried, and instantiates the suite: INSTANTIATE_TEST_SUITE_P(memory,
// broker_conformance, testing::ValuesIn(kinds), …).

#include "topic/broker_truth.hpp"
#include "topic/broker_witness.hpp"
#include "topic/dice.hpp"

#include <weir/topic/broker.hpp>
#include <weir/topic/policy.hpp>

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

/// Brokers that agree among themselves, one a shard, and whatever lies between them.
class broker_cluster {
public:
    virtual ~broker_cluster() = default;
    virtual broker& member(unsigned i) = 0;
    /// The one whose broker_admin is asked about that topic.
    virtual unsigned member_for(std::string_view topic) const = 0;
    /// Moves one thing on, which may be chosen by chance. False: nothing moves any more.
    virtual bool pump() = 0;
    /// Topics that have no interest now, and of which nothing is kept, are forgotten.
    virtual void forget_quiet() = 0;
    /// So much time passes, a second at a time, and everything settles.
    virtual void pass(seconds time) = 0;
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
    std::function<topic_policy(std::string_view)> policy = {};  ///< none: nothing is kept
    seconds dedupe_window{300};
    std::size_t dedupe_max = 1000;
};

struct broker_kind {
    std::string name;
    unsigned members = 1;
    std::function<std::unique_ptr<broker_cluster>(cluster_wish)> make;
    bool limits_topics = true;   ///< topics_max is kept
    bool limits_backlog = true;  ///< backlog_max is kept between members
    bool forgets = true;         ///< forget_quiet() starts new epochs
    bool moves_time = true;      ///< pass() does
    bool limits_dedupe = true;   ///< dedupe_max is kept
    bool keeps_exactly = true;   ///< a log has as many messages as its policy says, no more
};

inline void PrintTo(broker_kind const& kind, std::ostream* out) {
    *out << kind.name;
}

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
    /// A page as member `i` gets it after everything has settled.
    log_page page(unsigned i, log_query q);

    std::unique_ptr<broker_truth> truth_;
    std::vector<std::unique_ptr<broker_witness>> witnesses_;
    std::unique_ptr<broker_cluster> cluster_;
};

}  // namespace weir
