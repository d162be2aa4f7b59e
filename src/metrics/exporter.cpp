#include "metrics/families.hpp"

#include <weir/base/log.hpp>
#include <weir/base/memory_meter.hpp>
#include <weir/metrics/exporter.hpp>

#include <prometheus/collectable.h>
#include <prometheus/text_serializer.h>

namespace weir::metrics {

using prometheus::MetricType;

class exporter::source final : public prometheus::Collectable {
public:
    std::vector<prometheus::MetricFamily> Collect() const override {
        family_writer w(all);
        connections(w);
        messages(w);
        sizes(w);
        memory(w);
        own_facts(w);
        add_daemon_facts(w, facts ? facts() : daemon_facts());
        add_api_routes(w, routes);
        add_process_facts(w);
        return w.take();
    }

    std::vector<observer const*> all;
    std::vector<route_counts const*> routes;
    std::function<daemon_facts()> facts;
    std::string version, commit;
    std::uint64_t reloads_done = 0, reloads_failed = 0;

private:
    static auto named() {
        return [](auto value) { return to_string(value); };
    }

    static void connections(family_writer& w) {
        w.gauges<transport_kind>("weir_connections", "Open connections.", "transport",
                                 &observer::connections, named());
        w.counters<transport_kind>("weir_connections_opened_total", "Connections that were opened.",
                                   "transport", &observer::opened, named());
        w.counters<close_reason>("weir_connections_closed_total",
                                 "Connections that ended, by reason.", "reason", &observer::closed,
                                 [](close_reason r) { return describe(r).label; });
        w.counters<handshake_refusal>("weir_handshakes_rejected_total",
                                      "Handshakes that were refused, by reason.", "reason",
                                      &observer::refused, named());
        auto& sessions =
            w.family("weir_sessions", "Sessions with and without a connection.", MetricType::Gauge);
        std::uint64_t attached = 0;
        std::uint64_t detached = 0;
        for (observer const* o : w.all()) {
            attached += o->sessions_attached.read();
            detached += o->sessions_detached.read();
        }
        family_writer::add(sessions, static_cast<double>(attached), {{"state", "attached"}});
        family_writer::add(sessions, static_cast<double>(detached), {{"state", "detached"}});
    }

    static void messages(family_writer& w) {
        w.counters<command_type>("weir_messages_received_total", "Messages from clients.", "type",
                                 &observer::received, named());
        w.counters<publish_source>("weir_messages_published_total",
                                   "Messages that the broker accepted, by source.", "source",
                                   &observer::published, named());
        w.counters<transport_kind>("weir_messages_delivered_total", "Messages written to clients.",
                                   "transport", &observer::delivered, named());
        w.counters<drop_reason>("weir_messages_dropped_total",
                                "Messages not delivered to a subscriber, by reason.", "reason",
                                &observer::dropped, named());
        w.counters<gap_reason>("weir_gaps_total", "Losses reported to clients, by reason.",
                               "reason", &observer::gaps, named());
        w.counters<resume_result>("weir_resumes_total", "Session resume attempts, by result.",
                                  "result", &observer::resumes, named());
        w.counters<limit_kind>("weir_rate_limited_total", "Refusals and evictions, by limit.",
                               "limit", &observer::limited, named());
        w.counters<errc>("weir_errors_total", "Error answers to clients and API callers, by code.",
                         "code", &observer::errors, named());
        w.histogram("weir_publish_to_write_seconds",
                    "Time from reading a publish to the end of its last write on a shard.",
                    &observer::publish_to_write);
        w.histogram("weir_heartbeat_rtt_seconds", "Time from a ping to its pong.",
                    &observer::heartbeat_rtt);
    }

    static void sizes(family_writer& w) {
        w.counter("weir_received_bytes_total", "Bytes received from clients.",
                  &observer::received_bytes);
        w.counter("weir_sent_bytes_total", "Bytes sent to clients.", &observer::sent_bytes);
        w.counters<saving>("weir_saved_bytes_total", "Bytes saved on the wire, by method.", "by",
                           &observer::saved_bytes, named());
        w.gauge("weir_outbox_bytes", "Bytes waiting to be sent.", &observer::outbox_bytes);
        w.gauge("weir_replay_bytes", "Bytes sent and kept until the client confirms them.",
                &observer::replay_bytes);
        w.gauge("weir_topics", "Topics that exist.", &observer::topics);
        w.gauge("weir_subscriptions", "Subscriptions.", &observer::subscriptions);
        w.gauge("weir_lagging_subscriptions", "Subscriptions that lag and are fed from a log.",
                &observer::lagging);
        w.gauge("weir_history_bytes", "Bytes in the logs and states of all topics.",
                &observer::history_bytes);
        w.histogram("weir_loop_lag_seconds", "Delay of a timer on each shard.",
                    &observer::loop_lag);
    }

    static void memory(family_writer& w) {
        auto& bytes =
            w.family("weir_memory_bytes", "Memory in use, by what for.", MetricType::Gauge);
        std::size_t explained = 0;
        for (std::size_t i = 0; i != memory_kind_count; ++i) {
            auto const kind = static_cast<memory_kind>(i);
            auto const used = memory_used_for(kind);
            explained += used;
            family_writer::add(bytes, static_cast<double>(used),
                               {{"kind", std::string(to_string(kind))}});
        }
        auto const total = memory_used_exactly();
        family_writer::add(bytes, total > explained ? static_cast<double>(total - explained) : 0.0,
                           {{"kind", "other"}});
        w.value("weir_memory_limit_bytes", "limits.memory in bytes.", MetricType::Gauge,
                static_cast<double>(memory_limit()));
        w.counters<memory_step>("weir_memory_steps_total",
                                "What was done because memory was short.", "step",
                                &observer::memory_steps, named());
    }

    void own_facts(family_writer& w) const {
        w.value("weir_log_dropped_total", "Log lines lost because the queue was full.",
                MetricType::Counter, static_cast<double>(log::dropped()));
        w.value("weir_broker_up", "1 if the broker can be reached, otherwise 0.", MetricType::Gauge,
                1);
        auto& reloads = w.family("weir_config_reloads_total", "Reloads of the configuration.",
                                 MetricType::Counter);
        family_writer::add(reloads, static_cast<double>(reloads_done), {{"result", "success"}});
        family_writer::add(reloads, static_cast<double>(reloads_failed), {{"result", "failure"}});
        w.value("weir_build_info", "Version and commit as labels; the value is always 1.",
                MetricType::Gauge, 1, {{"version", version}, {"commit", commit}});
    }
};

exporter::exporter(std::string version, std::string commit) : source_(std::make_shared<source>()) {
    source_->version = std::move(version);
    source_->commit = std::move(commit);
}

exporter::~exporter() = default;

void exporter::add(observer const& o) {
    source_->all.push_back(&o);
}

void exporter::add(route_counts const& r) {
    source_->routes.push_back(&r);
}

void exporter::ask(std::function<daemon_facts()> facts) {
    source_->facts = std::move(facts);
}

void exporter::count_reload(bool success) {
    ++(success ? source_->reloads_done : source_->reloads_failed);
}

std::string exporter::render() const {
    return prometheus::TextSerializer().Serialize(source_->Collect());
}

}  // namespace weir::metrics
