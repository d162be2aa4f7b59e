#pragma once

#include <weir/base/clock.hpp>
#include <weir/base/log.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// What the operator has decided, as plain values in the shape of the file (contract:
/// Configuration). No YAML, no I/O. A value-initialized `settings` is all zero; the defaults live
/// in the option table alone, so get a usable one from default_settings() or load().
namespace weir::config {

/// A value that is never printed. `file` is where it was read from; empty: given inline.
struct secret {
    std::string value;
    std::string file;

    bool given() const noexcept { return !value.empty() || !file.empty(); }
    bool operator==(secret const&) const = default;
};

/// Paths of PEM files; both or neither.
struct tls_files {
    std::string certificate;
    std::string key;

    bool on() const noexcept { return !certificate.empty(); }
    bool operator==(tls_files const&) const = default;
};

struct listener {
    std::string address;     ///< an IP literal
    std::uint16_t port = 0;  ///< 0: whichever is free
    tls_files tls;
    bool operator==(listener const&) const = default;
};

struct listen_settings {
    listener public_listener;
    listener internal_listener;
    std::vector<std::string> internal_hosts;  ///< names it answers to beside its addresses; "*" any
    bool operator==(listen_settings const&) const = default;
};

struct jwt_settings {
    secret key;              ///< HS256; empty: no token is accepted
    std::string issuer;      ///< empty: any
    std::string audience;    ///< empty: any
    std::string user_claim;  ///< the claim that names the user
    milliseconds leeway{0};  ///< clock difference forgiven on exp and iat
    bool operator==(jwt_settings const&) const = default;
};

struct auth_settings {
    bool anonymous = false;
    jwt_settings jwt;
    bool operator==(auth_settings const&) const = default;
};

/// min ≤ interval ≤ max and timeout ≤ interval.
struct heartbeat_settings {
    milliseconds interval{0};
    milliseconds timeout{0};  ///< after a ping, without a sign of life
    milliseconds min{0};      ///< least interval a client may ask for
    milliseconds max{0};
    bool operator==(heartbeat_settings const&) const = default;
};

/// What one session keeps so that it can be sent again.
struct replay_settings {
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;
    bool operator==(replay_settings const&) const = default;
};

/// How many sessions live on without a connection; beyond it the oldest go.
struct detached_settings {
    std::uint64_t per_ip = 0;
    std::uint64_t per_user = 0;
    std::uint64_t total = 0;
    bool operator==(detached_settings const&) const = default;
};

struct session_settings {
    milliseconds hello_timeout{0};
    milliseconds resume_window{0};  ///< 0: sessions end with their connection
    replay_settings replay;
    detached_settings detached;
    milliseconds idle_timeout{0};  ///< 0: never
    milliseconds max_lifetime{0};  ///< 0: never
    bool operator==(session_settings const&) const = default;
};

/// What may wait for one shard before publishes that would reach it are refused.
struct backlog_settings {
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;
    bool operator==(backlog_settings const&) const = default;
};

/// All per process unless the name says otherwise; burst of a rate is twice the rate.
struct limit_settings {
    std::uint64_t connections = 0;
    std::uint64_t connections_per_ip = 0;
    std::uint64_t connections_per_user = 0;
    std::uint64_t handshakes_per_second = 0;
    std::uint64_t handshakes_per_ip_per_second = 0;
    std::uint64_t http_requests_per_ip_per_second = 0;
    std::uint64_t messages_per_second = 0;  ///< per connection
    std::uint64_t messages_per_second_per_user = 0;
    std::uint64_t message_bytes = 0;  ///< the envelope, inflated; at most outbox_bytes
    std::uint64_t outbox_bytes = 0;   ///< per connection
    std::uint64_t subscriptions = 0;  ///< per session
    std::uint64_t topics = 0;
    std::uint64_t history_bytes = 0;  ///< logs and states of all topics
    backlog_settings backlog;
    std::uint64_t memory = 0;  ///< bytes; up to 100: hundredths of what there is
    std::uint64_t errors = 0;  ///< bad_request and unsupported per session and minute
    bool operator==(limit_settings const&) const = default;
};

struct compression_settings {
    bool enabled = false;
    std::uint64_t min_bytes = 0;
    bool operator==(compression_settings const&) const = default;
};

/// Who has a right: any of what is true; nobody when nothing is.
struct access {
    bool anyone = false;         ///< everyone who could connect
    bool authenticated = false;  ///< everyone with a user
    bool owner = false;          ///< the user whose id the topic's {user} segment is

