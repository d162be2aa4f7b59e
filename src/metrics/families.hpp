#pragma once

#include <weir/base/observer.hpp>
#include <weir/base/route_counts.hpp>
#include <weir/metrics/exporter.hpp>

#include <prometheus/metric_family.h>

#include <string>
#include <string_view>
#include <vector>

namespace weir::metrics {

/// Adds up what many single-writer counters say, and writes families of Prometheus from it.
class family_writer {
public:
    explicit family_writer(std::vector<observer const*> const& all) : all_(all) {}

    void counter(std::string name, std::string help, single_writer observer::* field);
    void gauge(std::string name, std::string help, single_writer observer::* field);
    void histogram(std::string name, std::string help, seconds_histogram observer::* field);

    /// One line for each value of the label, which is an enum's name.
    template <class Enum, std::size_t N, class Name>
    void counters(std::string name, std::string help, std::string label,
                  std::array<single_writer, N> observer::* field, Name name_of) {
        rows<Enum>(family(std::move(name), std::move(help), prometheus::MetricType::Counter), label,
                   field, name_of);
    }
    template <class Enum, std::size_t N, class Name>
    void gauges(std::string name, std::string help, std::string label,
                std::array<single_writer, N> observer::* field, Name name_of) {
        rows<Enum>(family(std::move(name), std::move(help), prometheus::MetricType::Gauge), label,
                   field, name_of);
    }
    void value(std::string name, std::string help, prometheus::MetricType type, double v,
               std::vector<prometheus::ClientMetric::Label> labels = {});

    prometheus::MetricFamily& family(std::string name, std::string help,
                                     prometheus::MetricType type);
    static void add(prometheus::MetricFamily& f, double v,
                    std::vector<prometheus::ClientMetric::Label> labels = {});
    /// The sum of `parts`.
    static void add(prometheus::MetricFamily& f, std::vector<seconds_histogram const*> const& parts,
                    std::vector<prometheus::ClientMetric::Label> labels = {});
    std::vector<observer const*> const& all() const noexcept { return all_; }
    std::vector<prometheus::MetricFamily> take() { return std::move(families_); }

private:
    template <class Enum, std::size_t N, class Name>
    void rows(prometheus::MetricFamily& f, std::string const& label,
              std::array<single_writer, N> observer::* field, Name name_of) {
        for (std::size_t i = 0; i != N; ++i) {
            std::uint64_t sum = 0;
            for (observer const* o : all_) sum += (o->*field)[i].read();
            add(f, static_cast<double>(sum), {{label, std::string(name_of(static_cast<Enum>(i)))}});
        }
    }
    std::uint64_t sum(single_writer observer::* field) const;

    std::vector<observer const*> const& all_;
    std::vector<prometheus::MetricFamily> families_;
};

/// Requests and latency of the server API by route.
void add_api_routes(family_writer& w, std::vector<route_counts const*> const& routes);

/// The facts of the daemon that an operator alerts on: limit, drain, certificates.
void add_daemon_facts(family_writer& w, daemon_facts const& facts);

/// CPU, memory, descriptors, threads and start of this process, as process_*.
void add_process_facts(family_writer& w);

}  // namespace weir::metrics
