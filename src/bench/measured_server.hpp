#pragma once

#include "bench/child_process.hpp"
#include "bench/endpoint.hpp"
#include "bench/process_figures.hpp"

#include <weir/bench/bench.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace weir::bench {

/// The server of a measurement: a daemon that is started for it on loopback, or one that runs
/// already and was named by options::url. Figures of a running one come from its `/metrics`.
class measured_server {
public:
    measured_server(options const& o, std::string const& yaml);
    /// The bare loop (limit_server) on a processor.
    explicit measured_server(int cpu);

    endpoint const& where() const noexcept { return where_; }
    bool is_ours() const noexcept { return url_.empty(); }
    /// CPU time since its start; of a running one all of it counts as `system`. Nothing: not known.
    std::optional<cpu_time> cpu() const;
    /// Bytes of memory: private ones of a daemon of ours, resident ones of a running one.
    std::optional<double> memory() const;

private:
    std::optional<double> metric(std::string const& name) const;

    child_process process_;
    std::string url_, metrics_;
    endpoint where_ = endpoint::on_loopback(0);
};

/// The value of a metric without labels in Prometheus's text format.
std::optional<double> metric_in(std::string_view text, std::string_view name);

}  // namespace weir::bench
