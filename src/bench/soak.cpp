#include "bench/child_process.hpp"
#include "bench/fleet.hpp"
#include "bench/process_figures.hpp"
#include "bench/verdict.hpp"

#include <weir/base/ids.hpp>
#include <weir/bench/bench.hpp>
#include <weir/bench/fault_plan.hpp>
#include <weir/bench/fault_proxy.hpp>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <stdexcept>
#include <thread>

namespace weir::bench {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

constexpr std::uint32_t long_topics = 8;   // a history that nobody falls out of
constexpr std::uint32_t short_topics = 4;  // one that the slow do fall out of
constexpr std::uint32_t live_topics = 4;   // none; the slow lose the oldest
constexpr auto patience = 90s;
constexpr std::size_t replay_messages = 256;

/// What a log keeps outlasts every absence, and no more: a daemon that is broken for an hour must
/// not look as if it leaked.
std::string kept_for(soak_options const& o) {
    return std::to_string(static_cast<int>(std::max(60.0, 4 * o.resume_window_seconds))) + "s";
}

std::string configuration(soak_options const& o) {
    bool const c = o.continuity;
    std::string yaml = "shards: " + std::to_string(o.shards) + "\nauth: {anonymous: true}\n";
    auto const topics = [&](std::string const& match, std::string const& more) {
        yaml += "  - {match: \"" + match + "\", subscribe: anyone, publish: anyone" +
                (c ? more : "") + "}\n";
    };
    yaml += "topics:\n";
    topics("soak.long.*", ", history: {messages: 20000, bytes: 16MiB, age: " + kept_for(o) + "}");
    topics("soak.short.*", ", history: {messages: 50, bytes: 1MiB, age: " + kept_for(o) + "}");
    topics("soak.live.*", ", slow: drop_oldest");
    if (c) {
        yaml += "session: {resume_window: " +
                std::to_string(static_cast<int>(o.resume_window_seconds * 1000)) +
                "ms, replay: {messages: " + std::to_string(replay_messages) +
                ", bytes: 256KiB},\n"
                "          detached: {per_ip: 10000, per_user: 10000, total: 100000}}\n";
    }
    return yaml +
           "heartbeat: {interval: 2s, timeout: 2s, min: 1s, max: 60s}\n"
           "limits: {messages_per_second: 100000, messages_per_second_per_user: 1000000,\n"
           "         handshakes_per_second: 100000, handshakes_per_ip_per_second: 10000,\n"
           "         connections_per_ip: 10000, message_bytes: 16KiB, outbox_bytes: 64KiB}\n"
           "log: {level: warn}\n";
}

fault_rates rates_of(soak_options const& o) {
    double const c = o.cuts;
    return {.cuts = c * 2 / 3,
            .resets = c / 3,
            .stalls = c / 4,
            .pauses = c / 4,
            .slow_readers = c / 4,
            .slices = c / 4,
            .latencies = c / 4,
            .refusals = std::min(c / 40, 0.1)};
}

class soak {
public:
    soak(soak_options const& o, std::uint64_t seed) : options_(o), seed_(seed), chance_(seed) {
        server_.start_daemon(o.binary, configuration(o), -1);
        plan_clients();
    }

    /// What the daemon needs once is no leak: everybody comes, publishes and goes.
    void warm_up() {
        fleet all(settings(server_.port()));
        open(all);
        all.let_publish(true);
        all.run_for(2s);
        all.let_publish(false);
        settle(all);
        all.finish();
        wait_for_descriptors(descriptors_of(server_.pid()) - options_.sessions);
        descriptors_ = descriptors_of(server_.pid());
        memory_ = resident_of(server_.pid());
    }

    bool run(report& out) {
        std::optional<fault_proxy> proxy;
        proxy.emplace(fault_proxy::settings{.server_port = server_.port(),
                                            .buffer_bytes = 16 * 1024,
                                            .receive_bytes = 16 * 1024,
                                            .seed = seed_});
        proxy->start();
        fleet all(settings(proxy->port()));
        open(all);
        all.let_publish(true);
        break_things(all, *proxy);
        progress("quiet: everybody catches up");
        all.let_publish(false);
        proxy->apply({.kind = disturbance_kind::admit});
        proxy->apply({.kind = disturbance_kind::heal});
        bool good = settle(all);
        all.checker().finish();
        all.finish();
        auto const passed = proxy->totals();
        proxy.reset();
        good = add_verdict(out, all.checker()) && good;
        out.add("connections through the proxy", static_cast<double>(passed.accepted), "");
        out.add("disturbances", static_cast<double>(passed.disturbances + away_), "");
        return compare_process(out) && good;
    }

private:
    void plan_clients() {
        for (std::uint32_t t = 0; t != long_topics; ++t) add_topic("soak.long.", t);
        for (std::uint32_t t = 0; t != short_topics; ++t) add_topic("soak.short.", t);
        for (std::uint32_t t = 0; t != live_topics; ++t) add_topic("soak.live.", t);
        for (std::size_t i = 0; i != options_.sessions; ++i) {
            auto const first = static_cast<std::uint32_t>(chance_.below(long_topics));
            auto const step = static_cast<std::uint32_t>(1 + chance_.below(long_topics - 1));
            auto const s = static_cast<std::uint32_t>(chance_.below(short_topics));
            auto const l = static_cast<std::uint32_t>(chance_.below(live_topics));
            seats_.push_back({first, (first + step) % long_topics, long_topics + s,
                              long_topics + short_topics + l});
        }
    }
    void add_topic(char const* prefix, std::uint32_t t) {
        published_.push_back(static_cast<std::uint32_t>(topics_.size()));
        topics_.push_back(prefix + std::to_string(t));
    }
    fleet::settings settings(std::uint16_t port) {
        return {.port = port,
                .block = 1,
                .topics = topics_,
                .seats = seats_,
                .publishers = std::min(options_.publishers, options_.sessions),
                .published = published_,
                .rate = options_.rate,
                .payload_bytes = options_.bytes,
                .epochs_change = !options_.continuity,
                .seed = chance_.roll()};
    }
    static void open(fleet& all) {
        if (!all.run_until([&] { return all.all_open(); }, clock::now() + patience)) {
            throw std::runtime_error("not all came: " + all.unsettled());
        }
    }
    static bool settle(fleet& all) {
        if (all.run_until([&] { return all.settled(); }, clock::now() + patience)) return true;
        std::fprintf(stderr, "FAULT when all was quiet, %s\n", all.unsettled().c_str());
        return false;
    }
    void break_things(fleet& all, fault_proxy& proxy);
    void wait_for_descriptors(std::size_t wanted) const {
        auto const deadline = clock::now() + 20s;
        while (descriptors_of(server_.pid()) > wanted && clock::now() < deadline) {
            std::this_thread::sleep_for(20ms);
        }
    }
    bool compare_process(report& out) const;

