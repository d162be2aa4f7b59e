#pragma once

#include "bench/figures.hpp"
#include "bench/load_engine.hpp"
#include "bench/measured_server.hpp"

#include <weir/bench/bench.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace weir::bench {

/// One of the two servers of a paired measurement, with its own clients.
class side {
public:
    virtual ~side() = default;
    /// Makes every subscriber get `count` messages; nothing else is counted.
    virtual void send_round(std::size_t count) = 0;

    measured_server const& server() const noexcept { return *server_; }
    load_engine& load() noexcept { return *load_; }
    std::size_t subscribers() const noexcept { return subscribers_; }
    /// Runs turns of `burst` messages, each after the last was received everywhere.
    struct round {
        std::optional<double> cpu_microseconds;   ///< of the server, per delivery, if it is known
        std::optional<double> user_microseconds;  ///< of it in user space
        double per_second = 0;
    };
    round run(options const& o, double seconds, latencies& waits);

protected:
    /// Told of every numbered message of connection `index`.
    virtual void on_numbered(std::size_t /*index*/) {}
    std::unique_ptr<measured_server> server_;
    std::unique_ptr<load_engine> load_;
    std::size_t subscribers_ = 0;
    std::uint64_t received_ = 0;
    load_engine::clock::time_point sent_;
    latencies* waits_ = nullptr;
    void receive_from(load_engine& l);
};

/// The daemon: one publisher and its subscribers of one topic, and options::detached more sessions
/// that subscribed and were cut before.
class daemon_side final : public side {
public:
    explicit daemon_side(options const& o);
    /// Private memory before any session came, where it is known.
    std::optional<double> memory_at_start() const noexcept { return memory_at_start_; }
    void send_round(std::size_t count) override;

    /// What it runs with, for the report.
    /// `kept`: what topics keep, to follow in their rule.
    static std::string configuration(std::string const& more = {}, std::string const& kept = {});

private:
    void on_numbered(std::size_t index) override;
    void leave_detached(options const& o);
    void subscribe(load_engine& load, std::size_t first, std::string const& topic);
    std::optional<double> memory_at_start_;
    std::vector<std::string> burst_;
    std::string publish_;
    /// Of each connection, as a real client would: its numbered messages, for `received`.
    std::vector<std::uint64_t> counted_;
    std::uint64_t quarter_ = 0;  ///< of limits.replay_messages
};

/// The bare loop.
class limit_side final : public side {
public:
    explicit limit_side(options const& o);
    void send_round(std::size_t count) override;

private:
    std::size_t bytes_;
};

/// The round cost of each side and their ratio, over o.rounds in the order A B B A.
struct paired {
    series measured, user, yardstick, ratio, rate;
    latencies waits;
};
paired run_paired(side& measured, side* yardstick, options const& o);

}  // namespace weir::bench
