#pragma once

#include "bench/figures.hpp"
#include "bench/history_checker.hpp"
#include "bench/link_set.hpp"

#include <weir/base/dice.hpp>
#include <weir/client/resuming_client.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <string>
#include <vector>

namespace weir::bench {

/// Many resuming clients on one thread, some of them publishers, and a checker that sees what they
/// see. Made, run and destroyed on one thread.
class fleet final : private link_listener {
public:
    using clock = std::chrono::steady_clock;
    /// How a topic is published to.
    struct topic_traits {
        std::uint32_t keys = 0;  ///< so many keys; 0: without key
        bool state = false;      ///< it has a state: `sync` answers, and null removes a key
        bool presence = false;
    };
    struct settings {
        std::uint16_t port = 0;
        std::uint8_t block = 1;  ///< of source addresses
        std::vector<std::string> topics;
        std::vector<std::vector<std::uint32_t>> seats;  ///< of each client its topics
        std::size_t publishers = 0;                     ///< the first so many clients publish, …
        std::vector<std::uint32_t> published;           ///< … to these topics by chance, …
        double rate = 1;                                ///< … so often a second each
        std::size_t payload_bytes = 200;
        /// Where the numbers of its publishes begin: an earlier fleet may have left a state behind.
        std::uint64_t published_before = 0;
        std::size_t unanswered_max = 64;  ///< of a publisher; he waits then
        std::size_t greeting_max = 500;   ///< handshakes under way at once
        milliseconds heartbeat{2000};
        bool epochs_change = false;
        std::uint64_t seed = 0;
        std::vector<topic_traits> traits = {};  ///< of each topic; empty: none has any
        std::vector<std::string> tokens = {};   ///< of each client; empty: anonymous
        /// JSON members of each client's subscribes, by slot.
        std::vector<std::vector<std::string>> options = {};
        double echo_off = 0;     ///< part of the publishes with `"echo":false`
        double is_volatile = 0;  ///< part of the publishes with `"volatile":true`
        double removals = 0;     ///< part of the publishes to a state that remove their key
        bool rewind = false;     ///< resume with less than what was handled
        milliseconds resume_window{0};
    };

    explicit fleet(settings s);
    fleet(fleet const&) = delete;
    fleet& operator=(fleet const&) = delete;
    ~fleet();

    std::size_t size() const noexcept { return members_.size(); }
    history_checker& checker() noexcept;

    /// Lets everything happen until `done`, which is asked every few milliseconds, or the deadline.
    /// False: the deadline.
    bool run_until(std::function<bool()> const& done, clock::time_point deadline);
    void run_for(milliseconds time);

    void let_publish(bool on) noexcept { publishing_ = on; }
    /// All are connected and subscribed.
    bool all_open() const;
    std::size_t open_now() const;
    /// All are open, nothing is unanswered, and all have everything. Only while nobody publishes.
    bool settled() const;
    /// Why it is not, for people.
    std::string unsettled() const;
    /// Shuts the sockets of all that are connected, as a network would. Answers how many.
    std::size_t break_off_all();
    /// A client by chance replaces the options of one of its subscriptions by those that `choose`
    /// says for the topic.
    void replace_options(std::function<std::string(std::uint32_t topic)> const& choose);
    /// Asks `sync` for every topic with a state, and compares. Only when all is settled. False: not
    /// every answer came.
    bool compare_states(clock::time_point deadline);
    /// One by chance drops its connection and stays away so long.
    void send_away(milliseconds time);
    /// Ends all sessions with 1000 and waits until the connections are closed.
    void finish();

    /// Delivery latencies go here from now on; null: nowhere. Any thread.
    void measure(latencies* where) noexcept { measured_.store(where); }

private:
    class timed_checker;
    struct member;
    struct due_entry {
        mono_time at;
        std::uint32_t index;
        bool publish;
        bool operator>(due_entry const& o) const noexcept { return at > o.at; }
    };

    void on_opened(std::size_t index) override;
    void on_text(std::size_t index, std::string_view text) override;
    void on_lost(std::size_t index, ending const& how) override;
    void turn();
    void fire(due_entry const& e, mono_time now);
    void begin_greetings(mono_time now);
    void publish(std::uint32_t index, mono_time now);
    void ask_state(std::uint32_t topic, std::string const& since);
    void on_answer(std::string_view id, std::string_view payload);
    /// After anything was told to a client.
    void touched(std::size_t index);

    settings settings_;
    std::unique_ptr<timed_checker> checker_;
    std::unique_ptr<link_set> links_;
    std::vector<std::unique_ptr<member>> members_;
    std::priority_queue<due_entry, std::vector<due_entry>, std::greater<>> due_;
    std::queue<std::uint32_t> waiting_;  ///< would connect
    std::size_t greeting_ = 0;
    bool publishing_ = false;
    dice chance_;
    std::atomic<latencies*> measured_ = nullptr;
    mono_time trimmed_{};
    std::map<std::uint32_t, std::map<std::string, std::uint64_t>> states_;  ///< as `sync` answers
    std::size_t states_due_ = 0;
    std::uint64_t asked_ = 0;
};

}  // namespace weir::bench
