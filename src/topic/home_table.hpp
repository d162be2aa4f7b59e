#pragma once

#include "topic/interest_set.hpp"
#include "topic/ring_list.hpp"
#include "topic/topic_log.hpp"
#include "topic/topic_presence.hpp"
#include "topic/topic_state.hpp"

#include <weir/base/clock.hpp>
#include <weir/base/ids.hpp>
#include <weir/base/memory_meter.hpp>
#include <weir/base/observer.hpp>
#include <weir/message/message.hpp>
#include <weir/topic/memory_broker.hpp>
#include <weir/topic/name_hash.hpp>
#include <weir/topic/policy.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace weir {

struct topic_home;
struct by_home_name {
    using is_transparent = void;
    bool operator()(topic_home const* a, topic_home const* b) const noexcept;
    bool operator()(std::string_view a, topic_home const* b) const noexcept;
    bool operator()(topic_home const* a, std::string_view b) const noexcept;
};
using homes_by_name = std::set<topic_home*, by_home_name>;

struct by_quiet;         // tags of lists
struct by_last_publish;  // among topics whose log holds something
struct by_disuse;        // among topics that only what is kept holds

/// What is kept of a topic beside its order, as its policy says. Topics of which nothing is to be
/// kept have none.
struct topic_keep : ring_link<by_last_publish>, ring_link<by_disuse> {
    topic_keep(topic_home& of, topic_policy const& p, std::uint64_t head)
        : home(&of), policy(p), log(head, p.history), state(p.state, p.state_keys) {}

    topic_home* home;
    topic_policy policy;
    topic_log log;
    topic_state state;
    std::unique_ptr<topic_presence> presence;  ///< from the first who entered

private:
    friend class home_table;
    std::size_t counted_ = 0;  ///< of log and state, in the sums of the table
    nanoseconds known_until_{0};
    mono_time published_{};                 ///< the newest message
    nanoseconds due_ = nanoseconds::max();  ///< its place in the table's due_; max: none
};

/// A topic at its home shard: what makes its order.
struct topic_home : ring_link<by_quiet> {
    position head;  ///< the newest message; offset 0: none yet
    interest_set interest;
    std::string const& name() const noexcept { return *name_; }

private:
    friend class home_table;
    std::uint32_t policy_as_of_ = 0;  ///< 0: not looked up yet
    std::unique_ptr<topic_keep> keep_;
    std::string const* name_ = nullptr;  ///< the table's key
    homes_by_name::iterator in_order_;
    nanoseconds quiet_since_{0};  ///< on the table's own clock; only in the list of the quiet
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

/// The topics whose home is one shard. Those without interest of which nothing is kept stand in a
/// list, the longest quiet first, and are forgotten from its front: after `quiet_time`, or sooner
/// when the limit of topics (one for all shards) needs their place. A topic with history is not in
/// that list before its history's age has passed since its last message. When the limit is reached
/// and nothing is quiet, topics go that only their log or state holds: nobody is subscribed or
/// present, and the longest unused goes first. Whoever comes back with a position of it is told
/// that the epoch has changed. A pointer lives until the next call that may forget:
/// find_or_create() and tick().
///
/// Work that waits for time (expiry by age, presence) stands in one queue by when it is due, an
/// entry for each topic, and is done in bounded portions: in tick(), and a little with each message
/// kept.
class home_table {
public:
    static constexpr seconds quiet_time{60};
    /// Topics forgotten in one tick, a few µs each when a million make every access a cache miss. A
    /// new topic pays for two more, so the number overdue cannot grow, whatever the rate of names.
    static constexpr std::size_t forgotten_a_tick = 500;
    /// Messages and members removed by time or for a bound in one tick, well below a µs each.
    static constexpr std::size_t removed_a_tick = 4096;
    /// Likewise with each message that is kept, so that what is overdue cannot grow.
    static constexpr std::size_t removed_a_message = 4;
    /// Topics whose policy is looked up again in one tick after policies_changed().
    static constexpr std::size_t reviewed_a_tick = 2000;

    home_table(memory_broker_settings const& settings, memory_broker_shared& shared,
               policy_source const& policies, observer& counts);
    home_table(home_table const&) = delete;
    home_table& operator=(home_table const&) = delete;
    ~home_table();

    topic_home* find(std::string_view topic) noexcept;
    /// Null: the limit is reached and nothing here can be forgotten for it.
    topic_home* find_or_create(std::string_view topic);

