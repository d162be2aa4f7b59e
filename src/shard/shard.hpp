#pragma once

#include "shard/public_listener.hpp"
#include "shard/registry.hpp"

#include <weir/async/mailbox.hpp>
#include <weir/async/task_group.hpp>
#include <weir/async/timing_wheel.hpp>
#include <weir/base/observer.hpp>
#include <weir/message/dialect.hpp>
#include <weir/session/directory.hpp>
#include <weir/session/session.hpp>
#include <weir/shard/settings.hpp>
#include <weir/topic/memory_broker.hpp>
#include <weir/topic/topic_index.hpp>
#include <weir/transport/turn.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <variant>
#include <vector>

namespace weir {

/// What all shards of a process have in common. Outlives them.
struct shard_commons {
    explicit shard_commons(directory_limits limits) : people(limits) {}
    directory people;
    memory_broker_shared broker;
    std::vector<class shard*> shards;  ///< fixed before the first thread starts
    std::atomic<bool> accepting{true};
    std::atomic<std::uint64_t> next_connection{1};
};

/// One thread, one loop, one acceptor: its connections, sessions and topics live and die here and
/// need no locks. Others reach it by tell() only. Created and destroyed by the shard_set while no
/// thread runs.
class shard final : private broker_listener,
                    private topic_interest,
                    private broker_post,
                    private policy_source,
                    private wheel_entry {
public:
    /// Messages delivered in one turn before others get theirs (ADR 0002).
    static constexpr std::size_t deliveries_a_turn = 4096;
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
    void tell(errand e) { mail_.push(std::move(e)); }
    observer const& counted() const noexcept { return counts_; }

    // On the shard's thread from here on.
    unsigned index() const noexcept { return index_; }
    turn& loop() noexcept { return turn_; }
    observer& counts() noexcept { return counts_; }
    dialect& words() noexcept { return *words_; }
    session_environment& environment() noexcept { return environment_; }
    topic_index& index_of_topics() noexcept { return topics_; }
    registry& clients() noexcept { return clients_; }
    memory_broker const& home() const noexcept { return broker_; }
    live_settings const& live() const noexcept { return *live_; }
    shard_settings const& fixed() const noexcept { return settings_; }
    shard_commons& commons() noexcept { return commons_; }

    void adopt(arrival a);
    void opened(client& c);
    void retire(client& c, bool indexed);
    void publish(publication p, client_slot from, std::uint32_t ticket);
    /// For the server API; `done` is called on this thread.
    void publish_for_api(publication p, std::function<void(result<position>)> done);
    frame_ref encode(message const& m);

    void apply(live_settings_ptr live);
    void stop_accepting();
    /// Closes each of `share` of the clients at a time of its own within `spread`.
    std::uint64_t send_away(std::string const& reason, double share, milliseconds spread,
                            milliseconds deadline);
    /// Drops what is left and ends the loop.
    void stop();

private:
    using mail = std::variant<broker_mail, errand>;
    struct latency_probe;

    // broker_listener
    void on_attached(std::string_view topic, result<position> at) override;
    void on_published(publish_ticket ticket, result<position> at) override;
    void on_message(message_ptr m) override;
    void on_read(read_ticket ticket, result<log_page> page) override;
    void on_members(read_ticket ticket, result<presence_page> page) override;
    void on_presence(presence_change_ptr change) override;
    // policy_source
    topic_policy policy_of(std::string_view topic) const override;
    // topic_interest
    void attach(std::string_view topic) override { broker_.attach(topic); }
    void detach(std::string_view topic) override { broker_.detach(topic); }
    // broker_post
    void post(unsigned to, broker_mail m) override;
    std::size_t backlog(unsigned to) const override;
    // wheel_entry: the broker's second
    void on_deadline(mono_time at) override;

    void read_mail();
    bool work();
    void keep_ticking();
    boost::asio::awaitable<void> tick();
    void end_when_empty();

    unsigned index_;
    shard_settings const& settings_;
    shard_commons& commons_;
    live_settings_ptr live_;
    session_settings session_settings_;  ///< own copy: sessions point into it across reloads
    boost::asio::io_context io_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_;
    observer counts_;
    timing_wheel wheel_;
    turn turn_;
    mailbox<mail> mail_;
    std::unique_ptr<dialect> words_;
    session_environment environment_;
    topic_index topics_;
    memory_broker broker_;
    std::unique_ptr<latency_probe> probe_;
    registry clients_;
    std::unordered_map<publish_ticket, std::function<void(result<position>)>> api_publishes_;
    publish_ticket next_api_ticket_;
    task_group tasks_;
    boost::asio::steady_timer ticker_;
    public_listener listener_;
    std::thread thread_;
    bool ticking_ = false;
    bool stopping_ = false;
    bool ended_ = false;
};

}  // namespace weir
