#include "bench/process_figures.hpp"
#include "bench/sides.hpp"

#include <cstdio>
#include <stdexcept>

namespace weir::bench {
namespace {

/// Every connection has one ping under way; a pong sends the next. CPU of the server a round trip.
class echo_load {
public:
    explicit echo_load(options const& o) : server_(o, daemon_side::configuration()) {
        load_ = std::make_unique<load_engine>(server_.where());
        load_->open(o.connections, true, o.open_rate);
        sent_.resize(o.connections);
        load_->set_handler([this](std::size_t i, std::string_view text) {
            if (text.starts_with(R"({"type":"error")")) {
                throw std::runtime_error("the server answered " + std::string(text));
            }
            if (!text.starts_with(R"({"type":"pong")")) return;
            auto const at = load_engine::clock::now();
            if (waits_ != nullptr) waits_->add((at - sent_[i]).count());
            ++trips_;
            if (running_) ping(i, at);
        });
    }

    /// Microseconds of server CPU per round trip; nothing: not known.
    std::optional<double> run(double seconds, latencies& waits, series& user, series& rate) {
        waits_ = &waits;
        running_ = true;
        auto const began = load_engine::clock::now();
        for (std::size_t i = 0; i != sent_.size(); ++i) ping(i, began);
        auto const before = trips_;
        auto const cpu = server_.cpu();
        auto const span = std::chrono::duration<double>(seconds);
        load_->run_until([&] { return load_engine::clock::now() - began > span; },
                         began + std::chrono::minutes(1));
        auto const used = server_.cpu();
        auto const trips = static_cast<double>(trips_ - before);
        running_ = false;
        // The last ones come home before the next round counts.
        auto const all = trips_ + sent_.size();
        load_->run_until([&] { return trips_ >= all; },
                         load_engine::clock::now() + std::chrono::seconds(10));
        waits_ = nullptr;
        rate.add(trips / seconds);
        if (!used || !cpu) return std::nullopt;
        if (server_.is_ours()) user.add((used->user - cpu->user) * 1e6 / trips);
        return (used->total() - cpu->total()) * 1e6 / trips;
    }

private:
    void ping(std::size_t i, load_engine::clock::time_point at) {
        sent_[i] = at;
        load_->send_text(i, R"({"type":"ping","id":1})");
    }

    measured_server server_;
    std::unique_ptr<load_engine> load_;
    std::vector<load_engine::clock::time_point> sent_;
    std::uint64_t trips_ = 0;
    bool running_ = false;
    latencies* waits_ = nullptr;
};

}  // namespace

int run_echo(options const& o) try {
    raise_descriptors();
    if (o.url.empty()) keep_to_cpu(o.load_cpu);
    echo_load echo(o);
    options bare = o;
    bare.bytes = 24;  // a pong
    std::optional<limit_side> limit;
    if (o.url.empty()) limit.emplace(bare);
    series cost, user, rate, sends, ratio;
    latencies waits, ignored;
    series ignored_series;
    echo.run(0.3, ignored, ignored_series, ignored_series);
    if (limit) limit->run(bare, 0.3, ignored);
    auto const bare_send = [&] {
        return limit ? limit->run(bare, o.seconds, ignored).cpu_microseconds : std::nullopt;
    };
    for (std::size_t r = 0; r != o.rounds; ++r) {
        progress("round " + std::to_string(r + 1) + " of " + std::to_string(o.rounds));
        std::optional<double> send;
        if (r % 2 != 0) send = bare_send();
        auto const trip = echo.run(o.seconds, waits, user, rate);
        if (r % 2 == 0) send = bare_send();
        if (trip) cost.add(*trip);
        if (!trip || !send || *send == 0) continue;
        sends.add(*send);
        ratio.add(*trip / *send);
    }
    report out("echo: ping and pong in JSON, " + std::to_string(o.connections) +
               " connections, one under way on each, " + std::to_string(o.rounds) + " rounds of " +
               std::to_string(o.seconds).substr(0, 4) + " s");
    out.note(o.url.empty() ? "configuration" : "server",
             o.url.empty() ? daemon_side::configuration() : o.url);
    if (cost.size() == 0) {
        out.note("server CPU per round trip", "not known without --metrics");
    } else {
        out.add("server CPU per round trip", cost, "us");
    }
    if (user.size() != 0) out.add("of it in user space", user, "us");
    if (limit) {
        out.add("limit: a bare send", sends, "us");
        out.add("ratio to a bare send, round by round", ratio, "x");
    }
    out.add("round trips per second", rate, "/s");
    out.add("round trip, p50", waits.percentile(50), "us");
    out.add("round trip, p99", waits.percentile(99), "us");
    out.print(o.json);
    return 0;
} catch (std::exception const& e) {
    return complain(e);
}

}  // namespace weir::bench
