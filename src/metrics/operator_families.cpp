// Families about the daemon rather than about its clients.
#include "metrics/families.hpp"

namespace weir::metrics {

using prometheus::MetricType;

void add_api_routes(family_writer& w, std::vector<route_counts const*> const& routes) {
    auto& requests =
        w.family("weir_api_requests_total",
                 "Requests to the server API, by route and class of status.", MetricType::Counter);
    for (route_counts const* r : routes) {
        for (std::size_t i = 0; i != answer_class_count; ++i) {
            auto const status = static_cast<answer_class>(i);
            family_writer::add(requests, static_cast<double>(at(r->answers, status).read()),
                               {{"method", std::string(r->method)},
                                {"route", std::string(r->route)},
                                {"status", std::string(to_string(status))}});
        }
    }
    auto& seconds = w.family("weir_api_request_seconds",
                             "Time from a request to the server API to its answer, by route.",
                             MetricType::Histogram);
    for (route_counts const* r : routes) {
        family_writer::add(seconds, {&r->seconds},
                           {{"method", std::string(r->method)}, {"route", std::string(r->route)}});
    }
}

void add_daemon_facts(family_writer& w, daemon_facts const& facts) {
    w.value("weir_connections_limit", "The option limits.connections.", MetricType::Gauge,
            static_cast<double>(facts.connections_limit));
    w.value("weir_draining", "1 during a drain, otherwise 0.", MetricType::Gauge,
            facts.draining ? 1 : 0);
    auto& certificates =
        w.family("weir_tls_certificate_expiry_timestamp_seconds",
                 "When the certificate chain of a listener expires, in seconds since 1970.",
                 MetricType::Gauge);
    for (auto const& c : facts.certificates) {
        family_writer::add(certificates, static_cast<double>(c.expires) / 1000,
                           {{"listener", std::string(c.listener)}});
    }
}

}  // namespace weir::metrics
