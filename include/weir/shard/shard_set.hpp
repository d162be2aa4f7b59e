#pragma once

#include <weir/base/error.hpp>
#include <weir/base/observer.hpp>
#include <weir/shard/facts.hpp>
#include <weir/shard/settings.hpp>
#include <weir/topic/broker.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

/// All shards of a process: starts and stops their threads, and is how the control thread (server
/// API, signals, metrics) reaches them. Used on the control thread only; every question travels
/// through mailboxes and its answer comes back to `control`.
class shard_set {
public:
    shard_set(boost::asio::any_io_executor control, shard_settings settings,
              live_settings_ptr live);
    shard_set(shard_set const&) = delete;
    shard_set& operator=(shard_set const&) = delete;
    /// Stops at once what still runs and joins the threads.
    ~shard_set();

    /// Binds every shard's listener, then starts the threads. The fault is a sentence for a person.
    result<void> start();
    std::uint16_t port() const noexcept;

    void apply(live_settings_ptr live);

    /// The counters of every shard, for the exporter; they live as long as this.
    std::vector<observer const*> observers() const;
    std::size_t connections() const noexcept;
    /// True while handshakes are refused for want of memory.
    bool short_of_memory() noexcept;
    /// False while draining.
    bool accepting() const noexcept;

    boost::asio::awaitable<result<position>> publish(publication p);
    /// Answers: how many sessions it was given to.
    boost::asio::awaitable<std::uint64_t> send(session_target to, std::string event,
                                               std::string payload);
    boost::asio::awaitable<std::uint64_t> disconnect(session_target whom, close_reason why,
                                                     std::string text);
    boost::asio::awaitable<std::uint64_t> subscribe(session_target whom, std::string topic);
    boost::asio::awaitable<std::uint64_t> unsubscribe(session_target whom, std::string topic);

    /// What the broker knows (broker_admin); a fault means that it cannot say now. Up to `max`
    /// topics after the name `after`, in name order.
    boost::asio::awaitable<result<std::vector<topic_facts>>> topics(std::string after,
                                                                    std::size_t max);
    /// This and the next ones answer nothing when the topic does not exist.
    boost::asio::awaitable<result<std::optional<topic_facts>>> topic(std::string name);
    boost::asio::awaitable<result<std::optional<log_page>>> read(log_query q);
    boost::asio::awaitable<result<std::optional<presence_page>>> members(std::string topic,
                                                                         std::uint32_t max);
    /// Removes what is kept, the order goes on. False: there was nothing.
    boost::asio::awaitable<result<std::optional<bool>>> clear_history(std::string topic);
    boost::asio::awaitable<result<std::optional<bool>>> clear_state(std::string topic);
    /// Up to `max` connections with ids above `after`, in the order of ids; `user` empty: all.
    boost::asio::awaitable<std::vector<connection_facts>> connections(std::uint64_t after,
                                                                      std::size_t max,
                                                                      std::string user);
    boost::asio::awaitable<std::optional<connection_facts>> connection(session_id session);

    struct leave_plan {
        std::string reason;        ///< of the goaway: "drain" or "shed"
        double share = 1.0;        ///< of the clients, taken at random
        milliseconds spread{0};    ///< closes are spread evenly over this
        milliseconds deadline{0};  ///< told to clients; not below spread
    };
    /// Sends goaway to `share` of the clients, each with a reconnect time of its own, and closes
    /// each with 4200 at that time. Answers at once with how many.
    boost::asio::awaitable<std::uint64_t> send_away(leave_plan plan);
    /// Stops accepting, for good.
    void stop_accepting();
    /// Completes when no connection is left or at the deadline; then closes what remains and ends
    /// the loops.
    boost::asio::awaitable<void> finish(mono_time deadline);

private:
    struct state;
    std::unique_ptr<state> state_;
};

}  // namespace weir