    bool nobody() const noexcept { return !anyone && !authenticated && !owner; }
    bool operator==(access const&) const = default;
};

/// How much of a topic's past is kept. Whichever bound is reached first trims the oldest.
struct history_settings {
    std::uint64_t messages = 0;  ///< 0: no history, and the rest says nothing
    std::uint64_t bytes = 0;
    milliseconds age{0};  ///< 0: as long as the other bounds allow
    bool operator==(history_settings const&) const = default;
};

enum class state_kind : std::uint8_t { none, last, keyed };

/// What a topic knows of its present.
struct state_settings {
    state_kind kind = state_kind::none;
    std::uint64_t keys = 0;  ///< most keys of a keyed state
    bool operator==(state_settings const&) const = default;
};

enum class slow_kind : std::uint8_t { disconnect, drop_oldest, conflate };

/// The first rule whose shape matches a topic counts, and never falls through.
struct topic_rule {
    std::string match;  ///< pattern: `*` one segment, `**` the rest (last), `{user}` one segment
    access subscribe;
    access publish;
    history_settings history;
    state_settings state;
    slow_kind slow = slow_kind::disconnect;
    std::uint64_t rate = 0;  ///< to one subscriber and key, messages in 1000 s; 0: no limit
    bool presence = false;
    bool operator==(topic_rule const&) const = default;
};

enum class broker_kind : std::uint8_t { memory };

struct broker_settings {
    broker_kind kind = broker_kind::memory;
    bool operator==(broker_settings const&) const = default;
};

/// What a server API key may do. The closed set of `scopes`; "*" is all of them.
inline constexpr std::string_view scope_publish = "publish";        ///< publish, publish/batch
inline constexpr std::string_view scope_send = "send";              ///< send
inline constexpr std::string_view scope_disconnect = "disconnect";  ///< disconnect
inline constexpr std::string_view scope_subscribe = "subscribe";    ///< subscribe, unsubscribe
inline constexpr std::string_view scope_read = "read";              ///< every GET
inline constexpr std::string_view scope_operate = "operate";        ///< drain, shed
inline constexpr std::string_view scope_all = "*";

struct api_key {
    std::string name;  ///< unique; for logs and rotation
    secret key;
    std::vector<std::string> scopes;        ///< of the set above, not empty
    std::uint64_t requests_per_second = 0;  ///< 0: that of api_settings
    bool operator==(api_key const&) const = default;
};

struct api_settings {
    std::vector<api_key> keys;              ///< empty: the server API is off
    std::uint64_t requests_per_second = 0;  ///< for each key
    bool operator==(api_settings const&) const = default;
};

struct log_settings {
    log::level level = log::level::trace;
    log::format format = log::format::text;
    bool operator==(log_settings const&) const = default;
};

struct drain_settings {
    milliseconds timeout{0};
    bool operator==(drain_settings const&) const = default;
};

struct settings {
    listen_settings listen;
    std::uint32_t shards = 0;          ///< 0: one a core
    std::vector<std::string> origins;  ///< "same", "https://host[:port]", "https://*.example.com"
    auth_settings auth;
    heartbeat_settings heartbeat;
    session_settings session;
    limit_settings limits;
    compression_settings compression;
    milliseconds dedupe_window{0};
    std::vector<topic_rule> topics;
    broker_settings broker;
    api_settings api;
    log_settings log;
    drain_settings drain;
    bool operator==(settings const&) const = default;
};

/// True for 127.0.0.0/8 and ::1, as text.
bool is_loopback(std::string_view address) noexcept;

}  // namespace weir::config
