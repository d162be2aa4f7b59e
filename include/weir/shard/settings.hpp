#pragma once

#include <weir/async/tls_context.hpp>
#include <weir/auth/identity.hpp>
#include <weir/http/origin.hpp>
#include <weir/http/response.hpp>
#include <weir/message/dialect.hpp>
#include <weir/session/detached_sessions.hpp>
#include <weir/session/directory.hpp>
#include <weir/session/session.hpp>
#include <weir/topic/rules.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace weir {

/// What a reload may change. Immutable once shared; every shard holds a reference to the newest.
struct live_settings {
    session_settings session;
    rule_set rules{{}};
    std::shared_ptr<auth::verifier const> verifier;  ///< null: no token is accepted
    http::origin_policy origins;
    double handshakes_per_second = 1000;  ///< of the whole process
    directory_limits directory;
    detached_limits detached;
    std::size_t memory_limit = std::numeric_limits<std::size_t>::max();  ///< of the process
    bool compression = true;
    std::size_t compression_min_bytes = 256;
    tls_context tls;  ///< null: plain
};
using live_settings_ptr = std::shared_ptr<live_settings const>;

/// Where the order of topics is made.
enum class broker_kind : std::uint8_t { memory };

/// A dialect that a server speaks, and the WebSocket subprotocol by which a client chooses it.
struct dialect_choice {
    std::string subprotocol;
    std::unique_ptr<dialect> (*make)() = nullptr;  ///< called once for each shard
};

/// What stays for the life of the process.
struct shard_settings {
    static constexpr unsigned shards_max = 256;  ///< what a session id can name
    unsigned shards = 1;
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;  ///< 0: the kernel chooses, see shard_set::port()
    broker_kind broker = broker_kind::memory;
    std::size_t topics_max = 1'000'000;
    /// Messages that wait for one shard or for their fan-out there; above either bound publishes
    /// that would reach it are refused.
    std::size_t backlog_messages_max = 100'000;
    std::size_t backlog_bytes_max = std::size_t{64} << 20;
    std::size_t history_bytes_max = std::size_t{1} << 30;  ///< logs and states of all topics
    milliseconds dedupe_window{300'000};
    /// In the order of dialect_id, at most dialects_max. The first is for clients that choose none.
    std::vector<dialect_choice> dialects{{"weir.v1.json", make_json_dialect}};
    /// Told of sessions and topics, on the threads of the shards; null: nobody listens.
    lifecycle_listener* lifecycle = nullptr;
    /// Development mode: a page on a foreign name that resolves to this machine (DNS rebinding) is
    /// refused, by the Host that it sends.
    bool development = false;
    /// GET pages of the public listener beside the protocol's own endpoints (development mode).
    std::map<std::string, http::response, std::less<>> pages;
};

}  // namespace weir
