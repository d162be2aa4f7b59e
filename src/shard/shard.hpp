#pragma once

#include "shard/encoded_message.hpp"
#include "shard/frame_cache.hpp"
#include "shard/memory_relief.hpp"
#include "shard/parting.hpp"
#include "shard/public_listener.hpp"
#include "shard/registry.hpp"
#include "shard/session_address.hpp"

#include <weir/async/mailbox.hpp>
#include <weir/async/task_group.hpp>
#include <weir/async/timing_wheel.hpp>
#include <weir/base/observer.hpp>
#include <weir/message/dialect.hpp>
#include <weir/session/detached_sessions.hpp>
#include <weir/session/directory.hpp>
#include <weir/session/session.hpp>
#include <weir/shard/settings.hpp>
#include <weir/topic/broker_family.hpp>
#include <weir/topic/topic_index.hpp>
#include <weir/transport/turn.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

namespace weir {

/// What all shards of a process have in common. Outlives them.
struct shard_commons {
    shard_commons(directory_limits limits, detached_limits detached_bounds,
                  std::unique_ptr<broker_family> family)
        : directory(limits), detached(detached_bounds), brokers(std::move(family)) {}
    weir::directory directory;
    detached_sessions detached;
    session_addresses addresses;
    std::unique_ptr<broker_family> brokers;
    std::vector<class shard*> shards;  ///< fixed before the first thread starts
    std::atomic<bool> accepting{true};
    std::atomic<std::uint64_t> next_connection{1};
};

/// One thread, one loop, one acceptor: its connections, sessions and topics live and die here and
/// need no locks. Others reach it by tell() only. Created and destroyed by the shard_set while no
/// thread runs.
class shard final : private broker_listener, private topic_interest, private wheel_entry {
public:
    /// Messages delivered in one turn before others get theirs (ADR 0002).
    static constexpr std::size_t deliveries_a_turn = 4096;
    /// Mails of other shards' brokers, and errands, that are dealt with before others get theirs.
    static constexpr std::size_t mails_a_turn = 1024;
    static constexpr std::size_t errands_a_turn = 512;
    static constexpr milliseconds wheel_grain{100};

    shard(unsigned index, shard_settings const& settings, shard_commons& commons,
          live_settings_ptr live);
    ~shard();

    // Before and after the thread.
    result<std::uint16_t> listen(std::uint16_t port);
    void run();  ///< starts the thread
    void join();

    // From any thread.
    using errand = std::function<void(shard&)>;
    void tell(errand e) { errands_.push(std::move(e)); }
    observer const& counted() const noexcept { return counts_; }

    // On the shard's thread from here on.
    unsigned index() const noexcept { return index_; }
    weir::turn& turn() noexcept { return turn_; }
    observer& counts() noexcept { return counts_; }
    session_environment& environment() noexcept { return environment_; }
    topic_index& index_of_topics() noexcept { return topics_; }
    std::uint64_t subscribers_of(std::string_view topic) {
        auto const* const entry = topics_.find(topic);
        return entry == nullptr ? 0 : entry->subscribers();
    }
    registry& clients() noexcept { return clients_; }
    weir::broker& broker() noexcept { return *broker_; }
    live_settings const& live() const noexcept { return *live_; }
    shard_settings const& fixed() const noexcept { return settings_; }
    shard_commons& commons() noexcept { return commons_; }

    /// How full an outbox is, in bytes: below `low` what was held back goes on, up to `middle` it
    /// is filled again, above `high` a subscription with a log lags, `full` is the bound.
    struct outbox_marks {
        std::size_t low = 0, middle = 0, high = 0, full = 0;
    };
    outbox_marks const& marks() const noexcept { return marks_; }

    void adopt(arrival a);
    session_id new_session(client_slot slot) const;
    void opened(client& c);
    /// The session has ended.
    void retire(client& c);
    /// A transport has told of its end, and dies from a post.
    void connection_ended(transport_kind kind) noexcept;
    void discard(std::unique_ptr<transport> t);
    void discard(parting& p);
    /// From a post, for what may not happen inside the call that found out.
    void end_later(client_slot slot);
    void leave_later(client_slot slot);

