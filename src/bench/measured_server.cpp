#include "bench/measured_server.hpp"

#include <weir/client/http_get.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <charconv>
#include <stdexcept>

namespace weir::bench {
namespace {

constexpr auto patience = std::chrono::seconds(10);

/// http:// or https://, as the client's URL.
ws_url url_of_metrics(std::string const& text) {
    if (!text.starts_with("http")) {
        throw std::runtime_error("--metrics \"" + text +
                                 "\": a URL looks like http://127.0.0.1:8081/metrics");
    }
    auto const parsed = parse_ws_url("ws" + text.substr(4));
    if (!parsed) throw std::runtime_error("--metrics: " + parsed.error().message);
    return *parsed;
}

std::string fetch(ws_url const& from) {
    boost::asio::io_context io{1};
    auto done = boost::asio::co_spawn(
        io, http_get(from, false, std::chrono::steady_clock::now() + patience),
        boost::asio::use_future);
    io.run();
    auto answer = done.get();
    if (!answer) throw std::runtime_error("--metrics: " + answer.error().message);
    if (answer->status != 200) {
        throw std::runtime_error("--metrics: status " + std::to_string(answer->status));
    }
    return std::move(answer->body);
}

}  // namespace

measured_server::measured_server(options const& o, std::string const& yaml)
    : url_(o.url), metrics_(o.metrics) {
    if (!url_.empty()) {
        where_ = endpoint::of_url(url_, o.token, o.verify);
        return;
    }
    process_.start_daemon(o.binary, yaml, o.server_cpu);
    where_ = endpoint::on_loopback(process_.port());
}

measured_server::measured_server(int cpu) {
    process_.start_limit_server(cpu);
    where_ = endpoint::on_loopback(process_.port());
}

std::optional<double> measured_server::metric(std::string const& name) const {
    if (metrics_.empty()) return std::nullopt;
    return metric_in(fetch(url_of_metrics(metrics_)), name);
}

std::optional<cpu_time> measured_server::cpu() const {
    if (url_.empty()) return cpu_of(process_.pid());
    auto const seconds = metric("process_cpu_seconds_total");
    return seconds ? std::optional(cpu_time{.system = *seconds}) : std::nullopt;
}

std::optional<double> measured_server::memory() const {
    if (url_.empty()) return static_cast<double>(private_dirty_of(process_.pid()));
    return metric("process_resident_memory_bytes");
}

std::optional<double> metric_in(std::string_view text, std::string_view name) {
    while (!text.empty()) {
        auto const end = text.find('\n');
        auto line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (!line.starts_with(name) || line.size() <= name.size() || line[name.size()] != ' ') {
            continue;
        }
        line.remove_prefix(name.size() + 1);
        double value = 0;
        auto const [at, error] = std::from_chars(line.data(), line.data() + line.size(), value);
        if (error == std::errc()) return value;
    }
    return std::nullopt;
}

}  // namespace weir::bench
