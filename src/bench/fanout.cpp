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
    if (!o.compare || !o.url.empty()) return nullptr;
    options other = o;
    if (!o.against.empty()) {
        other.binary = o.against;
    } else if (o.detached != 0) {
        other.detached = 0;
    } else {
        return std::make_unique<limit_side>(o);
    }
    return std::make_unique<daemon_side>(other);
}

void add_ratio(report& r, options const& o, paired const& p) {
    if (o.against.empty() && o.detached == 0) {
        r.add("limit: a bare send per delivery", p.yardstick, "us");
        r.add("ratio to the limit, round by round", p.ratio, "x");
    } else if (o.against.empty()) {
        r.add("without the detached sessions, per delivery", p.yardstick, "us");
        r.add("ratio to that, round by round", p.ratio, "x");
    } else {
        r.add("the other, per delivery", p.yardstick, "us");
        r.add("ratio to it, round by round", p.ratio, "x");
    }
}

/// What the detached sessions and the tail that is kept for them take, after all rounds.
void add_memory(report& r, options const& o, daemon_side const& with, side const* without) {
    auto const now = with.server().memory();
    if (o.detached == 0 || !now || !with.memory_at_start()) return;
    auto const* const other = dynamic_cast<daemon_side const*>(without);
    double more = *now - *with.memory_at_start();
    if (o.against.empty() && other != nullptr) {
        more -= other->server().memory().value_or(0) - other->memory_at_start().value_or(0);
    }
    auto const sessions = static_cast<double>(o.detached);
    r.add("memory of all detached sessions, with the tail", more / (1024 * 1024), "MiB");
    r.add("per detached session", more / sessions, "bytes");
}

}  // namespace

int run_limit(options const& o) try {
    keep_to_cpu(o.load_cpu);
    limit_side limit(o);
    auto const p = run_paired(limit, nullptr, o);
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
    raise_descriptors();
    if (o.url.empty()) keep_to_cpu(o.load_cpu);
    daemon_side daemon(o);
    auto const yardstick = yardstick_of(o);
    auto const p = run_paired(daemon, yardstick.get(), o);
    report r(title("fanout", o));
    r.note(o.url.empty() ? "configuration" : "server",
           o.url.empty() ? daemon_side::configuration() : o.url);
    if (o.detached != 0) r.add("detached sessions", static_cast<double>(o.detached), "");
    if (p.measured.size() == 0) {
        r.note("server CPU per delivery", "not known without --metrics");
    } else {
        r.add("server CPU per delivery", p.measured, "us");
    }
    if (p.user.size() != 0) r.add("of it in user space", p.user, "us");
    if (yardstick) add_ratio(r, o, p);
    add_memory(r, o, daemon, yardstick.get());
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