    // Resuming (shard_resume.cpp).
    void detached(client& c);
    void attached(client& c);
    /// The connection of that client wants a session of shard `to`.
    void send_on(client_slot slot, unsigned to);
    void receive(arrival a);
    /// `by`: the client that has it now.
    resume_result take_over(arrival& a, command const& hello, client*& by);
    /// A connection whose session was taken over by another.
    void part_with(std::unique_ptr<transport> t, directory::units place);
    void evict(session_id const& session);
    void evict_anywhere(session_id const& session);  ///< on whatever shard it is
    /// The session, with a connection or without; null: none of that name here.
    client* find_session(session_id const& id) noexcept;
    template <class F>
    std::uint64_t for_target(session_target const& t, F&& f) {
        if (!t.user.empty()) return clients_.for_user(t.user, std::forward<F>(f));
        client* const c = find_session(t.session);
        if (c == nullptr) return 0;
        f(*c);
        return 1;
    }

    // When memory is short.
    memory_relief& relief() noexcept { return relief_; }
    /// Frees what can be made or read again. False: there was nothing.
    bool shrink_tails();

    // For clients that are fed.
    void want_feed(client_slot slot);
    void read(log_query q, client_slot from, std::uint32_t ticket);
    void members(std::string_view topic, std::uint32_t max, client_slot from, std::uint32_t ticket);
    void enter(std::string_view topic, std::string_view user);
    void exit(std::string_view topic, std::string_view user);
    /// Of a message that was read from a log.
    frame_ref frame_of(message_ptr const& m, dialect_id in);

    void publish(publication p, client_slot from, std::uint32_t ticket);
    /// For the server API; `done` is called on this thread.
    void publish_for_api(publication p, std::function<void(result<position>)> done);
    /// Encoded once for each dialect; `cache` is that message's.
    frame_ref const& frame_of(message const& m, encoded_message& cache, dialect_id in);
    frame_ref const& frame_of(presence_change const& c, encoded_message& cache, dialect_id in);

    void apply(live_settings_ptr live);
    /// Once every shard has applied new rules. Until then nobody is counted as present.
    void review_presence();
    bool counting_waits() const noexcept { return counting_waits_; }
    void stop_accepting();
    bool is_leaving() const noexcept { return departure_.has_value(); }
    void tell_departure(client& c);
    /// Closes each of `share` of the clients at a time of its own within `spread`.
    std::uint64_t send_away(std::string const& reason, double share, milliseconds spread,
                            milliseconds deadline);
    /// Drops what is left and ends the loop.
    void stop();

private:
    struct latency_probe;
    class resuming;

    // broker_listener
    void on_attached(std::string_view topic, result<position> at) override;
    void on_published(publish_ticket ticket, result<position> at) override;
    void on_message(message_ptr m) override;
    void on_read(read_ticket ticket, result<log_page> page) override;
    void on_members(read_ticket ticket, result<presence_page> page) override;
    void on_presence(presence_change_ptr change) override;
    topic_policy policy_of(std::string_view topic) const override;
    // topic_interest
    void attach(std::string_view topic) override;
    void detach(std::string_view topic) override;
    // wheel_entry: the broker's second
    void on_deadline(mono_time at) override;

    std::unique_ptr<weir::broker> make_broker();
    void run_errands();
    void report_backlog() noexcept;
    frame_ref encode(message const& m, dialect_id in);
    bool work();
    bool feed_clients();
    void keep_ticking();
    boost::asio::awaitable<void> tick();
    void end_when_empty();

    unsigned index_;
    shard_settings const& settings_;
    shard_commons& commons_;
    live_settings_ptr live_;
    bool counting_waits_ = false;
    session_settings session_settings_;  ///< own copy: sessions point into it across reloads
    boost::asio::io_context io_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_;
    observer counts_;
    timing_wheel wheel_;
    weir::turn turn_;
    mailbox<errand> errands_;
    std::vector<std::unique_ptr<weir::dialect>> dialects_;
    rule_authority authority_;
    session_environment environment_;
    topic_index topics_;
    fan_out_backlog backlog_;
    std::unique_ptr<weir::broker> broker_;
    std::unique_ptr<latency_probe> probe_;
    registry clients_;
    outbox_marks marks_;
    frame_cache frames_;
    memory_relief relief_{*this};
    std::vector<client_slot> hungry_;
    std::vector<std::unique_ptr<parting>> parting_;
    std::unordered_map<publish_ticket, std::function<void(result<position>)>> api_publishes_;
    publish_ticket next_api_ticket_;
    task_group tasks_;
    boost::asio::steady_timer ticker_;
    public_listener listener_;
    std::thread thread_;
    /// Set while the process drains: what connections that come late are told.
    struct departure {
        std::string reason;
        mono_time ends;      ///< the last one is closed then
        mono_time deadline;  ///< the process is gone then
    };
    std::optional<departure> departure_;
    bool ticking_ = false;
    bool reading_mail_ = false;
    bool stopping_ = false;
    bool ended_ = false;
};

}  // namespace weir
