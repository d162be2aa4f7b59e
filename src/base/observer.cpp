#include <weir/base/observer.hpp>

#include <bit>

namespace weir {
namespace {

template <class Enum, std::size_t N>
std::string_view name(std::array<std::string_view, N> const& names, Enum e) noexcept {
    return names[static_cast<std::size_t>(e)];
}

}  // namespace

void seconds_histogram::observe(std::int64_t nanoseconds) noexcept {
    auto const ns = nanoseconds < 0 ? 0U : static_cast<std::uint64_t>(nanoseconds);
    // The first k with ns <= 100000 · 2^k.
    std::uint64_t const steps = ns == 0 ? 0 : (ns - 1) / 100'000;
    auto k = static_cast<std::size_t>(std::bit_width(steps));
    if (k > buckets - 1) k = buckets - 1;
    counts_[k].add();
    sum_nanoseconds_.add(ns);
}

std::string_view to_string(transport_kind k) noexcept {
    static constexpr std::array<std::string_view, transport_kind_count> names = {"websocket", "sse",
                                                                                 "poll"};
    return name(names, k);
}

std::string_view to_string(handshake_refusal r) noexcept {
    static constexpr std::array<std::string_view, handshake_refusal_count> names = {
        "bad_request", "origin",       "not_found", "method",      "upgrade_required",
        "too_large",   "rate_limited", "per_ip",    "connections", "draining",
        "timeout",     "tls",          "memory"};
    return name(names, r);
}

std::string_view to_string(command_type t) noexcept {
    static constexpr std::array<std::string_view, command_type_count> names = {
        "hello",    "auth", "subscribe", "unsubscribe", "publish", "sync",    "history",
        "presence", "call", "received",  "ping",        "pong",    "unknown", "invalid"};
    return name(names, t);
}

std::string_view to_string(publish_source s) noexcept {
    return s == publish_source::client ? "client" : "api";
}

std::string_view to_string(drop_reason r) noexcept {
    static constexpr std::array<std::string_view, drop_reason_count> names = {
        "outbox_full", "closed", "slow", "detached", "volatile", "conflated"};
    return name(names, r);
}

std::string_view to_string(gap_reason r) noexcept {
    static constexpr std::array<std::string_view, gap_reason_count> names = {
        "expired", "trimmed", "epoch", "slow", "bus", "detached"};
    return name(names, r);
}

std::string_view to_string(resume_result r) noexcept {
    static constexpr std::array<std::string_view, resume_result_count> names = {
        "resumed", "expired", "overflow", "unknown", "secret", "user", "lost"};
    return name(names, r);
}

std::string_view to_string(limit_kind l) noexcept {
    static constexpr std::array<std::string_view, limit_kind_count> names = {
        "messages_per_second",
        "messages_per_second_per_user",
        "handshakes_per_second",
        "handshakes_per_ip_per_second",
        "http_requests_per_ip_per_second",
        "connections",
        "connections_per_ip",
        "connections_per_user",
        "subscriptions",
        "topics",
        "errors",
        "message_bytes",
        "api",
        "detached_per_ip",
        "detached_per_user",
        "detached",
        "state_keys",
        "history_bytes",
        "dedupe",
        "presence",
        "memory",
        "backlog"};
    return name(names, l);
}

std::string_view to_string(memory_step s) noexcept {
    static constexpr std::array<std::string_view, memory_step_count> names = {
        "tails", "detached", "handshakes", "consumers", "publishes"};
    return name(names, s);
}

std::string_view to_string(saving s) noexcept {
    static constexpr std::array<std::string_view, saving_count> names = {"compression"};
    return name(names, s);
}

}  // namespace weir
