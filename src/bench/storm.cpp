#include "bench/child_process.hpp"
#include "bench/fleet.hpp"
#include "bench/process_figures.hpp"
#include "bench/verdict.hpp"

#include <weir/base/ids.hpp>
#include <weir/bench/bench.hpp>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <exception>
#include <future>
#include <sched.h>
#include <stdexcept>
#include <thread>
#include <unistd.h>

namespace weir::bench {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

constexpr auto patience = 180s;
constexpr std::size_t topics_of_untouched = 4;
/// Sockets of this process beside one a session.
constexpr std::size_t descriptors_aside = 100;

std::string configuration(storm_options const& o) {
    std::string yaml = "shards: " + std::to_string(o.shards) + "\nauth: {anonymous: true}\n";
    yaml += "topics: [{match: \"storm.*\", subscribe: anyone, publish: anyone";
    if (o.continuity) yaml += ", history: {messages: 1000, bytes: 1MiB, age: 10m}";
    yaml += "}]\n";
    if (o.continuity) {
        yaml +=
            "session: {resume_window: 2m,\n"
            "          detached: {per_ip: 10000, per_user: 100000, total: 100000}}\n";
    }
    return yaml +
           "limits: {messages_per_second: 100000, messages_per_second_per_user: 1000000,\n"
           "         handshakes_per_ip_per_second: 10000,\n"
           "         connections_per_ip: 10000}\n"
           "log: {level: warn}\n";
}

/// Those that nothing happens to, publishers among them, on a thread of their own: what they see
/// must not wait until the crowd's thread has time.
class onlookers {
public:
    onlookers(fleet::settings s, int cpu, std::size_t rounds) : quiet_(rounds), stormy_(rounds) {
        thread_ = std::thread([this, s = std::move(s), cpu] {
            keep_to_cpu(cpu);
            try {
                run(s);
            } catch (...) {
                error_ = std::current_exception();
                failed_ = true;
                opened_.set_value();
            }
        });
        opened_.get_future().wait();
        check();
    }
    ~onlookers() {
        stopping_ = true;
        if (thread_.joinable()) thread_.join();
    }

    void measure_quiet(std::size_t round) { fleet_->measure(&quiet_[round]); }
    void measure_storm(std::size_t round) { fleet_->measure(&stormy_[round]); }
    void measure_nothing() { fleet_->measure(nullptr); }
    /// Ends the publishing; answers whether all have everything.
    bool stop_publishing() {
        quieting_ = true;
        while (!settled_ && !failed_) std::this_thread::sleep_for(5ms);
        check();
        return good_;
    }
    /// After stop_publishing(): the other thread only waits.
    history_checker& checker() { return fleet_->checker(); }
    latencies const& quiet(std::size_t round) const { return quiet_[round]; }
    latencies const& stormy(std::size_t round) const { return stormy_[round]; }
    void check() const {
        if (failed_) std::rethrow_exception(error_);
    }

private:
    void run(fleet::settings const& s) {
        fleet_ = std::make_unique<fleet>(s);
        if (!fleet_->run_until([&] { return fleet_->all_open(); }, clock::now() + patience)) {
            throw std::runtime_error("not all came: " + fleet_->unsettled());
        }
        fleet_->let_publish(true);
        opened_.set_value();
        fleet_->run_until([&] { return quieting_ || stopping_; }, clock::time_point::max());
        fleet_->let_publish(false);
        good_ =
            fleet_->run_until([&] { return fleet_->settled() || stopping_; }, clock::now() + 30s);
        if (!good_) std::fprintf(stderr, "FAULT untouched: %s\n", fleet_->unsettled().c_str());
        fleet_->measure(nullptr);
        settled_ = true;
        // The checker is the other thread's now. No heartbeat falls into so short a time.
        while (!stopping_) std::this_thread::sleep_for(5ms);
    }

