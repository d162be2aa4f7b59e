#include "bench/process_figures.hpp"
#include "bench/sides.hpp"

#include <cstdio>
#include <optional>
#include <stdexcept>

namespace weir::bench {
namespace {

std::string title(char const* what, options const& o) {
    return std::string(what) + ": " + std::to_string(o.connections) + " subscribers, " +
           std::to_string(o.bytes) + " bytes, " + std::to_string(o.burst) + " a turn, " +
           std::to_string(o.rounds) + " rounds of " + std::to_string(o.seconds).substr(0, 4) + " s";
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
    std::optional<limit_side> limit;
    if (o.compare) limit.emplace(o);
    auto const p = run_paired(daemon, limit ? &*limit : nullptr, o, o.burst);
    report r(title("fanout", o));
    r.note("configuration", daemon_side::configuration());
    r.add("server CPU per delivery", p.measured, "us");
    r.add("of it in user space", p.user, "us");
    if (limit) {
        r.add("limit: a bare send per delivery", p.yardstick, "us");
        r.add("ratio to the limit, round by round", p.ratio, "x");
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
