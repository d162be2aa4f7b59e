#include "api/state.hpp"

#include <weir/base/log.hpp>
#include <weir/message/json_text.hpp>

#include <algorithm>

namespace weir::api {
namespace {

/// As long as the longer of the two, wherever the first difference is.
bool same_secret(std::string_view a, std::string_view b) noexcept {
    unsigned difference = a.size() == b.size() ? 0 : 1;
    auto const longest = std::max(a.size(), b.size());
    for (std::size_t i = 0; i != longest; ++i) {
        auto const x = i < a.size() ? static_cast<unsigned char>(a[i]) : 0U;
        auto const y = i < b.size() ? static_cast<unsigned char>(b[i]) : 0U;
        difference |= x ^ y;
    }
    return difference == 0;
}

}  // namespace

server_api::server_api(shard_set& shards, observer& counts, operations ops, api_limits limits)
    : state_(std::make_unique<state>(shards, counts, std::move(ops), limits)) {}

server_api::~server_api() = default;

void server_api::change_keys(std::vector<api_key> keys) {
    state_->keys.clear();
    for (api_key& k : keys) {
        state_->keys.push_back({std::move(k), token_bucket(read_clocks().mono)});
    }
}

void server_api::change_limits(api_limits limits) {
    state_->limits = limits;
}

void server_api::add_routes(http::router& r) {
    state_->add_publish_routes(r);
    state_->add_session_routes(r);
    state_->add_query_routes(r);
    state_->add_topic_routes(r);
}

void server_api::state::route(http::router& r, http::method m, std::string_view path,
                              std::string_view scope, member act) {
    // The lambda is no coroutine; it calls one, so its captures need not outlive a suspension.
    r.on(m, "/api/v1/" + std::string(path),
         http::router::action([this, scope, act](http::request& q) { return call(q, scope, act); }),
         m == http::method::post ? limits.body_bytes : 0);
}

asio::awaitable<http::answer> server_api::state::call(http::request& r, std::string_view scope,
                                                      member act) {
    auto told = refuse(r, scope);
    if (!told) told = co_await (this->*act)(r);
    co_return std::move(*told);
}

server_api::state::holder* server_api::state::holder_of(http::request const& r) {
    auto const token = http::bearer_token(r.header("Authorization"));
    if (!token) return nullptr;
    holder* known = nullptr;
    for (holder& h : keys) {  // all of them, so that time does not tell which one was close
        if (same_secret(h.key.secret, *token)) known = &h;
    }
    return known;
}

std::string_view server_api::state::key_name(http::request const& r) {
    holder const* const known = holder_of(r);
    return known == nullptr ? std::string_view() : std::string_view(known->key.name);
}

std::optional<http::response> server_api::state::refuse(http::request const& r,
                                                        std::string_view scope) {
    if (keys.empty()) {
        return http::json_error(404, errc::unsupported,
                                "the server API is off: no api.keys are configured");
    }
    if (!http::bearer_token(r.header("Authorization"))) {
        return error({errc::unauthorized, "Authorization: Bearer KEY is needed"});
    }
    holder* const known = holder_of(r);
    if (known == nullptr) {
        log::limited(log::level::warn, "server API: unknown key", r.peer.to_string(),
                     {{"address", r.peer.to_string()}});
        return error({errc::unauthorized, "unknown key"});
    }
    auto const& scopes = known->key.scopes;
    bool const allowed = std::any_of(scopes.begin(), scopes.end(),
                                     [&](std::string const& s) { return s == scope || s == "*"; });
    if (!allowed) {
        return error({errc::forbidden, "key \"" + known->key.name + "\" has no scope \"" +
                                           std::string(scope) + '"'});
    }
    auto const wait = known->rate.take({limits.requests_per_second, 2 * limits.requests_per_second},
                                       read_clocks().mono);
    if (wait.count() > 0) {
        at(counts.limited, limit_kind::api).add();
        return error({errc::rate_limited, "too many requests with this key", wait});
    }
    return std::nullopt;
}

http::response server_api::state::error(fault const& f) {
    at(counts.errors, f.code).add();
    return http::json_error(f);
}

result<session_target> read_target(body const& b) {
    auto const user = b.text("user", 256);
    if (!user) return user.error();
    auto const session = b.text("session", 64);
    if (!session) return session.error();
    if (user->empty() == session->empty()) {
        return fault{errc::bad_request, "one of `user` and `session` is needed"};
    }
    if (!user->empty()) return session_target{.session = {}, .user = *user};
    auto const id = session_id::parse(*session);
    if (!id) return fault{errc::bad_request, "`session` is not a session id"};
    return session_target{.session = *id, .user = {}};
}

std::string position_json(position const& at) {
    return R"("position":{"epoch":")" + at.epoch.text() + R"(","offset":)" +
           std::to_string(at.offset) + "}";
}

}  // namespace weir::api
