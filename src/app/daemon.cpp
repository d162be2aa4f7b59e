#include "app/daemon.hpp"

#include "app/demo_page.hpp"
#include "app/startup_report.hpp"

#include <weir/async/certificate_expiry.hpp>
#include <weir/base/log.hpp>
#include <weir/base/version.hpp>
#include <weir/ops/assembly.hpp>
#include <weir/ops/descriptors.hpp>
#include <weir/ops/drain.hpp>
#include <weir/ops/memory_trim.hpp>
#include <weir/ops/readiness.hpp>
#include <weir/ops/signals.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <csignal>
#include <cstdio>

namespace weir::app {
namespace asio = boost::asio;

namespace {

std::vector<api::api_key> api_keys(config::settings const& s) {
    std::vector<api::api_key> keys;
    for (config::api_key const& k : s.api.keys) {
        keys.push_back({k.name, k.key.value, k.scopes, static_cast<double>(k.requests_per_second)});
    }
    return keys;
}

api::api_limits api_limits(config::settings const& s) {
    api::api_limits limits;
    limits.message_bytes = s.limits.message_bytes;
    limits.requests_per_second = static_cast<double>(s.api.requests_per_second);
    return limits;
}

}  // namespace

daemon::daemon(config::sources sources, config::loaded loaded)
    : sources_(std::move(sources)),
      settings_(std::move(loaded.values)),
      development_(loaded.development),
      started_at_(read_clocks().wall),
      signals_(control_, SIGTERM, SIGINT, SIGHUP),
      trim_timer_(control_),
      tasks_(control_.get_executor()) {}

daemon::~daemon() = default;

int daemon::run() {
    if (!start()) return exit_usage;
    announce();
    tasks_.spawn("signals", watch_signals());
    tasks_.spawn("memory", ops::return_freed_memory(trim_timer_, ended_));
    internal_->start();
    notifier_.ready(serving());
    control_.run();
    shards_.reset();
    log::info("stopped", {{"status", status_}});
    return status_;
}

/// Everything that can fail for a reason that the operator can fix, before the first client.
bool daemon::start() {
    auto const live = ops::make_live_settings(settings_);
    if (!live) return fail(live.error());
    auto fixed = ops::make_shard_settings(settings_);
    fixed.development = development_;
    if (development_) fixed.pages = demo_pages();
    public_tls_ = (*live)->tls;
    shards_ = std::make_unique<shard_set>(control_.get_executor(), std::move(fixed), *live);

    auto const& inside = settings_.listen.internal_listener;
    auto internal_tls = ops::load_tls(inside.tls);
    if (!internal_tls) return fail(internal_tls.error());
    add_routes();
    internal_ = std::make_unique<ops::internal_listener>(control_.get_executor(), routes_);
    internal_->change_hosts(settings_.listen.internal_hosts);
    auto const listening = internal_->listen(inside.address, inside.port, std::move(*internal_tls));
    if (!listening) return fail(listening.error());
    warn_of_descriptors();
    auto const started = shards_->start();
    if (!started) return fail(started.error());
    return true;
}

bool daemon::fail(fault const& why) const {
    report(log_settings(settings_), config::severity::error, why.message);
    return false;
}

void daemon::add_routes() {
    ops::add_health_routes(routes_, *shards_, settings_.limits.connections);

    exporter_ = std::make_unique<metrics::exporter>(std::string(version()), std::string(commit()));
    for (observer const* o : shards_->observers()) exporter_->add(*o);
    exporter_->add(counts_);
    exporter_->ask([this] { return facts(); });
    routes_.on(http::method::get, "/metrics", http::router::plain_action([this](http::request&) {
                   http::response r;
                   r.content_type = "text/plain; version=0.0.4; charset=utf-8";
                   r.body = exporter_->render();
                   return r;
               }));

    api::operations ops;
    ops.drain = [this](std::optional<double> rate) { return begin_drain("POST drain", rate); };
    ops.shed = [this](double share) {
        return shards_->send_away(ops::plan_shed(
            share, shards_->connections(),
            static_cast<double>(settings_.limits.handshakes_per_second), settings_.drain.timeout));
    };
    ops.node = [this] { return node_json(); };
    api_ =
        std::make_unique<api::server_api>(*shards_, counts_, std::move(ops), api_limits(settings_));
    api_->change_keys(api_keys(settings_));
    api_->add_routes(routes_);
    for (route_counts const* r : api_->routes()) exporter_->add(*r);
}

metrics::daemon_facts daemon::facts() const {
    metrics::daemon_facts facts;
    facts.connections_limit = settings_.limits.connections;
    facts.draining = !shards_->accepting();
    auto const certificate = [&facts](std::string_view listener, tls_context const& tls) {
        if (tls) facts.certificates.push_back({listener, certificate_expiry(*tls)});
    };
    certificate("public", public_tls_);
    certificate("internal", internal_->tls());
    return facts;
}

std::string daemon::node_json() const {
    auto const now = read_clocks().wall;
    return R"({"version":")" + std::string(version()) + R"(","commit":")" + std::string(commit()) +
           R"(","started":)" + std::to_string(started_at_) + R"(,"uptime_ms":)" +
           std::to_string(now - started_at_) + R"(,"connections":)" +
           std::to_string(shards_->connections()) + R"(,"draining":)" +
           (shards_->accepting() ? "false" : "true") + "}";
}

