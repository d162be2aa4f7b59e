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

side::round side::run(options const& o, double seconds, latencies& waits) {
    waits_ = &waits;
    auto const began = load_engine::clock::now();
    auto const pause = std::chrono::duration_cast<load_engine::clock::duration>(
        std::chrono::duration<double>(o.pace > 0 ? 1 / o.pace : 0));
    auto const cpu_before = server_->cpu();
    std::uint64_t const before = received_;
    double elapsed = 0;
    do {
        std::uint64_t const wanted = received_ + o.burst * subscribers_;
        sent_ = load_engine::clock::now();
        send_round(o.burst);
        if (!load_->run_until([&] { return received_ >= wanted; }, sent_ + patience)) {
            throw std::runtime_error("messages are missing: " + std::to_string(wanted - received_));
        }
        auto const next = sent_ + pause;
        if (o.pace > 0) load_->run_until([&] { return load_engine::clock::now() >= next; }, next);
        elapsed = std::chrono::duration<double>(load_engine::clock::now() - began).count();
    } while (elapsed < seconds);
    waits_ = nullptr;
    auto const cpu_after = server_->cpu();
    auto const deliveries = static_cast<double>(received_ - before);
    round r;
    r.per_second = deliveries / elapsed;
    if (cpu_before && cpu_after) {
        r.cpu_microseconds = (cpu_after->total() - cpu_before->total()) * 1e6 / deliveries;
        if (server_->is_ours()) {
            r.user_microseconds = (cpu_after->user - cpu_before->user) * 1e6 / deliveries;
        }
    }
    return r;
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
    std::string const more =
        o.detached == 0
            ? ""
            : "session: {resume_window: 1h,\n"
              "          detached: {per_ip: 100000, per_user: 900000, total: 900000}}\n";
    server_ = std::make_unique<measured_server>(o, configuration(more));
    memory_at_start_ = server_->memory();
    leave_detached(o);
    load_ = std::make_unique<load_engine>(server_->where());
    subscribers_ = o.connections;
    counted_.resize(o.connections + 1);
    load_->open(o.connections + 1, true, o.open_rate);
    subscribe(*load_, 1, o.topic);
    publish_ = R"({"type":"publish","topic":")" + o.topic + R"(","payload":")" +
               std::string(o.bytes - std::min<std::size_t>(o.bytes, 2), 'x') + "\"}";
    receive_from(*load_);
}

void daemon_side::leave_detached(options const& o) {
    if (o.detached == 0) return;
    progress("leaving " + std::to_string(o.detached) + " sessions detached");
    load_engine gone(server_->where());
    gone.open(o.detached, true, o.open_rate);
    subscribe(gone, 0, o.topic);
}

/// Every connection from `first` on.
void daemon_side::subscribe(load_engine& load, std::size_t first, std::string const& topic) {
    std::size_t joined = 0;
    load.set_handler([this, &joined](std::size_t index, std::string_view text) {
        if (text.starts_with(R"({"type":"welcome")")) {
            auto const replay = replay_of(text);
            quarter_ = ((replay != 0 ? replay : replay_assumed) + 3) / 4;
        }
        if (text.starts_with(R"({"type":"error")")) {
            throw std::runtime_error("the daemon answered " + std::string(text));
        }
        if (!text.starts_with(R"({"type":"ok")")) return;
        ++joined;
        if (index < counted_.size()) ++counted_[index];
    });
    for (std::size_t i = first; i != load.size(); ++i) {
        load.send_text(i, R"({"type":"subscribe","id":1,"topic":")" + topic + "\"}");
    }
    if (!load.run_until([&] { return joined == load.size() - first; },
                        load_engine::clock::now() + patience)) {
        throw std::runtime_error("not every subscription was answered");
    }
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
    server_ = std::make_unique<measured_server>(o.server_cpu);
    load_ = std::make_unique<load_engine>(server_->where());
    subscribers_ = o.connections;
    load_->open(o.connections + 1, false);
    receive_from(*load_);
}

void limit_side::send_round(std::size_t count) {
    load_->send_bytes(0, "go " + std::to_string(bytes_) + " " + std::to_string(count) + "\n");
}

paired run_paired(side& measured, side* yardstick, options const& o) {
    paired p;
    latencies ignored;
    measured.run(o, 0.3, ignored);  // warm
    if (yardstick != nullptr) yardstick->run(o, 0.3, ignored);
    for (std::size_t r = 0; r != o.rounds; ++r) {
        progress("round " + std::to_string(r + 1) + " of " + std::to_string(o.rounds));
        side::round a, b;
        if (yardstick != nullptr && r % 2 != 0) b = yardstick->run(o, o.seconds, ignored);
        a = measured.run(o, o.seconds, p.waits);
        if (yardstick != nullptr && r % 2 == 0) b = yardstick->run(o, o.seconds, ignored);
        p.rate.add(a.per_second);
        if (a.cpu_microseconds) p.measured.add(*a.cpu_microseconds);
        if (a.user_microseconds) p.user.add(*a.user_microseconds);
        if (!b.cpu_microseconds || !a.cpu_microseconds) continue;
        // /proc counts in ticks of 10 ms: a short round may have none.
        if (*b.cpu_microseconds == 0) continue;
        p.yardstick.add(*b.cpu_microseconds);
        p.ratio.add(*a.cpu_microseconds / *b.cpu_microseconds);
    }
    return p;
}

}  // namespace weir::bench
