#pragma once

#include <weir/base/clock.hpp>
#include <weir/base/observer.hpp>
#include <weir/message/events.hpp>
#include <weir/message/message.hpp>
#include <weir/session/conflated_messages.hpp>
#include <weir/session/session.hpp>
#include <weir/topic/broker.hpp>
#include <weir/topic/policy.hpp>
#include <weir/topic/topic_tail.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace weir {

/// What one subscription asks of its surroundings, and knows of them. Done at once; none of it
/// calls back into the feed, except that read() may bring its page from inside: after read() a
/// feed touches nothing any more.
class feed_port {
public:
    /// How full the outbox is, in bytes: up to `middle` it is filled from logs and tails, above
    /// `high` a subscription to a topic with history falls behind, `low` is the bound of what
    /// `drop_oldest` queues.
    struct outbox {
        bool attached = false;  ///< there is a connection that takes frames
        std::size_t filled = 0, low = 0, middle = 0, high = 0;
        bool has_room() const noexcept { return attached && filled < middle; }
        std::size_t room() const noexcept { return filled < middle ? middle - filled : 0; }
    };
    virtual outbox level() const = 0;
    virtual mono_time time() const = 0;
    virtual topic_policy const& policy() const = 0;
    /// `echo: false` and the like: the live message is not for this session.
    virtual bool excluded(session_id const& whom) const = 0;
    /// False: more would wait by key for the session than may.
    virtual bool may_wait(std::size_t bytes) const = 0;

    // Into the outbox. False: it is full.
    virtual bool push(message_ptr const& m) = 0;
    virtual bool push_gap(loss const& what) = 0;
    virtual bool push_position(position const& at) = 0;

    virtual void answer(join_answer const& a) = 0;
    /// The subscription cannot begin; the feed is gone when this returns.
    virtual void refuse(fault const& why) = 0;
    /// Answered by subscription_feed::on_page().
    virtual void read(log_query q) = 0;

    // The place in the topic index.
    virtual void hold() = 0;                        ///< no on_message() until go_live()
    virtual void go_live(std::uint64_t after) = 0;  ///< what has a higher offset
    virtual void use_tail() = 0;
    virtual void release_tail() = 0;
    virtual topic_tail const* tail() const = 0;

    virtual void want_work() = 0;              ///< work() as soon as there is room
    virtual void wake_at(mono_time when) = 0;  ///< work() then
    virtual void close_slow() = 0;
    virtual void dropped(drop_reason why, std::uint64_t count) = 0;
    virtual void lags(bool) = 0;  ///< it fell behind; it has caught up

protected:
    ~feed_port() = default;
};

/// Decides what one subscription gets next (ADR 0012). Pure: facts in, requests to a port out.
///
/// A subscription is *live* (the topic index delivers), or *behind*: a position in the topic's log,
/// or in the shard's tail where there is no history, from which it is fed as the outbox has room.
/// A paced or conflating one passes what it gets through `conflated_messages`. A subscription that
/// is simply live needs no feed at all: a feed that is idle() may be destroyed.
class subscription_feed {
public:
    /// Of one read of a log: enough to fill an outbox quickly, little enough to give others their
    /// turn.
    static constexpr std::uint32_t page_messages = 256;
    /// Of the newest messages that a subscription may begin with.
    static constexpr std::uint32_t last_max = 1000;
    /// A client may not ask for fewer messages than one of each key in this time.
    static constexpr seconds interval_max{60};
    /// A position is told no more often than this.
    static constexpr seconds position_interval{1};

    /// It begins with some of the past; it is on hold in the topic index.
    void begin_with(subscribe_options const& wish);
    /// The topic index answered; the subscription is attached.
    void joined(feed_port& port, position const& at);
    /// At most so many a second and key; 0: no bound. By the rule or by the client, also anew.
    void set_rate(feed_port& port, double rate);

    void on_message(feed_port& port, message_ptr const& m);
    void on_page(feed_port& port, result<log_page>&& page);
    /// The session has a connection (again).
    void on_attached(feed_port& port);
    /// A presence change was not passed on.
    void miss_presence(bool attached);
    bool missed_presence() const noexcept { return missed_presence_; }

    /// There is room, or a time has come: goes on, about `budget` messages. Answers how many.
    std::size_t work(feed_port& port, std::size_t budget);

    bool answered() const noexcept { return !start_; }
    bool behind() const noexcept { return behind_; }
    bool in_tail() const noexcept { return in_tail_; }
    bool paces() const noexcept { return pacer_ && pacer_->interval().count() != 0; }
    /// Offsets may jump, and order holds by key.
    bool conflates(topic_policy const& p) const noexcept { return pacer_ != nullptr || by_rule(p); }
    static bool by_rule(topic_policy const& p) noexcept {
        return p.slow == slow_policy::conflate && !p.history.kept();
    }
    /// Waiting by key.
    std::size_t bytes() const noexcept { return pacer_ ? pacer_->bytes() : 0; }
    bool idle() const noexcept {
        return !behind_ && !start_ && !stage_ && !reading_ && losses_.empty() &&
               !missed_presence_ && !paces() && (!pacer_ || pacer_->empty());
    }

private:
    /// What was asked for of the past, until it is answered.
    struct beginning {
        subscribe_options wish;
        bool of_state = false;  ///< the log was not enough: the state is read
        std::optional<receipt> what{};
    };
    /// What is read of a state and not sent yet.
    struct state_stage {
        position after;          ///< all up to it is sent
        std::uint64_t upto = 0;  ///< what is newer comes from the log or the tail
        std::vector<message_ptr> page;
        std::size_t next = 0;
        bool more = true;
        std::optional<loss> gap;  ///< for which the state stands, and of which it may not have all
    };

    void fall_behind(feed_port& port, message const& m);
    bool take(feed_port& port, message_ptr const& m);
    bool keep(feed_port& port, message_ptr const& m);
    void lose(loss const& what);
    bool push_losses(feed_port& port);
    void send_due(feed_port& port);
    void arm(feed_port& port);
    void note_position(feed_port& port);
    void tell_position(feed_port& port);
    void catch_up(feed_port& port, std::uint64_t head);

    // subscription_past.cpp: how it begins, and the state
    void first_page(feed_port& port, log_page&& page);
    void begin_state(feed_port& port, log_page&& page);
    void read_state(feed_port& port);
    bool work_state(feed_port& port, std::size_t budget, std::size_t& done);
    // and the log and the tail
    void read_log(feed_port& port);
    void take_page(feed_port& port, log_page const& page, bool tells);
    bool work_tail(feed_port& port, std::size_t budget, std::size_t& done);
    bool pass_trimmed(feed_port& port, topic_tail const& tail);
    gap_reason reason_at(std::uint64_t offset) const noexcept {
        return offset <= away_to_ ? gap_reason::detached : gap_reason::slow;
    }

    position place_{};           ///< all up to it was taken
    std::uint64_t away_to_ = 0;  ///< up to here it was detached
    std::uint64_t told_ = 0;     ///< the position that the client knows, of a paced one
    mono_time position_due_ = never;
    std::unique_ptr<beginning> start_;  ///< until it is answered
    std::unique_ptr<state_stage> stage_;
    std::unique_ptr<conflated_messages> pacer_;
    std::vector<loss> losses_;  ///< to be told before anything else
    bool behind_ = false;
    bool in_tail_ = false;
    bool reading_ = false;
    bool missed_presence_ = false;
    gap_reason missed_why_ = gap_reason::slow;
};

}  // namespace weir
