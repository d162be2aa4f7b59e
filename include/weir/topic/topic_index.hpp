#pragma once

#include <weir/base/error.hpp>
#include <weir/base/memory_meter.hpp>
#include <weir/message/events.hpp>
#include <weir/message/message.hpp>
#include <weir/topic/name_hash.hpp>
#include <weir/topic/policy.hpp>
#include <weir/topic/topic_tail.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace weir {

class topic_entry;
class delivery;
class presence_delivery;

/// Somebody who follows topics on this shard. Owned elsewhere; leaves every topic before it dies.
/// No call may destroy a subscriber or make it join or leave from inside these, except that
/// leave(), hold() and use_tail() of the topic being delivered are allowed in `deliver`.
class subscriber {
public:
    /// One message of a topic that was joined. Pushes a reference; never blocks or throws.
    virtual void deliver(delivery& d) = 0;
    /// The topic answered: from here on messages with offsets above `at->offset` come.
    /// A fault: the subscription is gone, and is not left. May come from inside join().
    virtual void joined(topic_entry& topic, result<position> const& at) = 0;
    /// A change in the presence of a topic that is watched. Like deliver().
    virtual void presence_changed(topic_entry& topic, presence_delivery& d) = 0;
    /// The subscription's slot has another number now.
    virtual void moved(topic_entry& topic, std::uint32_t from, std::uint32_t to) = 0;

protected:
    ~subscriber() = default;
};

/// What the index asks of the broker. Order of calls is order of effect.
class topic_interest : public policy_source {
public:
    virtual void attach(std::string_view topic) = 0;
    virtual void detach(std::string_view topic) = 0;

protected:
    ~topic_interest() = default;
};

/// One topic on one shard: its subscribers in a flat array, and where the shard is in its order.
/// Owned by the index. Lives at least while somebody is subscribed.
class topic_entry final : public counted_object<memory_kind::topics> {
public:
    std::string_view name() const noexcept { return name_; }
    std::size_t subscribers() const noexcept { return live_; }
    bool attached() const noexcept { return attached_; }
    /// The newest message this shard was given; new subscribers start behind it.
    position const& tail() const noexcept { return tail_; }

private:
    friend class topic_index;
    static constexpr std::uint64_t not_yet = ~std::uint64_t{0};
    static constexpr std::uint64_t on_hold = not_yet - 1;
    /// Waits for the broker's answer, or stands empty: `after` is not_yet, above every offset, as
    /// is on_hold.
    struct slot {
        subscriber* who = nullptr;      ///< null: left, removed when no fan-out is under way
        std::uint64_t after = not_yet;  ///< gets offsets above this
    };
    /// A slot number with this bit is one in held_.
    static constexpr std::uint32_t held_bit = std::uint32_t{1} << 31;
    std::string name_;
    std::vector<slot> slots_;              ///< what a fan-out walks
    std::vector<subscriber*> held_;        ///< on hold: out of its way; null: left
    std::unique_ptr<topic_tail> tail_of_;  ///< while somebody uses it
    std::uint32_t tail_users_ = 0;
    std::uint32_t to_hold_ = 0;      ///< slots that go to held_ when no fan-out is under way
    std::uint64_t begun_ = 0;        ///< the newest message whose fan-out has begun
    std::uint32_t live_ = 0;         ///< slots with a subscriber, held or not
    std::uint32_t jobs_ = 0;         ///< fan-outs under way; slots keep their numbers meanwhile
    std::uint32_t answers_due_ = 0;  ///< attach calls not answered yet; only the last one counts
    std::uint32_t life_ = 0;         ///< counts detachments: a fan-out of an earlier life is void
    bool wanted_ = false;            ///< attach was called, and neither refused nor taken back
    bool attached_ = false;          ///< wanted, and answered
    position tail_;
    std::uint32_t generation_ = 0;  ///< of the policy
    topic_policy policy_;
    struct watcher_list {
        std::vector<subscriber*> all;  ///< null: left, removed when no fan-out is under way
        std::unordered_map<subscriber*, std::uint32_t> places;
    };
    std::unique_ptr<watcher_list> watchers_;  ///< of its presence, from the first one
};

/// A message on its way through a shard's subscribers. Carries whatever the receiver made of it
/// once for all of them (encoded frames), through `cache`.
class delivery {
public:
    delivery(topic_entry& topic, message_ptr m) : topic_(&topic), message_(std::move(m)) {}
    topic_entry& topic() const noexcept { return *topic_; }
    message const& what() const noexcept { return *message_; }
    message_ptr const& shared() const noexcept { return message_; }
    /// Owned by the receiver's side: one shared slot, made at first need.
    std::shared_ptr<void> cache;

private:
    topic_entry* topic_;
    message_ptr message_;
};

