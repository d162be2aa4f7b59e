#include "bench/child_process.hpp"
#include "bench/process_figures.hpp"
#include "bench/soak_plan.hpp"
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

constexpr auto patience = 90s;
constexpr std::uint64_t numbers_of_warm_up = 1'000'000;
constexpr double replacements_per_second = 4;
constexpr double reloads_per_second = 0.2;

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
    soak(soak_options const& o, std::uint64_t seed)
        : options_(o), seed_(seed), chance_(seed), plan_(o, seed) {
        server_.start_daemon(o.binary, plan_.configuration(0), -1);
    }
    std::string configuration() const { return plan_.configuration(0); }

    /// What the daemon needs once is no leak: everybody comes, publishes and goes.
    void warm_up() {
        fleet all(plan_.settings(server_.port()));
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
        auto settings = plan_.settings(proxy->port());
        settings.published_before = numbers_of_warm_up;
        fleet all(std::move(settings));
        open(all);
        all.let_publish(true);
        break_things(all, *proxy);
        progress("quiet: everybody catches up");
        all.let_publish(false);
        proxy->apply({.kind = disturbance_kind::admit});
        proxy->apply({.kind = disturbance_kind::heal});
        bool good = settle(all);
        if (good && !all.compare_states(clock::now() + 30s)) {
            std::fprintf(stderr, "FAULT sync was not answered\n");
            good = false;
        }
        all.checker().finish();
        all.finish();
        auto const passed = proxy->totals();
        proxy.reset();
        good = add_verdict(out, all.checker()) && good;
        out.add("connections through the proxy", static_cast<double>(passed.accepted), "");
        out.add("disturbances", static_cast<double>(passed.disturbances + away_), "");
        out.add("subscriptions with other options", static_cast<double>(replaced_), "");
        out.add("reloads of other rules", static_cast<double>(reloads_), "");
        return compare_process(out) && good;
    }

private:
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
    class recurring;
    void break_things(fleet& all, fault_proxy& proxy);
    static void tell_progress(fleet& all, clock::duration elapsed);
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
    soak_plan plan_;
    child_process server_;
    std::size_t descriptors_ = 0;
    std::uint64_t memory_ = 0;
    std::uint64_t away_ = 0, reloads_ = 0, replaced_ = 0;
};

/// One thing that happens again and again while connections break.
class soak::recurring {
public:
    /// `rate`: times a second; 0: never.
    recurring(double rate, dice& chance, clock::time_point begin) : rate_(rate), chance_(chance) {
        schedule(begin);
    }
    clock::time_point due() const { return due_; }
    /// True, and the next time is chosen: it is to be done now.
    bool take(clock::time_point now) {
        if (now < due_) return false;
        schedule(due_);
        return true;
    }

private:
    void schedule(clock::time_point after) {
        due_ = rate_ == 0 ? clock::time_point::max()
                          : after + std::chrono::duration_cast<clock::duration>(
                                        std::chrono::duration<double>(chance_.wait(rate_)));
    }
    double rate_;
    dice& chance_;
    clock::time_point due_;
};

void soak::break_things(fleet& all, fault_proxy& proxy) {
    auto const began = clock::now();
    auto const end = began + std::chrono::duration_cast<clock::duration>(
                                 std::chrono::duration<double>(options_.minutes * 60));
    fault_plan plan(rates_of(options_), seed_);
    auto const next_fault = [&, left = !plan.empty()] {
        return left ? std::optional(plan.next()) : std::nullopt;
    };
    auto fault = next_fault();
    recurring away(options_.cuts / 10, chance_, began);
    recurring replace(plan_.replaces_options() ? replacements_per_second : 0, chance_, began);
    recurring reload(plan_.reloads() ? reloads_per_second : 0, chance_, began);
    auto told = began + 10s;
    while (clock::now() < end) {
        auto const at = fault ? began + fault->at : clock::time_point::max();
        auto const until = std::min({at, away.due(), replace.due(), reload.due(), told, end});
        all.run_until([&] { return clock::now() >= until; }, until);
        auto const now = clock::now();
        if (now >= told) {
            tell_progress(all, now - began);
            told += 10s;
        }
        if (away.take(now)) {  // up to twice the window: some come too late to resume
            all.send_away(milliseconds(static_cast<std::int64_t>(
                chance_.between(0, 2000 * options_.resume_window_seconds))));
            ++away_;
        }
        if (replace.take(now)) {
            all.replace_options([this](std::uint32_t topic) { return plan_.options_of(topic); });
            ++replaced_;
        }
        if (reload.take(now)) server_.reload_daemon(plan_.configuration(++reloads_));
        if (now >= at) {
            proxy.apply(fault->what);
            fault = next_fault();
        }
    }
}

void soak::tell_progress(fleet& all, clock::duration elapsed) {
    progress(std::to_string(elapsed / 1s) + " s: " + std::to_string(all.open_now()) + " of " +
             std::to_string(all.size()) + " connected, " +
             std::to_string(all.checker().totals().delivered) + " delivered, " +
             std::to_string(all.checker().found()) + " faults");
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

namespace {

bool run_seed(soak_options const& o, std::uint64_t seed) {
    std::fprintf(stderr, "soak: --seed %llu\n", static_cast<unsigned long long>(seed));
    report out("soak: " + std::to_string(o.sessions) + " sessions, " +
               std::to_string(o.publishers) + " publishers, " +
               std::to_string(o.minutes).substr(0, 6) + " minutes");
    soak s(o, seed);
    out.note("seed", std::to_string(seed));
    out.note("configuration", s.configuration());
    progress("warming up");
    s.warm_up();
    progress("breaking things");
    bool const good = s.run(out);
    out.note("verdict", good ? "clean" : "FAULTY");
    out.print(o.json);
    return good;
}

}  // namespace

int run_soak(soak_options const& o) try {
    raise_descriptors();
    auto const first = o.seed != 0 ? o.seed : random_u64() >> 1U;
    bool good = true;
    for (auto seed = first; seed <= std::max(first, o.last_seed); ++seed) {
        good = run_seed(o, seed) && good;
    }
    return good ? 0 : 1;
} catch (std::exception const& e) {
    return complain(e);
}

}  // namespace weir::bench