    std::vector<latencies> quiet_, stormy_;
    std::unique_ptr<fleet> fleet_;
    std::promise<void> opened_;
    std::exception_ptr error_;
    std::atomic<bool> quieting_ = false, settled_ = false, stopping_ = false, failed_ = false;
    bool good_ = false;
    std::thread thread_;
};

struct figures_of_storm {
    series quiet_p50, quiet_p99, storm_p50, storm_p99, ratio, reopened, caught_up, cpu;
    series memory_before, memory_peak, memory_after;
};

constexpr double mib = 1024.0 * 1024.0;

class storm {
public:
    explicit storm(storm_options const& o, std::uint64_t seed) : options_(o), chance_(seed) {
        server_.start_daemon(o.binary, configuration(o), o.server_cpu);
        for (std::uint32_t t = 0; t != o.topics; ++t) {
            topics_.push_back("storm." + std::to_string(t));
            published_.push_back(t);
        }
    }

    bool run(report& out) {
        onlookers untouched(untouched_settings(), options_.load_cpu, options_.rounds);
        // The crowd shares the processor with those who are measured, and gives way.
        sched_param const none{};
        ::sched_setscheduler(0, SCHED_IDLE, &none);
        fleet crowd(crowd_settings());
        progress("opening " + std::to_string(options_.sessions) + " sessions");
        if (!crowd.run_until([&] { return crowd.all_open(); }, clock::now() + patience)) {
            throw std::runtime_error("not all came: " + crowd.unsettled());
        }
        bool good = true;
        for (std::size_t r = 0; r != options_.rounds; ++r) {
            good = round(r, crowd, untouched) && good;
        }
        good = untouched.stop_publishing() && good;
        for (auto const& [topic, at] : untouched.checker().heads()) {
            crowd.checker().head_of(topic, at);
        }
        if (!crowd.run_until([&] { return crowd.settled(); }, clock::now() + 60s)) {
            std::fprintf(stderr, "FAULT when all was quiet, %s\n", crowd.unsettled().c_str());
            good = false;
        }
        crowd.checker().finish();
        untouched.checker().finish();
        add_figures(out);
        good = add_verdict(out, crowd.checker(), "crowd: ") && good;
        return add_verdict(out, untouched.checker(), "untouched: ") && good;
    }

private:
    fleet::settings common() {
        return {.port = server_.port(),
                .topics = topics_,
                .seats = {},
                .published = published_,
                .rate = options_.rate,
                .payload_bytes = options_.bytes,
                .heartbeat = 60s,  // of thousands, none is to fall into a round
                .epochs_change = !options_.continuity || options_.restart,
                .seed = chance_.roll()};
    }
    fleet::settings crowd_settings() {
        auto s = common();
        s.block = 1;
        for (std::size_t i = 0; i != options_.sessions; ++i) {
            s.seats.push_back({static_cast<std::uint32_t>(i % options_.topics)});
        }
        return s;
    }
    fleet::settings untouched_settings() {
        auto s = common();
        s.block = 100;
        s.publishers = std::min(options_.publishers, options_.untouched);
        auto const each = std::min(topics_of_untouched, options_.topics);
        for (std::size_t i = 0; i != options_.untouched; ++i) {
            auto& seats = s.seats.emplace_back();
            for (std::size_t k = 0; k != each; ++k) {
                seats.push_back(static_cast<std::uint32_t>((i * each + k) % options_.topics));
            }
        }
        return s;
    }
    bool round(std::size_t r, fleet& crowd, onlookers& untouched);
    std::size_t cut(fleet& crowd);
    void add_figures(report& out) const;
    double memory() const { return static_cast<double>(resident_of(server_.pid())) / mib; }