/// The same for a change of presence.
class presence_delivery {
public:
    explicit presence_delivery(presence_change_ptr c) : change_(std::move(c)) {}
    presence_change const& what() const noexcept { return *change_; }
    std::shared_ptr<void> cache;

private:
    presence_change_ptr change_;
};

/// A shard's topics and their subscribers, and the queue of fan-outs in progress. Single-threaded.
///
/// Attaches a topic for its first subscriber and detaches it after the last. Messages are fanned
/// out in the order they came, each to those who had joined before it and are still there; those of
/// one topic that wait in a row go side by side, all of them to one subscriber before the next.
/// The broker may answer from inside join().
class topic_index {
public:
    explicit topic_index(topic_interest& broker);
    topic_index(topic_index const&) = delete;
    topic_index& operator=(topic_index const&) = delete;
    ~topic_index();

    /// The slot number of the new subscription. `joined` is called at once when the shard is
    /// already attached, later otherwise. The subscriber must not be in the topic yet.
    /// No entry: the broker refused at once, and `joined` has said so. Not `live`: it is on hold
    /// from the start.
    std::pair<topic_entry*, std::uint32_t> join(std::string_view topic, subscriber& who,
                                                bool live = true);
    void leave(topic_entry& topic, std::uint32_t slot);

    /// Nothing is delivered to that subscription until go_live(), and it costs a fan-out nothing:
    /// then what has a higher offset than `after`. Not from inside a delivery: go_live().
    void hold(topic_entry& topic, std::uint32_t slot);
    void go_live(topic_entry& topic, std::uint32_t slot, std::uint64_t after);

    /// The topic has a tail while it is used: of all messages whose fan-out begins from now on, and
    /// those of the fan-out under way. Its bounds are the ones last set.
    void use_tail(topic_entry& topic);
    static void release_tail(topic_entry& topic) noexcept;
    static topic_tail const* tail_of(topic_entry const& topic) noexcept {
        return topic.tail_of_.get();
    }
    void set_tail_bounds(topic_tail::bounds const& b) noexcept { tail_bounds_ = b; }

    topic_policy const& policy(topic_entry& topic) const;
    /// Policies are to be asked for again.
    void policies_changed() noexcept { ++generation_; }

    /// That subscriber is told of changes in the topic's presence that come from here on; once
    /// each.
    static void watch(topic_entry& topic, subscriber& who);
    static void unwatch(topic_entry& topic, subscriber& who) noexcept;
    /// Queues it for the topic's watchers.
    void on_presence(presence_change_ptr change);

    /// Null where nobody is subscribed.
    topic_entry* find(std::string_view topic) noexcept;

    /// From the broker. Answers everybody who waits for the topic.
    void on_attached(std::string_view topic, result<position> at);
    /// From the broker. Queues a fan-out; ignored where nobody is attached (a late message).
    void on_message(message_ptr m);

    /// Delivers at most `budget` messages (one to one subscriber is one). True: more waits.
    /// Slots that are passed over count like deliveries, so a call's time is bounded. Changes of
    /// presence have a quarter of the budget first, so that neither kind waits for all of the
    /// other.
    bool fan_out(std::size_t budget);
    bool idle() const noexcept;
    /// Messages whose fan-out waits or is under way.
    std::size_t backlog() const noexcept;
    std::size_t backlog_bytes() const noexcept;  ///< theirs, by stored_bytes()

    /// Entries held: those with subscribers, and for a moment those just left.
    std::size_t topics() const noexcept;
    std::size_t subscriptions() const noexcept;
    template <class F>
    void for_each(F&& f) const {
        for (auto const& [name, entry] : topics_) f(*entry);
    }

private:
    struct job;
    struct queue;
    topic_entry& entry_of(std::string_view topic);
    static void pin(topic_entry& topic) noexcept { ++topic.jobs_; }
    void let_go(topic_entry& topic);
    std::size_t tell_watchers(std::size_t budget);
    static void compact_watchers(topic_entry& topic) noexcept;
    std::size_t advance_run(topic_entry& topic, std::size_t budget);
    void settle(topic_entry& topic);
    void begin_run();
    static void take_slot(topic_entry& topic, std::uint32_t slot);
    static void take_held(topic_entry& topic, std::uint32_t slot);
    static void set_aside(topic_entry& topic);
    static void compact(topic_entry& topic);
    static void compact_held(topic_entry& topic);
    static void accept(topic_entry& topic, result<position> const& at);
    void refuse(topic_entry& topic, result<position> const& why);

    topic_interest& broker_;
    std::unordered_map<std::string_view, std::unique_ptr<topic_entry>, name_hash> topics_;
    std::unique_ptr<queue> queue_;
    topic_tail::bounds tail_bounds_;
    std::size_t subscriptions_ = 0;
    std::uint32_t generation_ = 1;
};

}  // namespace weir