    void add_interest(topic_home& home, unsigned shard);
    void remove_interest(topic_home& home, unsigned shard);
    /// The place of the next message; store() has to follow where something is kept.
    position advance(topic_home& home);

    /// What is kept of a topic by the policy of now; null: nothing.
    topic_keep* keep_of(topic_home& home) {
        if (home.policy_as_of_ != policies_as_of_) look_up_policy(home);
        return home.keep_.get();
    }
    /// Reserves room for what store() is to keep; logs here give way when they must. False: there
    /// is none for the state to grow. store() or release() has to follow.
    bool reserve(topic_keep const& keep, publication const& p);
    void release() noexcept;
    /// Into log and state.
    void store(topic_keep& keep, message_ptr const& m);
    /// The shard to ask for room, if there is little left and the log that gives way first is
    /// there.
    std::optional<unsigned> whom_to_ask() noexcept;
    /// Logs here give way as long as they are the first to do so.
    void give_way();
    log_page read(topic_home& home, log_query q);
    void clear_history(topic_home& home);
    void clear_state(topic_home& home);

    /// Presence counts where the policy says so; else it is left alone. False: turned away.
    bool enter(topic_home& home, std::string_view user, std::string_view info);
    void exit(topic_home& home, std::string_view user);
    presence_page members(topic_home& home, std::size_t max);

    /// A change in presence, for the shards that were interested when it was told.
    struct news {
        interest_set interest;
        presence_change_ptr what;
    };
    /// What store(), enter(), tick() and looking up a policy have to tell, in order.
    std::optional<news> take_news();
    bool has_news() const noexcept { return !news_.empty(); }

    void policies_changed();
    void tick(mono_time at);
    nanoseconds clock() const noexcept { return clock_; }  ///< of ticks, from 0

    std::size_t size() const noexcept { return homes_.size(); }
    std::size_t bytes() const noexcept { return bytes_; }
    broker_topic facts_of(topic_home const& home) const;
    std::vector<broker_topic> list(std::string_view after, std::size_t max) const;

private:
    bool take_place();
    void erase(topic_home& home);
    void forget_unused(std::size_t at_most);
    void forget_overdue(std::size_t at_most, nanoseconds quiet_for);
    void append_quiet(topic_home& home) noexcept;
    bool in_use(topic_home const& home) const noexcept;
    /// Into the list of the quiet or out of it, after something was kept, removed or detached.
    void settle(topic_home& home) noexcept;

    // home_keep.cpp
    void look_up_policy(topic_home& home);
    void dissolve(topic_home& home);
    /// After each change of what is kept: the sums, the lists, the queue of what is due.
    void kept_changed(topic_keep& keep, std::size_t reserved = 0);
    void tell(topic_keep& keep);
    bool take_bytes(std::size_t n) noexcept;
    /// From where on logs of other shards are asked to give way, and how far they do.
    std::size_t high_mark() const noexcept;
    std::size_t low_mark() const noexcept;
    bool first_to_give_way() const noexcept;
    void drop_oldest();
    void tell_oldest() noexcept;
    nanoseconds next_due(topic_keep const& keep) const noexcept;
    void schedule(topic_keep& keep, nanoseconds due);
    void work_due(std::size_t budget);
    void review_policies();

    memory_broker_settings const settings_;
    memory_broker_shared& shared_;
    policy_source const& policies_;
    observer& counts_;
    std::unordered_map<
        std::string, topic_home, name_hash, std::equal_to<>,
        counted_allocator<std::pair<std::string const, topic_home>, memory_kind::topics>>
        homes_;
    homes_by_name in_order_;  ///< so that list() never walks a million topics
    epoch_source epochs_;
    ring_list<topic_home, by_quiet> quiet_;        ///< the longest quiet first
    ring_list<topic_keep, by_last_publish> logs_;  ///< the longest unpublished first
    ring_list<topic_keep, by_disuse> unused_;      ///< the longest unused first
    std::size_t refusals_seen_ = 0;
    std::set<std::pair<nanoseconds, topic_keep*>> due_;
    std::deque<news> news_;
    std::uint32_t policies_as_of_ = 1;
    std::optional<std::string> reviewed_to_;  ///< while policies are being looked up again
    std::size_t bytes_ = 0;
    std::size_t reserved_ = 0;  ///< between reserve() and store()
    bool log_has_room_ = false;
    std::int64_t oldest_told_ = memory_broker_shared::no_log;
    mono_time last_tick_ = never;
    nanoseconds clock_{0};  ///< time between ticks, summed: runs from 0, whatever mono_time is
};

}  // namespace weir
