#include "bench/process_figures.hpp"
#include "bench/sides.hpp"

#include <cstdio>
#include <memory>
#include <stdexcept>

namespace weir::bench {
namespace {

std::string title(char const* what, options const& o) {
    return std::string(what) + ": " + std::to_string(o.connections) + " subscribers, " +
           std::to_string(o.bytes) + " bytes, " + std::to_string(o.burst) + " a turn, " +
           std::to_string(o.rounds) + " rounds of " + std::to_string(o.seconds).substr(0, 4) + " s";
}

/// What rounds alternate with; null: nothing.
std::unique_ptr<side> yardstick_of(options const& o) {
    if (!o.compare) return nullptr;
    if (o.against.empty()) return std::make_unique<limit_side>(o);
    options other = o;
    other.binary = o.against;
    return std::make_unique<daemon_side>(other);
}

}  // namespace

int run_limit(options const& o) try {
    keep_to_cpu(o.load_cpu);
    limit_side limit(o);
    auto const p = run_paired(limit, nullptr, o, o.burst);
    report r(title("limit", o));
    r.add("server CPU per delivery", p.measured, "us");
    r.add("of it in user space", p.user, "us");
    r.add("deliveries per second", p.rate, "/s");
    r.print(o.json);
    return 0;
} catch (std::exception const& e) {
    return complain(e);
}

int run_fanout(options const& o) try {
    keep_to_cpu(o.load_cpu);
    daemon_side daemon(o);
    auto const yardstick = yardstick_of(o);
    auto const p = run_paired(daemon, yardstick.get(), o, o.burst);
    report r(title("fanout", o));
    r.note("configuration", daemon_side::configuration());
    r.add("server CPU per delivery", p.measured, "us");
    r.add("of it in user space", p.user, "us");
    if (yardstick) {
        bool const bare = o.against.empty();
        r.add(bare ? "limit: a bare send per delivery" : "the other, per delivery", p.yardstick,
              "us");
        r.add(bare ? "ratio to the limit, round by round" : "ratio to it, round by round", p.ratio,
              "x");
    }
    r.add("deliveries per second", p.rate, "/s");
    r.add("publish to receipt, p50", p.waits.percentile(50), "us");
    r.add("publish to receipt, p99", p.waits.percentile(99), "us");
    r.add("publish to receipt, p99.9", p.waits.percentile(99.9), "us");
    r.print(o.json);
    return 0;
} catch (std::exception const& e) {
    return complain(e);
}

}  // namespace weir::bench
