#include "bench/sides.hpp"

#include "bench/process_figures.hpp"

#include <weir/client/json_object.hpp>

#include <algorithm>
#include <stdexcept>

namespace weir::bench {
namespace {

constexpr auto patience = std::chrono::seconds(30);
/// What a server that keeps nothing is taken to keep. Its clients send receipts like the others:
/// the kernel acknowledges later to whoever has ever sent something, and at the server's expense.
constexpr std::uint64_t replay_assumed = 1024;

/// limits.replay_messages of a welcome: so many numbered messages the server keeps.
std::uint64_t replay_of(std::string_view welcome) {
    auto const m = client_engine::json_object::read(welcome);
    auto const payload = m ? m->object("payload") : std::nullopt;
    auto const limits = payload ? payload->object("limits") : std::nullopt;
    return limits ? limits->number("replay_messages").value_or(0) : 0;
}

}  // namespace

void side::receive_from(load_engine& l) {
    l.set_handler([this](std::size_t index, std::string_view text) {
        // Answers are short; what is counted is messages, which the yardstick sends as x's.
        if (text.starts_with(R"({"type":"message")") || text.front() == 'x') {
            ++received_;
            if (waits_ != nullptr) waits_->add((load_engine::clock::now() - sent_).count());
            on_numbered(index);
        } else if (text.starts_with(R"({"type":"error")")) {
            throw std::runtime_error("the daemon answered " + std::string(text));
        }
    });
}

side::round side::run(std::size_t burst, double seconds, latencies& waits) {
    waits_ = &waits;
    auto const began = load_engine::clock::now();
    auto const cpu_before = cpu_of(pid());
    std::uint64_t const before = received_;
    double elapsed = 0;
    do {
        std::uint64_t const wanted = received_ + burst * subscribers_;
        sent_ = load_engine::clock::now();
        send_round(burst);
        if (!load_->run_until([&] { return received_ >= wanted; }, sent_ + patience)) {
            throw std::runtime_error("messages are missing: " + std::to_string(wanted - received_));
        }
        elapsed = std::chrono::duration<double>(load_engine::clock::now() - began).count();
    } while (elapsed < seconds);
    waits_ = nullptr;
    auto const cpu_after = cpu_of(pid());
    auto const deliveries = static_cast<double>(received_ - before);
    return {(cpu_after.total() - cpu_before.total()) * 1e6 / deliveries,
            (cpu_after.user - cpu_before.user) * 1e6 / deliveries, deliveries / elapsed};
}

std::string daemon_side::configuration(std::string const& more, std::string const& kept) {
    return "shards: 1\n"
           "auth: {anonymous: true}\n"
           "topics: [{match: \"**\", subscribe: anyone, publish: anyone" +
           kept +
           "}]\n"
           "limits: {messages_per_second: 1000000, messages_per_second_per_user: 1000000,\n"
           "         handshakes_per_second: 100000, handshakes_per_ip_per_second: 10000}\n"
           "log: {level: warn}\n" +
           more;
}

daemon_side::daemon_side(options const& o) {
    server_.start_daemon(o.binary, configuration(), o.server_cpu);
    load_ = std::make_unique<load_engine>(server_.port());
    subscribers_ = o.connections;
    std::size_t joined = 0;
    counted_.resize(o.connections + 1);
    load_->set_handler([this, &joined](std::size_t index, std::string_view text) {
        if (text.starts_with(R"({"type":"welcome")")) {
            auto const replay = replay_of(text);
            quarter_ = ((replay != 0 ? replay : replay_assumed) + 3) / 4;
        }
        if (!text.starts_with(R"({"type":"ok")")) return;
        ++joined;
        ++counted_[index];
    });
    load_->open(o.connections + 1, true);
    for (std::size_t i = 1; i <= o.connections; ++i) {
        load_->send_text(i, R"({"type":"subscribe","id":1,"topic":"bench.fanout"})");
    }
    if (!load_->run_until([&] { return joined == o.connections; },
                          load_engine::clock::now() + patience)) {
        throw std::runtime_error("not every subscription was answered");
    }
    publish_ = R"({"type":"publish","topic":"bench.fanout","payload":")" +
               std::string(o.bytes - std::min<std::size_t>(o.bytes, 2), 'x') + "\"}";
    receive_from(*load_);
}

void daemon_side::on_numbered(std::size_t index) {
    ++counted_[index];
    if (quarter_ == 0 || counted_[index] % quarter_ != 0) return;
    load_->send_text(index,
                     R"({"type":"received","count":)" + std::to_string(counted_[index]) + "}");
}

void daemon_side::send_round(std::size_t count) {
    burst_.assign(count, publish_);
    load_->send_texts(0, burst_);
}

limit_side::limit_side(options const& o) : bytes_(o.bytes) {
    server_.start_limit_server(o.server_cpu);
    load_ = std::make_unique<load_engine>(server_.port());
    subscribers_ = o.connections;
    load_->open(o.connections + 1, false);
    receive_from(*load_);
}

void limit_side::send_round(std::size_t count) {
    load_->send_bytes(0, "go " + std::to_string(bytes_) + " " + std::to_string(count) + "\n");
}

paired run_paired(side& measured, side* yardstick, options const& o, std::size_t burst) {
    paired p;
    latencies ignored;
    measured.run(burst, 0.3, ignored);  // warm
    if (yardstick != nullptr) yardstick->run(burst, 0.3, ignored);
    for (std::size_t r = 0; r != o.rounds; ++r) {
        progress("round " + std::to_string(r + 1) + " of " + std::to_string(o.rounds));
        side::round a, b;
        if (yardstick != nullptr && r % 2 != 0) b = yardstick->run(burst, o.seconds, ignored);
        a = measured.run(burst, o.seconds, p.waits);
        if (yardstick != nullptr && r % 2 == 0) b = yardstick->run(burst, o.seconds, ignored);
        p.measured.add(a.cpu_microseconds);
        p.user.add(a.user_microseconds);
        p.rate.add(a.per_second);
        if (yardstick == nullptr) continue;
        p.yardstick.add(b.cpu_microseconds);
        p.ratio.add(a.cpu_microseconds / b.cpu_microseconds);
    }
    return p;
}

}  // namespace weir::bench
