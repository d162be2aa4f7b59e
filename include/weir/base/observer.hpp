#pragma once

#include <weir/base/close_reason.hpp>
#include <weir/base/error.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace weir {

/// A number with one writing thread and any number of readers: a plain load and store for its
/// writer, no lock and no bus-locked instruction on the hot path.
class single_writer {
public:
    void add(std::uint64_t n = 1) noexcept {
        value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
    }
    void sub(std::uint64_t n = 1) noexcept {
        value_.store(value_.load(std::memory_order_relaxed) - n, std::memory_order_relaxed);
    }
    void set(std::uint64_t n) noexcept { value_.store(n, std::memory_order_relaxed); }
    std::uint64_t read() const noexcept { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> value_{0};
};

/// A histogram of seconds over fixed bounds: 100 µs · 2^k, k = 0…15 (to 3.3 s), then +Inf.
class seconds_histogram {
public:
    static constexpr std::size_t buckets = 17;
    static constexpr double bound(std::size_t k) noexcept {
        return 0.0001 * static_cast<double>(std::uint64_t{1} << k);
    }
    void observe(std::int64_t nanoseconds) noexcept;
    std::uint64_t count(std::size_t bucket) const noexcept { return counts_[bucket].read(); }
    double sum() const noexcept { return static_cast<double>(sum_nanoseconds_.read()) * 1e-9; }

private:
    std::array<single_writer, buckets> counts_;
    single_writer sum_nanoseconds_;
};

enum class transport_kind : std::uint8_t { websocket, sse, poll };
inline constexpr std::size_t transport_kind_count = 3;
std::string_view to_string(transport_kind k) noexcept;

/// Why a handshake did not become a connection.
enum class handshake_refusal : std::uint8_t {
    bad_request,
    origin,
    not_found,
    method,
    upgrade_required,
    too_large,
    rate_limited,
    per_ip,
    connections,
    draining,
    timeout,
    tls,
    memory,
};
inline constexpr std::size_t handshake_refusal_count = 13;
std::string_view to_string(handshake_refusal r) noexcept;

/// Which client message came in; `invalid` is one that could not be read.
enum class command_type : std::uint8_t {
    hello,
    auth,
    subscribe,
    unsubscribe,
    publish,
    sync,
    history,
    presence,
    call,
    received,
    ping,
    pong,
    unknown,
    invalid,
};
inline constexpr std::size_t command_type_count = 14;
std::string_view to_string(command_type t) noexcept;

enum class publish_source : std::uint8_t { client, api };
inline constexpr std::size_t publish_source_count = 2;
std::string_view to_string(publish_source s) noexcept;

/// Why a message did not reach a subscriber. Those that a `gap` declares are counted here too.
enum class drop_reason : std::uint8_t {
    outbox_full,
    closed,
    slow,
    detached,
    volatile_message,
    conflated
};
inline constexpr std::size_t drop_reason_count = 6;
std::string_view to_string(drop_reason r) noexcept;

/// Why messages are missing at a place, as a `gap` or a receipt says it (contract: Continuity).
enum class gap_reason : std::uint8_t {
    expired,   ///< older than the history's age
    trimmed,   ///< pushed out of the history by newer ones, or never kept
    epoch,     ///< the topic's log began anew
    slow,      ///< the subscriber did not read in time
    bus,       ///< the link between nodes was lost
    detached,  ///< came while the client was away, beyond what is collected
};
inline constexpr std::size_t gap_reason_count = 6;
std::string_view to_string(gap_reason r) noexcept;

/// What came of a wish to resume a session.
enum class resume_result : std::uint8_t { resumed, expired, overflow, unknown, secret, user, lost };
inline constexpr std::size_t resume_result_count = 7;
std::string_view to_string(resume_result r) noexcept;

enum class limit_kind : std::uint8_t {
    messages,
    messages_per_user,
    handshakes,
    handshakes_per_ip,
    http_requests_per_ip,
    connections,
    connections_per_ip,
    connections_per_user,
    subscriptions,
    topics,
    errors,
    message_bytes,
    api,
    detached_per_ip,
    detached_per_user,
    detached,
    state_keys,
    history_bytes,
    dedupe,
    presence,
    memory,
    backlog,
};
inline constexpr std::size_t limit_kind_count = 22;
std::string_view to_string(limit_kind l) noexcept;

/// What is done, in this order, as memory fills up (ADR 0018).
enum class memory_step : std::uint8_t {
    tails,       ///< tails and caches are shrunk
    detached,    ///< a detached session is ended, the oldest first
    handshakes,  ///< a handshake is refused
    consumers,   ///< a connection is closed, the one that holds the most first
    publishes,   ///< a publish is refused
};
inline constexpr std::size_t memory_step_count = 5;
/// From how many hundredths of limits.memory on each is done.
inline constexpr std::array<std::uint64_t, memory_step_count> memory_step_begins = {70, 75, 80, 85,
                                                                                    92};
std::string_view to_string(memory_step s) noexcept;

enum class saving : std::uint8_t { compression };
inline constexpr std::size_t saving_count = 1;
std::string_view to_string(saving s) noexcept;

/// Everything one shard (or the control thread) counts, written by that thread alone and summed
/// by whoever exports it. Levels below the exporter know only this: no registry, no names.
struct observer {
    std::array<single_writer, transport_kind_count> connections;  // gauge
    std::array<single_writer, transport_kind_count> opened;
    std::array<single_writer, close_reason_count> closed;
    std::array<single_writer, handshake_refusal_count> refused;
    single_writer sessions_attached;  // gauge
    single_writer sessions_detached;  // gauge
    std::array<single_writer, command_type_count> received;
    std::array<single_writer, publish_source_count> published;
    std::array<single_writer, transport_kind_count> delivered;
    std::array<single_writer, drop_reason_count> dropped;
    std::array<single_writer, gap_reason_count> gaps;
    std::array<single_writer, resume_result_count> resumes;
    std::array<single_writer, limit_kind_count> limited;
    std::array<single_writer, errc_count> errors;
    std::array<single_writer, memory_step_count> memory_steps;
    std::array<single_writer, saving_count> saved_bytes;
    single_writer received_bytes;
    single_writer sent_bytes;
    single_writer outbox_bytes;   // gauge
    single_writer replay_bytes;   // gauge
    single_writer topics;         // gauge, counted at the topic's home
    single_writer subscriptions;  // gauge
    single_writer lagging;        // gauge: subscriptions that are fed from a log
    single_writer history_bytes;  // gauge, counted at the topic's home
    seconds_histogram publish_to_write;
    seconds_histogram heartbeat_rtt;
    seconds_histogram loop_lag;
};

template <std::size_t N, class Enum>
single_writer& at(std::array<single_writer, N>& row, Enum e) noexcept {
    return row[static_cast<std::size_t>(e)];
}
template <std::size_t N, class Enum>
single_writer const& at(std::array<single_writer, N> const& row, Enum e) noexcept {
    return row[static_cast<std::size_t>(e)];
}

}  // namespace weir