    soak_options const& options_;
    std::uint64_t seed_;
    dice chance_;
    child_process server_;
    std::vector<std::string> topics_;
    std::vector<std::uint32_t> published_;
    std::vector<std::vector<std::uint32_t>> seats_;
    std::size_t descriptors_ = 0;
    std::uint64_t memory_ = 0;
    std::uint64_t away_ = 0;
};

void soak::break_things(fleet& all, fault_proxy& proxy) {
    auto const began = clock::now();
    auto const end = began + std::chrono::duration_cast<clock::duration>(
                                 std::chrono::duration<double>(options_.minutes * 60));
    auto const run_to = [&](clock::time_point t) {
        all.run_until([&] { return clock::now() >= t; }, t);
    };
    fault_plan plan(rates_of(options_), seed_);
    double const away_rate = options_.cuts / 10;
    auto const next_away = [&](clock::time_point after) {
        return after + std::chrono::duration_cast<clock::duration>(
                           std::chrono::duration<double>(chance_.wait(away_rate)));
    };
    if (plan.empty()) return run_to(end);
    auto away = next_away(began);
    auto told = began + 10s;
    auto step = plan.next();
    while (clock::now() < end) {
        auto const at = began + step.at;
        run_to(std::min({at, away, told, end}));
        auto const now = clock::now();
        if (now >= told) {
            progress(std::to_string((now - began) / 1s) + " s: " + std::to_string(all.open_now()) +
                     " of " + std::to_string(all.size()) + " connected, " +
                     std::to_string(all.checker().totals().delivered) + " delivered, " +
                     std::to_string(all.checker().found()) + " faults");
            told += 10s;
        }
        if (now >= away) {  // up to twice the window: some come too late to resume
            all.send_away(milliseconds(static_cast<std::int64_t>(
                chance_.between(0, 2000 * options_.resume_window_seconds))));
            ++away_;
            away = next_away(away);
        }
        if (now >= at) {
            proxy.apply(step.what);
            step = plan.next();
        }
    }
}

bool soak::compare_process(report& out) const {
    progress("quiet: the last sessions expire");
    wait_for_descriptors(descriptors_);
    if (options_.continuity) {  // those that nobody came back for
        std::this_thread::sleep_for(
            std::chrono::duration<double>(options_.resume_window_seconds + 2));
    }
    auto const descriptors = descriptors_of(server_.pid());
    auto const memory = resident_of(server_.pid());
    constexpr double mib = 1024.0 * 1024.0;
    double const grown = (static_cast<double>(memory) - static_cast<double>(memory_)) / mib;
    out.add("daemon's descriptors before", static_cast<double>(descriptors_), "");
    out.add("daemon's descriptors after", static_cast<double>(descriptors), "");
    out.add("daemon's resident memory before", static_cast<double>(memory_) / mib, "MiB");
    out.add("daemon's resident memory after", static_cast<double>(memory) / mib, "MiB");
    bool good = true;
    if (descriptors == 0) {
        std::fprintf(stderr, "FAULT the daemon is gone\n");
        good = false;
    }
    if (descriptors > descriptors_) {
        std::fprintf(stderr, "FAULT %zu descriptors of the daemon are left over\n",
                     descriptors - descriptors_);
        good = false;
    }
    if (grown > options_.memory_mib) {
        std::fprintf(stderr, "FAULT the daemon has grown by %.1f MiB\n", grown);
        good = false;
    }
    return good;
}

}  // namespace

int run_soak(soak_options const& o) try {
    raise_descriptors();
    auto const seed = o.seed != 0 ? o.seed : random_u64() >> 1U;
    std::fprintf(stderr, "soak: --seed %llu\n", static_cast<unsigned long long>(seed));
    report out("soak: " + std::to_string(o.sessions) + " sessions, " +
               std::to_string(o.publishers) + " publishers, " +
               std::to_string(o.minutes).substr(0, 6) + " minutes");
    out.note("seed", std::to_string(seed));
    out.note("configuration", configuration(o));
    soak s(o, seed);
    progress("warming up");
    s.warm_up();
    progress("breaking things");
    bool const good = s.run(out);
    out.note("verdict", good ? "clean" : "FAULTY");
    out.print(o.json);
    return good ? 0 : 1;
} catch (std::exception const& e) {
    return complain(e);
}

}  // namespace weir::bench
