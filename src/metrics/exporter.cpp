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
        daemon_facts(w);
        add_process_facts(w);
        return w.take();
    }

    std::vector<observer const*> all;
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
        w.counters<close_reason>("weir_connections_closed_total", "Connections that ended, by why.",
                                 "reason", &observer::closed,
                                 [](close_reason r) { return describe(r).label; });
        w.counters<handshake_refusal>("weir_handshakes_rejected_total",
                                      "Handshakes that did not become a connection.", "reason",
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
                                   "Messages that the broker took.", "source", &observer::published,
                                   named());
        w.counters<transport_kind>("weir_messages_delivered_total",
                                   "Messages that were committed to a write.", "transport",
                                   &observer::delivered, named());
        w.counters<drop_reason>("weir_messages_dropped_total", "Messages that were not delivered.",
                                "reason", &observer::dropped, named());
        w.counters<gap_reason>("weir_gaps_total", "Gaps that subscribers were told of.", "reason",
                               &observer::gaps, named());
        w.counters<resume_result>("weir_resumes_total", "Wishes to resume a session.", "result",
                                  &observer::resumes, named());
        w.counters<limit_kind>("weir_rate_limited_total", "Refusals by a limit.", "limit",
                               &observer::limited, named());
        w.counters<errc>("weir_errors_total", "Error answers.", "code", &observer::errors, named());
        w.histogram("weir_publish_to_write_seconds",
                    "From the reading of a publish to the end of its last write on a shard.",
                    &observer::publish_to_write);
        w.histogram("weir_heartbeat_rtt_seconds", "From a ping to its pong.",
                    &observer::heartbeat_rtt);
    }

    static void sizes(family_writer& w) {
        w.counter("weir_received_bytes_total", "Bytes from clients.", &observer::received_bytes);
        w.counter("weir_sent_bytes_total", "Bytes to clients.", &observer::sent_bytes);
        w.counters<saving>("weir_saved_bytes_total", "Bytes that need not be sent or kept.", "by",
                           &observer::saved_bytes, named());
        w.gauge("weir_outbox_bytes", "Waiting to be sent.", &observer::outbox_bytes);
        w.gauge("weir_replay_bytes", "Sent, and kept for a resume.", &observer::replay_bytes);
        w.gauge("weir_topics", "Topics.", &observer::topics);
        w.gauge("weir_subscriptions", "Subscriptions.", &observer::subscriptions);
        w.gauge("weir_lagging_subscriptions", "Subscriptions that are fed from a log.",
                &observer::lagging);
        w.gauge("weir_history_bytes", "Logs and states of topics.", &observer::history_bytes);
        w.histogram("weir_loop_lag_seconds", "How late a shard's timer is.", &observer::loop_lag);
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

    void daemon_facts(family_writer& w) const {
        w.value("weir_log_dropped_total", "Log lines lost because the queue was full.",
                MetricType::Counter, static_cast<double>(log::dropped()));
        w.value("weir_broker_up", "1 while the broker can be reached.", MetricType::Gauge, 1);
        auto& reloads = w.family("weir_config_reloads_total", "Reloads of the configuration.",
                                 MetricType::Counter);
        family_writer::add(reloads, static_cast<double>(reloads_done), {{"result", "success"}});
        family_writer::add(reloads, static_cast<double>(reloads_failed), {{"result", "failure"}});
        w.value("weir_build_info", "Always 1; the labels tell.", MetricType::Gauge, 1,
                {{"version", version}, {"commit", commit}});
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

void exporter::count_reload(bool success) {
    ++(success ? source_->reloads_done : source_->reloads_failed);
}

std::string exporter::render() const {
    return prometheus::TextSerializer().Serialize(source_->Collect());
}

}  // namespace weir::metrics