void daemon::announce() const {
    auto const& outside = settings_.listen.public_listener;
    log::info("listening", {{"version", version()},
                            {"public", outside.address + ":" + std::to_string(shards_->port())},
                            {"tls", outside.tls.on()},
                            {"internal", settings_.listen.internal_listener.address + ":" +
                                             std::to_string(internal_->port())},
                            {"shards", shards_->observers().size()},
                            {"server_api", !settings_.api.keys.empty()}});
    if (!development_) return;
    std::fprintf(
        stderr,
        "\n"
        "  Weir %.*s in development mode: no configuration file was given, so only this machine\n"
        "  can connect, nobody needs to log in, and everything is allowed.\n"
        "  To go on with logins and rules: weir init, and then what it prints.\n"
        "\n"
        "  Demo      http://%s:%u/\n"
        "  Clients   ws://%s:%u/v1/ws\n"
        "  Metrics   http://%s:%u/metrics\n"
        "\n",
        static_cast<int>(version().size()), version().data(), outside.address.c_str(),
        shards_->port(), outside.address.c_str(), shards_->port(),
        settings_.listen.internal_listener.address.c_str(), internal_->port());
}

void daemon::warn_of_descriptors() const {
    auto const have = ops::raise_descriptor_limit();
    auto const want = settings_.limits.connections + ops::descriptors_aside;
    if (development_ || have >= want) return;
    report(log_settings(settings_), config::severity::warning,
           "limits.connections is " + std::to_string(settings_.limits.connections) +
               ", but this process may open only " + std::to_string(have) +
               " descriptors; raise the limit (LimitNOFILE= under systemd, ulimit -n in a shell) "
               "to " +
               std::to_string(want));
}

asio::awaitable<void> daemon::watch_signals() {
    for (;;) {
        auto const [error, signal] =
            co_await signals_.async_wait(asio::as_tuple(asio::use_awaitable));
        if (error) co_return;
        switch (ops::action_of(signal, draining_)) {
            case ops::signal_action::none:
                break;
            case ops::signal_action::reload:
                reload();
                break;
            case ops::signal_action::drain:
                begin_drain(signal == SIGTERM ? "SIGTERM" : "SIGINT", std::nullopt);
                break;
            case ops::signal_action::stop:
                log::warn("stopping at once");
                internal_->stop();
                control_.stop();
                co_return;
        }
    }
}

milliseconds daemon::begin_drain(std::string cause, std::optional<double> per_second) {
    auto const clients = shards_->connections();
    auto const plan =
        ops::plan_drain(clients, static_cast<double>(settings_.limits.handshakes_per_second),
                        settings_.drain.timeout, per_second);
    if (!draining_) {
        draining_ = true;
        notifier_.stopping("Draining " + std::to_string(clients) + " connections", plan.timeout);
        tasks_.spawn("drain", drain(std::move(cause), plan));
    }
    return plan.spread;
}

asio::awaitable<void> daemon::drain(std::string cause, ops::drain_plan plan) {
    co_await ops::drain(*shards_, std::move(cause), plan);
    internal_->stop();
    signals_.cancel();
    ended_ = true;
    trim_timer_.cancel();
}

std::string daemon::serving() const {
    return "Serving clients on port " + std::to_string(shards_->port()) + ", operators on port " +
           std::to_string(internal_->port());
}

void daemon::reload() {
    notifier_.reloading("Reloading the configuration", read_clocks().mono);
    auto prepared = ops::prepare_reload(sources_, settings_);
    exporter_->count_reload(prepared.has_value());
    if (!prepared) {
        auto const& why = prepared.error().message;
        log::error("reload failed, nothing changed", {{"error", why}});
        notifier_.ready("Reload failed, the old configuration stays: " + why);
        return;
    }
    for (config::change const& c : prepared->changes) {
        bool const applies = c.when == config::applies::now;
        log::write(applies ? log::level::info : log::level::warn,
                   applies ? "reload: applied" : "reload: needs a restart",
                   {{"option", c.path}, {"before", c.before}, {"after", c.after}});
    }
    install(std::move(*prepared));
    log::info("reloaded");
    notifier_.ready(serving());
}

void daemon::install(ops::prepared_reload next) {
    settings_ = std::move(next.settings);
    public_tls_ = next.live->tls;
    shards_->apply(std::move(next.live));
    internal_->change(std::move(next.internal_tls));
    internal_->change_hosts(settings_.listen.internal_hosts);
    api_->change_keys(api_keys(settings_));
    api_->change_limits(api_limits(settings_));
    log::change(log_settings(settings_));
}

}  // namespace weir::app