    storm_options const& options_;
    dice chance_;
    child_process server_;
    std::vector<std::string> topics_;
    std::vector<std::uint32_t> published_;
    figures_of_storm figures_;
};

/// Answers how many have lost their connection.
std::size_t storm::cut(fleet& crowd) {
    if (!options_.restart) return crowd.break_off_all();
    auto const all = crowd.open_now();
    server_.restart_daemon();
    return all;
}

bool storm::round(std::size_t r, fleet& crowd, onlookers& untouched) {
    progress("round " + std::to_string(r + 1) + " of " + std::to_string(options_.rounds));
    crowd.run_for(2s);  // what opening left behind
    untouched.measure_quiet(r);
    crowd.run_for(milliseconds(static_cast<std::int64_t>(options_.quiet_seconds * 1000)));
    figures_.memory_before.add(memory());
    double peak = 0;
    auto looked = clock::now();
    double const cpu = options_.restart ? 0 : cpu_of(server_.pid()).total();
    untouched.measure_storm(r);
    auto const began = clock::now();
    // Back is who has noticed before that he was gone.
    auto const gone = crowd.checker().totals().lost_connections + cut(crowd);
    auto const back = [&] {
        if (clock::now() - looked > 100ms) {
            looked = clock::now();
            peak = std::max(peak, memory());
        }
        return crowd.checker().totals().lost_connections >= gone && crowd.all_open();
    };
    auto const seconds = [&] {
        return std::chrono::duration<double>(clock::now() - began).count();
    };
    bool good = crowd.run_until(back, clock::now() + patience);
    figures_.reopened.add(seconds());
    crowd.checker().mark();
    good = good &&
           crowd.run_until([&] { return crowd.checker().past_mark(); }, clock::now() + patience);
    figures_.caught_up.add(seconds());
    untouched.measure_nothing();
    untouched.check();
    if (!good) {
        std::fprintf(stderr, "FAULT in round %zu, %s\n", r + 1, crowd.unsettled().c_str());
    }
    figures_.cpu.add(cpu_of(server_.pid()).total() - cpu);
    figures_.memory_peak.add(std::max(peak, memory()));
    crowd.run_for(2s);
    figures_.memory_after.add(memory());
    auto const& quiet = untouched.quiet(r);
    auto const& stormy = untouched.stormy(r);
    figures_.quiet_p50.add(quiet.percentile(50) / 1000);
    figures_.quiet_p99.add(quiet.percentile(99) / 1000);
    figures_.storm_p50.add(stormy.percentile(50) / 1000);
    figures_.storm_p99.add(stormy.percentile(99) / 1000);
    if (quiet.percentile(99) > 0) {
        figures_.ratio.add(stormy.percentile(99) / quiet.percentile(99));
    }
    return good;
}

void storm::add_figures(report& out) const {
    figures_of_storm const& f = figures_;
    out.add("all are connected and subscribed again", f.reopened, "s");
    out.add("all have caught up", f.caught_up, "s");
    out.add("daemon's CPU time meanwhile", f.cpu, "s");
    if (!options_.restart) {  // which nobody is untouched by
        out.add("untouched, publish to receipt, quiet, p50", f.quiet_p50, "ms");
        out.add("untouched, publish to receipt, quiet, p99", f.quiet_p99, "ms");
        out.add("untouched, publish to receipt, storm, p50", f.storm_p50, "ms");
        out.add("untouched, publish to receipt, storm, p99", f.storm_p99, "ms");
        out.add("storm p99 against quiet p99", f.ratio, "x");
    }
    out.add("daemon's resident memory before", f.memory_before, "MiB");
    out.add("at its peak", f.memory_peak, "MiB");
    out.add("after", f.memory_after, "MiB");
}

}  // namespace

int run_storm(storm_options const& o) try {
    auto const descriptors = raise_descriptors();
    if (descriptors < o.sessions + o.untouched + descriptors_aside) {
        throw std::runtime_error("this process may open only " + std::to_string(descriptors) +
                                 " descriptors; fewer --sessions, or a higher limit");
    }
    keep_to_cpu(o.load_cpu);
    auto const seed = o.seed != 0 ? o.seed : random_u64() >> 1U;
    std::fprintf(stderr, "storm: --seed %llu\n", static_cast<unsigned long long>(seed));
    report out(
        "storm: " + std::to_string(o.sessions) +
        (o.restart ? " sessions whose daemon is killed, and " : " sessions cut at once, and ") +
        std::to_string(o.untouched) + (o.restart ? " others, " : " untouched, ") +
        std::to_string(o.rounds) + " rounds");
    out.note("seed", std::to_string(seed));
    out.note("configuration", configuration(o));
    storm s(o, seed);
    bool const good = s.run(out);
    out.note("verdict", good ? "clean" : "FAULTY");
    out.print(o.json);
    return good ? 0 : 1;
} catch (std::exception const& e) {
    return complain(e);
}

}  // namespace weir::bench
