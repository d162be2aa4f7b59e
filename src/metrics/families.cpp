#include "metrics/families.hpp"

#include <limits>

namespace weir::metrics {

using prometheus::MetricType;

prometheus::MetricFamily& family_writer::family(std::string name, std::string help,
                                                MetricType type) {
    families_.push_back({std::move(name), std::move(help), type, {}});
    return families_.back();
}

void family_writer::add(prometheus::MetricFamily& f, double v,
                        std::vector<prometheus::ClientMetric::Label> labels) {
    prometheus::ClientMetric m;
    m.label = std::move(labels);
    if (f.type == MetricType::Counter) {
        m.counter.value = v;
    } else {
        m.gauge.value = v;
    }
    f.metric.push_back(std::move(m));
}

void family_writer::value(std::string name, std::string help, MetricType type, double v,
                          std::vector<prometheus::ClientMetric::Label> labels) {
    add(family(std::move(name), std::move(help), type), v, std::move(labels));
}

std::uint64_t family_writer::sum(single_writer observer::* field) const {
    std::uint64_t total = 0;
    for (observer const* o : all_) total += (o->*field).read();
    return total;
}

void family_writer::counter(std::string name, std::string help, single_writer observer::* field) {
    value(std::move(name), std::move(help), MetricType::Counter, static_cast<double>(sum(field)));
}

void family_writer::gauge(std::string name, std::string help, single_writer observer::* field) {
    value(std::move(name), std::move(help), MetricType::Gauge, static_cast<double>(sum(field)));
}

void family_writer::histogram(std::string name, std::string help,
                              seconds_histogram observer::* field) {
    std::vector<seconds_histogram const*> parts;
    for (observer const* o : all_) parts.push_back(&(o->*field));
    add(family(std::move(name), std::move(help), MetricType::Histogram), parts);
}

void family_writer::add(prometheus::MetricFamily& f,
                        std::vector<seconds_histogram const*> const& parts,
                        std::vector<prometheus::ClientMetric::Label> labels) {
    prometheus::ClientMetric m;
    m.label = std::move(labels);
    std::uint64_t so_far = 0;
    for (std::size_t k = 0; k != seconds_histogram::buckets; ++k) {
        for (seconds_histogram const* h : parts) so_far += h->count(k);
        bool const last = k + 1 == seconds_histogram::buckets;
        m.histogram.bucket.push_back(
            {so_far, last ? std::numeric_limits<double>::infinity() : seconds_histogram::bound(k)});
    }
    m.histogram.sample_count = so_far;
    for (seconds_histogram const* h : parts) m.histogram.sample_sum += h->sum();
    f.metric.push_back(std::move(m));
}

}  // namespace weir::metrics
