#include "bench/process_figures.hpp"
#include "bench/sides.hpp"

#include <cstdio>
#include <stdexcept>
#include <thread>

namespace weir::bench {
namespace {

constexpr auto patience = std::chrono::seconds(60);
/// Opened, and kept, before the first look: what the process needs once is not a connection's.
constexpr std::size_t warm_up = 200;
/// Not confirmed: what a client that keeps the rules of the protocol may have open by default.
constexpr std::size_t kept_messages = 256;

std::string idle_configuration() {
    return daemon_side::configuration(
        "heartbeat: {interval: 5s, timeout: 4s, min: 1s, max: 60s}\n"
        "session: {resume_window: 10m,\n"
        "          detached: {per_ip: 100000, per_user: 100000, total: 900000}}\n",
        ", history: {messages: 100}");
}

class idle_load {
public:
    explicit idle_load(options const& o)
        : server_(o, idle_configuration()), topics_(o.topics), open_rate_(o.open_rate) {
        connect();
    }
    /// Cuts all connections, and begins with none.
    void connect() {
        load_.reset();
        answered_ = 0;
        load_ = std::make_unique<load_engine>(server_.where());
        load_->set_handler([this](std::size_t, std::string_view text) {
            if (text.starts_with(R"({"type":"error")")) {
                throw std::runtime_error("the server answered " + std::string(text));
            }
            if (text.starts_with(R"({"type":"ok")")) ++answered_;
            if (text.starts_with(R"({"type":"message")")) ++received_;
        });
    }

    void open(std::size_t count) {
        auto const first = load_->size();
        load_->open(count, true, open_rate_);
        for (std::size_t i = first; i != load_->size(); ++i) {
            for (std::size_t t = 0; t != topics_; ++t) {
                load_->send_text(i, R"({"type":"subscribe","id":1,"topic":"bench.idle.)" +
                                        std::to_string(t) + "\"}");
            }
        }
        wait([&] { return answered_ == load_->size() * topics_; });
    }
    void exchange(std::size_t messages) {
        for (std::size_t m = 0; m != messages; ++m) {
            auto const wanted = received_ + load_->size();
            load_->send_text(0, R"({"type":"publish","topic":"bench.idle.0","payload":{"n":1}})");
            wait([&] { return received_ >= wanted; });
        }
    }
    /// One message in each topic.
    void tell_all_topics() {
        auto const wanted = received_ + load_->size() * topics_;
        for (std::size_t t = 0; t != topics_; ++t) {
            load_->send_text(0, R"({"type":"publish","topic":"bench.idle.)" + std::to_string(t) +
                                    R"(","payload":{"n":1}})");
        }
        wait([&] { return received_ >= wanted; });
    }
    /// The answers to the subscribes and so many messages are not kept any longer.
    void confirm(std::size_t messages) {
        auto const count = std::to_string(messages + topics_);
        auto const text = R"({"type":"received","count":)" + count + "}";
        for (std::size_t i = 0; i != load_->size(); ++i) load_->send_text(i, text);
    }
    /// Lets time pass with pings answered.
    void rest(double seconds) {
        auto const until =
            load_engine::clock::now() + std::chrono::duration_cast<load_engine::clock::duration>(
                                            std::chrono::duration<double>(seconds));
        load_->run_until([&] { return load_engine::clock::now() >= until; }, until);
    }
    double memory() const {
        auto const bytes = server_.memory();
        if (!bytes) throw std::runtime_error("the server's memory is not known without --metrics");
        return *bytes;
    }
    double cpu() const { return server_.cpu().value_or(cpu_time()).total(); }

private:
    void wait(std::function<bool()> const& done) {
        if (!load_->run_until(done, load_engine::clock::now() + patience)) {
            throw std::runtime_error("the daemon did not answer in time");
        }
    }
    measured_server server_;
    std::unique_ptr<load_engine> load_;
    std::size_t topics_;
    double open_rate_ = 0;
    std::size_t answered_ = 0;
    std::uint64_t received_ = 0;
};

/// Of a server that runs already: only what costs it nothing but the sessions.
int run_idle_of_url(options const& o) {
    idle_load idle(o);
    double const before = idle.memory();
    progress("opening " + std::to_string(o.connections) + " connections");
    idle.open(o.connections);
    idle.rest(1);
    auto const count = static_cast<double>(o.connections);
    double const subscribed = (idle.memory() - before) / count;
    progress("watching");
    double const cpu = idle.cpu();
    idle.rest(o.heartbeat_seconds);
    report out("idle: " + std::to_string(o.connections) + " sessions with " +
               std::to_string(o.topics) + (o.topics == 1 ? " topic" : " topics"));
    out.note("server", o.url);
    out.add("resident memory per session", subscribed, "bytes");
    out.add("CPU while they idle", (idle.cpu() - cpu) / o.heartbeat_seconds * 100, "%");
    out.print(o.json);
    return 0;
}

}  // namespace

int run_idle(options const& o) try {
    raise_descriptors();
    if (!o.url.empty()) return run_idle_of_url(o);
    keep_to_cpu(o.load_cpu);
    idle_load idle(o);
    idle.open(warm_up);
    idle.exchange(1);
    idle.confirm(1);
    idle.rest(1);
    double const before = idle.memory();
    progress("opening " + std::to_string(o.connections) + " connections");
    idle.open(o.connections);
    idle.rest(1);
    auto const count = static_cast<double>(o.connections);
    double const subscribed = (idle.memory() - before) / count;
    idle.exchange(o.acknowledged);
    idle.confirm(o.acknowledged);
    idle.rest(1);
    double const after = (idle.memory() - before) / count;
    progress("watching heartbeats");
    double const cpu_before = idle.cpu();
    idle.rest(o.heartbeat_seconds);
    double const pairs = (count + static_cast<double>(warm_up)) * o.heartbeat_seconds / 5.0;
    double const pair = (idle.cpu() - cpu_before) * 1e6 / pairs;

    progress("keeping messages");
    double const unkept = idle.memory();
    idle.exchange(kept_messages);
    idle.rest(1);
    double const kept = (idle.memory() - unkept) / (count * kept_messages);
    // As many again come: they take the place of the connections, and the sessions stay.
    progress("cutting all, and opening as many again");
    double const connected = idle.memory();
    idle.connect();
    idle.open(o.connections + warm_up);
    idle.rest(1);
    auto const all = static_cast<double>(o.connections + warm_up);
    double const detached = (idle.memory() - connected) / all;
    progress("letting those without a connection miss something");
    double const up_to_date = idle.memory();
    idle.tell_all_topics();
    idle.rest(1);
    double const lagging = (idle.memory() - up_to_date) / (all * static_cast<double>(o.topics));

    report out("idle: " + std::to_string(o.connections) + " sessions with " +
               std::to_string(o.topics) + (o.topics == 1 ? " topic" : " topics"));
    out.note("configuration", idle_configuration());
    out.add("user-space memory per session", subscribed, "bytes");
    out.add("after " + std::to_string(o.acknowledged) + " acknowledged messages", after, "bytes");
    out.add("CPU per heartbeat pair (every 5 s)", pair, "us");
    out.add("a message that is kept for a replay", kept, "bytes");
    out.add("a session without its connection", detached, "bytes");
    out.add("each of its topics, once it lags", lagging, "bytes");
    out.print(o.json);
    return 0;
} catch (std::exception const& e) {
    return complain(e);
}

}  // namespace weir::bench
