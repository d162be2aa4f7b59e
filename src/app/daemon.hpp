#pragma once

#include "app/commands.hpp"

#include <weir/api/server_api.hpp>
#include <weir/async/task_group.hpp>
#include <weir/base/observer.hpp>
#include <weir/config/load.hpp>
#include <weir/http/router.hpp>
#include <weir/metrics/exporter.hpp>
#include <weir/ops/drain.hpp>
#include <weir/ops/internal_listener.hpp>
#include <weir/ops/reload.hpp>
#include <weir/ops/service_notifier.hpp>
#include <weir/shard/shard_set.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <optional>
#include <string>

namespace weir::app {

/// The composition root: builds everything from the configuration, runs the control thread
/// (signals, server API, metrics, drain, reload) and takes everything down again. One a process.
class daemon {
public:
    daemon(config::sources sources, config::loaded loaded);
    ~daemon();

    /// Returns the exit status when the daemon has ended.
    int run();

private:
    bool start();
    bool fail(fault const& why) const;  ///< says why; false
    void add_routes();
    void announce() const;
    void warn_of_descriptors() const;
    boost::asio::awaitable<void> watch_signals();
    boost::asio::awaitable<void> drain(std::string cause, ops::drain_plan plan);
    milliseconds begin_drain(std::string cause, std::optional<double> per_second);
    void reload();
    void install(ops::prepared_reload next);
    std::string serving() const;  ///< one line for the service manager
    std::string node_json() const;
    metrics::daemon_facts facts() const;

    config::sources sources_;
    config::settings settings_;
    bool development_;
    wall_ms started_at_;
    boost::asio::io_context control_{1};
    boost::asio::signal_set signals_;
    boost::asio::steady_timer trim_timer_;
    bool ended_ = false;  ///< the drain is over
    task_group tasks_;
    ops::service_notifier notifier_ = ops::service_notifier::from_environment();
    observer counts_;  ///< of the control thread
    std::unique_ptr<shard_set> shards_;
    std::unique_ptr<metrics::exporter> exporter_;
    std::unique_ptr<api::server_api> api_;
    http::router routes_;
    std::unique_ptr<ops::internal_listener> internal_;
    tls_context public_tls_;  ///< null: TLS is off
    bool draining_ = false;
    int status_ = exit_fine;
};

}  // namespace weir::app
