#pragma once

#include "topic/interest_set.hpp"

#include <weir/base/clock.hpp>
#include <weir/base/ids.hpp>
#include <weir/message/message.hpp>
#include <weir/topic/memory_broker.hpp>
#include <weir/topic/name_hash.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace weir {

struct quiet_link {
    quiet_link* before = nullptr;
    quiet_link* behind = nullptr;
};

struct topic_home;
struct by_home_name {
    using is_transparent = void;
    bool operator()(topic_home const* a, topic_home const* b) const noexcept;
    bool operator()(std::string_view a, topic_home const* b) const noexcept;
    bool operator()(topic_home const* a, std::string_view b) const noexcept;
};
using homes_by_name = std::set<topic_home*, by_home_name>;

/// A topic at its home shard: what makes its order. Its log hangs here once topics have one.
struct topic_home : private quiet_link {
    position head;  ///< the newest message; offset 0: none yet
    interest_set interest;

private:
    friend class home_table;
    friend by_home_name;
    std::string const* name_ = nullptr;  ///< the table's key
    homes_by_name::iterator in_order_;
    nanoseconds quiet_since_{0};  ///< on the table's own clock; only without interest
};

/// Epochs of 8 random bytes, fetched from the kernel many at a time: a call for each would be most
/// of what a new topic costs.
class epoch_source {
public:
    epoch_id next() {
        if (left_ == 0) {
            random_bytes(std::as_writable_bytes(std::span(stock_)));
            left_ = stock_.size();
        }
        return {stock_[--left_]};
    }

private:
    std::array<std::uint64_t, 64> stock_{};
    std::size_t left_ = 0;
};

/// The topics whose home is one shard. Those without interest stand in a list, the longest quiet
/// first, and are forgotten from its front: after `quiet_time`, or sooner when the limit of topics
/// (one for all shards) needs their place. A pointer lives until the next call that may forget:
/// find_or_create() and tick().
class home_table {
public:
    static constexpr seconds quiet_time{60};
    /// Topics forgotten in one tick, a few µs each when a million make every access a cache miss. A
    /// new topic pays for two more, so the number overdue cannot grow, whatever the rate of names.
    static constexpr std::size_t forgotten_a_tick = 500;

    home_table(std::size_t topics_max, memory_broker_shared& shared);
    home_table(home_table const&) = delete;
    home_table& operator=(home_table const&) = delete;
    ~home_table();

    topic_home* find(std::string_view topic) noexcept;
    /// Null: the limit is reached and nothing here can be forgotten for it.
    topic_home* find_or_create(std::string_view topic);

    void add_interest(topic_home& home, unsigned shard);
    void remove_interest(topic_home& home, unsigned shard);
    /// The place of the next message.
    position advance(topic_home& home);

    void tick(mono_time at);

    std::size_t size() const noexcept { return homes_.size(); }
    std::vector<memory_broker::topic_facts> list(std::string_view after, std::size_t max) const;

private:
    bool take_place();
    void erase_longest_quiet();
    void forget_overdue(std::size_t at_most, nanoseconds quiet_for);
    void append_quiet(topic_home& home) noexcept;
    static void unlink(topic_home& home) noexcept;

    std::size_t const topics_max_;
    memory_broker_shared& shared_;
    std::unordered_map<std::string, topic_home, name_hash, std::equal_to<>> homes_;
    homes_by_name in_order_;  ///< so that list() never walks a million topics
    epoch_source epochs_;
    quiet_link quiet_;  ///< ring; behind it the longest quiet
    mono_time last_tick_ = never;
    nanoseconds clock_{0};  ///< time between ticks, summed: runs from 0, whatever mono_time is
};

}  // namespace weir
