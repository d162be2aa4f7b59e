#pragma once

#include "bench/fleet.hpp"

#include <weir/bench/bench.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace weir::bench {

/// Who subscribes to what, with which options, and the rules of the daemon: everything about a soak
/// that follows from its options and its seed. Pure.
class soak_plan {
public:
    soak_plan(soak_options const& o, std::uint64_t seed);

    /// The daemon's configuration. `version` changes what a reload can change: rates and bounds.
    std::string configuration(std::size_t version) const;
    /// Of a fleet on a port.
    fleet::settings settings(std::uint16_t port);
    /// JSON members of a subscribe to a topic, another each time.
    std::string options_of(std::uint32_t topic);

    bool replaces_options() const { return has("again"); }
    bool reloads() const { return has("reload"); }

private:
    enum class kind : std::uint8_t { lasting, brief, live, ticker, board, last, cursor, deep };
    bool has(char const* part) const;
    void add_topics(kind k, char const* prefix, std::uint32_t count);
    void plan_seats();
    bool keeps_state(kind k) const;
    bool may_be_paced(kind k) const;

    soak_options const& options_;
    dice chance_;
    std::vector<std::string> topics_;
    std::vector<kind> kinds_;
    std::vector<std::vector<std::uint32_t>> seats_;
    std::vector<std::string> tokens_;
};

}  // namespace weir::bench
