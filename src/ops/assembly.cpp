#include <weir/base/assert.hpp>
#include <weir/ops/assembly.hpp>
#include <weir/ops/available_memory.hpp>

#include <algorithm>
#include <thread>

namespace weir::ops {
namespace {

std::vector<right> rights(config::access const& a) {
    std::vector<right> any_of;
    if (a.anyone) any_of.push_back(right::anyone);
    if (a.authenticated) any_of.push_back(right::authenticated);
    if (a.owner) any_of.push_back(right::owner);
    if (any_of.empty()) any_of.push_back(right::nobody);
    return any_of;
}

session_settings make_session_settings(config::settings const& s) {
    session_settings out;
    out.anonymous = s.auth.anonymous;
    out.heartbeat.interval = s.heartbeat.interval;
    out.heartbeat.timeout = s.heartbeat.timeout;
    out.heartbeat.min = s.heartbeat.min;
    out.heartbeat.max = s.heartbeat.max;
    out.hello_timeout = s.session.hello_timeout;
    out.resume_window = s.session.resume_window;
    out.dedupe_window = s.dedupe_window;
    out.idle_timeout = s.session.idle_timeout;
    out.max_lifetime = s.session.max_lifetime;
    out.messages_per_second = static_cast<std::uint32_t>(s.limits.messages_per_second);
    out.subscriptions_max = static_cast<std::uint32_t>(s.limits.subscriptions);
    out.errors_per_minute = static_cast<std::uint32_t>(s.limits.errors);
    out.message_bytes = s.limits.message_bytes;
    out.ring.outbox_bytes = s.limits.outbox_bytes;
    // Where nothing is resumed, what was sent is of no use any more.
    if (s.session.resume_window.count() > 0) {
        out.ring.replay_frames = s.session.replay.messages;
        out.ring.replay_bytes = s.session.replay.bytes;
    }
    return out;
}

detached_limits make_detached_limits(config::settings const& s) {
    return {.per_ip = s.session.detached.per_ip,
            .per_user = s.session.detached.per_user,
            .total = s.session.detached.total};
}

state_kind kind_of_state(config::state_kind kind) {
    switch (kind) {
        case config::state_kind::none:
            return state_kind::none;
        case config::state_kind::last:
            return state_kind::last;
        case config::state_kind::keyed:
            return state_kind::keyed;
    }
    WEIR_ASSERT(false);
}

slow_policy policy_for_slow(config::slow_kind kind) {
    switch (kind) {
        case config::slow_kind::disconnect:
            return slow_policy::disconnect;
        case config::slow_kind::drop_oldest:
            return slow_policy::drop_oldest;
        case config::slow_kind::conflate:
            return slow_policy::conflate;
    }
    WEIR_ASSERT(false);
}

topic_policy make_policy(config::topic_rule const& rule) {
    topic_policy out;
    // Without history its bytes and age are defaults that say nothing.
    if (rule.history.messages != 0) {
        out.history = {.messages = static_cast<std::uint32_t>(rule.history.messages),
                       .bytes = rule.history.bytes,
                       .age = rule.history.age};
    }
    out.state = kind_of_state(rule.state.kind);
    out.state_keys = static_cast<std::uint32_t>(rule.state.keys);
    out.slow = policy_for_slow(rule.slow);
    out.presence = rule.presence;
    out.rate = static_cast<double>(rule.rate) / 1000;
    return out;
}

directory_limits make_directory_limits(config::settings const& s) {
    return {
        .connections = s.limits.connections,
        .connections_per_ip = s.limits.connections_per_ip,
        .connections_per_user = s.limits.connections_per_user,
        .handshakes_per_ip_per_second = static_cast<double>(s.limits.handshakes_per_ip_per_second),
        .http_requests_per_ip_per_second =
            static_cast<double>(s.limits.http_requests_per_ip_per_second),
        .messages_per_second_per_user = static_cast<double>(s.limits.messages_per_second_per_user)};
}

}  // namespace

result<live_settings_ptr> make_live_settings(config::settings const& s) {
    auto live = std::make_shared<live_settings>();
    live->session = make_session_settings(s);

    std::vector<topic_rule> rules;
    for (config::topic_rule const& r : s.topics) {
        rules.push_back({r.match, rights(r.subscribe), rights(r.publish), make_policy(r)});
    }
    live->rules = rule_set(std::move(rules));

    if (s.auth.jwt.key.given()) {
        live->verifier = auth::make_jwt_verifier({.secret = s.auth.jwt.key.value,
                                                  .issuer = s.auth.jwt.issuer,
                                                  .audience = s.auth.jwt.audience,
                                                  .user_claim = s.auth.jwt.user_claim,
                                                  .leeway = s.auth.jwt.leeway});
    }
    auto origins = http::origin_policy::parse(s.origins);
    if (!origins) return origins.error();
    live->origins = std::move(*origins);
    live->handshakes_per_second = static_cast<double>(s.limits.handshakes_per_second);
    live->directory = make_directory_limits(s);
    live->detached = make_detached_limits(s);
    live->memory_limit = memory_limit_bytes(s.limits.memory, available_memory());
    live->compression = s.compression.enabled;
    live->compression_min_bytes = s.compression.min_bytes;
    if (auto const& files = s.listen.public_listener.tls; files.on()) {
        auto context = load_server_tls(files.certificate, files.key);
        if (!context) return context.error();
        live->tls = std::move(*context);
    }
    return live_settings_ptr(std::move(live));
}

unsigned shards_for(unsigned cores) noexcept {
    return std::clamp(cores, 1U, shard_settings::shards_max);
}

shard_settings make_shard_settings(config::settings const& s) {
    shard_settings out;
    out.shards = s.shards != 0 ? s.shards : shards_for(std::thread::hardware_concurrency());
    out.address = s.listen.public_listener.address;
    out.port = s.listen.public_listener.port;
    switch (s.broker.kind) {
        case config::broker_kind::memory:
            out.broker = broker_kind::memory;
    }
    out.topics_max = s.limits.topics;
    // Acknowledged messages are not dropped for the sake of memory, so they may not fill it.
    auto const memory = memory_limit_bytes(s.limits.memory, available_memory());
    out.history_bytes_max = std::min<std::uint64_t>(s.limits.history_bytes, memory / 2);
    out.backlog_messages_max = s.limits.backlog.messages;
    out.backlog_bytes_max = s.limits.backlog.bytes;
    out.dedupe_window = s.dedupe_window;
    return out;
}

}  // namespace weir::ops
