#include <weir/ops/assembly.hpp>

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
    out.idle_timeout = s.session.idle_timeout;
    out.max_lifetime = s.session.max_lifetime;
    out.messages_per_second = static_cast<std::uint32_t>(s.limits.messages_per_second);
    out.subscriptions_max = static_cast<std::uint32_t>(s.limits.subscriptions);
    out.errors_per_minute = static_cast<std::uint32_t>(s.limits.errors);
    out.message_bytes = s.limits.message_bytes;
    out.ring.outbox_bytes = s.limits.outbox_bytes;
    return out;
}

directory_limits make_directory_limits(config::settings const& s) {
    return {
        .connections = s.limits.connections,
        .connections_per_ip = s.limits.connections_per_ip,
        .connections_per_user = s.limits.connections_per_user,
        .handshakes_per_ip_per_second = static_cast<double>(s.limits.handshakes_per_ip_per_second),
        .messages_per_second_per_user = static_cast<double>(s.limits.messages_per_second_per_user)};
}

}  // namespace

result<live_settings_ptr> make_live_settings(config::settings const& s) {
    auto live = std::make_shared<live_settings>();
    live->session = make_session_settings(s);

    std::vector<topic_rule> rules;
    for (config::topic_rule const& r : s.topics) {
        rules.push_back({r.match, rights(r.subscribe), rights(r.publish)});
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
    live->people = make_directory_limits(s);
    live->compression = s.compression.enabled;
    live->compression_min_bytes = s.compression.min_bytes;
    if (auto const& files = s.listen.public_listener.tls; files.on()) {
        auto context = load_server_tls(files.certificate, files.key);
        if (!context) return context.error();
        live->tls = std::move(*context);
    }
    return live_settings_ptr(std::move(live));
}

shard_settings make_shard_settings(config::settings const& s) {
    shard_settings out;
    out.shards = s.shards != 0 ? s.shards : std::max(1U, std::thread::hardware_concurrency());
    out.address = s.listen.public_listener.address;
    out.port = s.listen.public_listener.port;
    out.topics_max = s.limits.topics;
    return out;
}

}  // namespace weir::ops
