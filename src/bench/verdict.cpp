#include "bench/verdict.hpp"

#include <cstdio>

namespace weir::bench {

bool add_verdict(report& out, history_checker const& checker, std::string const& who) {
    auto const& n = checker.totals();
    auto const add = [&](char const* name, std::uint64_t value) {
        out.add(who + name, static_cast<double>(value), "");
    };
    add("messages delivered", n.delivered);
    add("publishes acknowledged", n.acknowledged);
    add("publishes refused as not stored", n.refused);
    add("publishes whose fate is unknown", n.unknown);
    add("connections lost", n.lost_connections);
    add("connections given up as silent", n.given_up);
    add("sessions resumed", n.resumed);
    add("sessions begun anew", n.anew);
    add("gaps", n.gaps);
    add("messages declared lost", n.declared_lost);
    add("messages too late to compare", n.unverified);
    for (auto const& [reason, count] : n.verdicts) {
        out.add(who + "sessions not resumed: " + reason, static_cast<double>(count), "");
    }
    std::string endings;
    for (auto const& [code, count] : n.endings) {
        if (!endings.empty()) endings += ", ";
        endings += (code == 0 ? "no code" : std::to_string(code)) + ": " + std::to_string(count);
    }
    if (!endings.empty()) out.note(who + "connections lost, by close code", endings);
    add("faults found", checker.found());
    for (std::size_t k = 0; k != history_checker::kinds; ++k) {
        auto const what = static_cast<history_checker::kind>(k);
        if (checker.found(what) == 0) continue;
        out.add(who + "faults: " + std::string(to_string(what)),
                static_cast<double>(checker.found(what)), "");
    }
    std::size_t number = 0;
    for (auto const& f : checker.findings()) {
        std::fprintf(stderr, "FAULT %s%s\n", who.c_str(), f.text.c_str());
        out.note(who + "fault " + std::to_string(++number), f.text);
    }
    return checker.clean();
}

}  // namespace weir::bench
