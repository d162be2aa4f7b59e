#include "bench/process_figures.hpp"
#include "bench/sides.hpp"

#include <cstdio>
#include <stdexcept>

namespace weir::bench {
namespace {

/// Every connection has one ping under way; a pong sends the next. CPU of the server a round trip.
class echo_load {
public:
    explicit echo_load(options const& o) {
        server_.start_daemon(o.binary, daemon_side::configuration(), o.server_cpu);
        load_ = std::make_unique<load_engine>(server_.port());
        load_->open(o.connections, true);
        sent_.resize(o.connections);
        load_->set_handler([this](std::size_t i, std::string_view text) {
            if (!text.starts_with(R"({"type":"pong")")) return;
            auto const at = load_engine::clock::now();
            if (waits_ != nullptr) waits_->add((at - sent_[i]).count());
            ++trips_;
            if (running_) ping(i, at);
        });
    }

    /// Microseconds of server CPU a round trip.
    double run(double seconds, latencies& waits, series& user, series& rate) {
        waits_ = &waits;
        running_ = true;
        auto const began = load_engine::clock::now();
        for (std::size_t i = 0; i != sent_.size(); ++i) ping(i, began);
        auto const before = trips_;
        auto const cpu = cpu_of(server_.pid());
        auto const span = std::chrono::duration<double>(seconds);
        load_->run_until([&] { return load_engine::clock::now() - began > span; },
                         began + std::chrono::minutes(1));
        auto const used = cpu_of(server_.pid());
        auto const trips = static_cast<double>(trips_ - before);
        running_ = false;
        // The last ones come home before the next round counts.
        auto const all = trips_ + sent_.size();
        load_->run_until([&] { return trips_ >= all; },
                         load_engine::clock::now() + std::chrono::seconds(10));
        waits_ = nullptr;
        user.add((used.user - cpu.user) * 1e6 / trips);
        rate.add(trips / seconds);
        return (used.total() - cpu.total()) * 1e6 / trips;
    }

private:
    void ping(std::size_t i, load_engine::clock::time_point at) {
        sent_[i] = at;
        load_->send_text(i, R"({"type":"ping","id":1})");
    }

    child_process server_;
    std::unique_ptr<load_engine> load_;
    std::vector<load_engine::clock::time_point> sent_;
    std::uint64_t trips_ = 0;
    bool running_ = false;
    latencies* waits_ = nullptr;
};

}  // namespace

int run_echo(options const& o) try {
    keep_to_cpu(o.load_cpu);
    echo_load echo(o);
    options bare = o;
    bare.bytes = 24;  // a pong
    limit_side limit(bare);
    series cost, user, rate, sends, ratio;
    latencies waits, ignored;
    series ignored_series;
    echo.run(0.3, ignored, ignored_series, ignored_series);
    limit.run(1, 0.3, ignored);
    for (std::size_t r = 0; r != o.rounds; ++r) {
        progress("round " + std::to_string(r + 1) + " of " + std::to_string(o.rounds));
        double send = 0;
        if (r % 2 != 0) send = limit.run(1, o.seconds, ignored).cpu_microseconds;
        double const trip = echo.run(o.seconds, waits, user, rate);
        if (r % 2 == 0) send = limit.run(1, o.seconds, ignored).cpu_microseconds;
        cost.add(trip);
        sends.add(send);
        ratio.add(trip / send);
    }
    report out("echo: ping and pong in JSON, " + std::to_string(o.connections) +
               " connections, one under way on each, " + std::to_string(o.rounds) + " rounds of " +
               std::to_string(o.seconds).substr(0, 4) + " s");
    out.note("configuration", daemon_side::configuration());
    out.add("server CPU per round trip", cost, "us");
    out.add("of it in user space", user, "us");
    out.add("limit: a bare send", sends, "us");
    out.add("ratio to a bare send, round by round", ratio, "x");
    out.add("round trips per second", rate, "/s");
    out.add("round trip, p50", waits.percentile(50), "us");
    out.add("round trip, p99", waits.percentile(99), "us");
    out.print(o.json);
    return 0;
} catch (std::exception const& e) {
    return complain(e);
}

}  // namespace weir::bench
