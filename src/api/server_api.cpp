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
    std::vector<state::holder> next;
    for (api_key& k : keys) {
        auto const before =
            std::find_if(state_->keys.begin(), state_->keys.end(),
                         [&k](state::holder const& h) { return h.key.name == k.name; });
        auto const rate =
            before != state_->keys.end() ? before->rate : token_bucket(state_->ops.clock().mono);
        next.push_back({std::move(k), rate});
    }
    state_->keys = std::move(next);
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

std::vector<route_counts const*> server_api::routes() const {
    std::vector<route_counts const*> all;
    for (auto const& r : state_->counted) all.push_back(r.get());
    return all;
}

void server_api::state::route(http::router& r, http::method m, std::string_view path,
                              std::string_view scope, member act) {
    auto& count = *counted.emplace_back(std::make_unique<route_counts>());
    count.method = http::to_string(m);
    count.route = path;
    // The lambda is no coroutine; it calls one, so its captures need not outlive a suspension.
    r.on(m, "/api/v1/" + std::string(path),
         http::router::action(
             [this, scope, act, &count](http::request& q) { return call(q, scope, act, count); }),
         m == http::method::post ? limits.body_bytes : 0);
}

asio::awaitable<http::answer> server_api::state::call(http::request& r, std::string_view scope,
                                                      member act, route_counts& count) {
    auto const began = ops.clock().mono;
    auto told = co_await answer(r, scope, act);
    auto const took = ops.clock().mono - began;
    count.seconds.observe(std::chrono::duration_cast<std::chrono::nanoseconds>(took).count());
    auto const result = told.status < 400   ? answer_class::success
                        : told.status < 500 ? answer_class::client_error
                                            : answer_class::server_error;
    at(count.answers, result).add();
    co_return told;
}

asio::awaitable<http::response> server_api::state::answer(http::request& r, std::string_view scope,
                                                          member act) {
    auto admitted = admit(r, scope);
    if (auto* const refused = std::get_if<http::response>(&admitted)) {
        co_return std::move(*refused);
    }
    // A copy of the name: keys may change while the call waits.
    auto const caller = std::get<holder const*>(admitted)->key.name;
    co_return co_await (this->*act)(r, caller);
}

server_api::state::holder* server_api::state::holder_of(std::string_view secret) {
    holder* known = nullptr;
    for (holder& h : keys) {  // all of them, so that the time taken does not tell which was close
        if (same_secret(h.key.secret, secret)) known = &h;
    }
    return known;
}

std::variant<http::response, server_api::state::holder const*> server_api::state::admit(
    http::request const& r, std::string_view scope) {
    if (keys.empty()) {
        return http::json_error(404, errc::unsupported,
                                "the server API is off: no api.keys are configured");
    }
    auto const secret = http::bearer_token(r.header("Authorization"));
    if (!secret) return error({errc::unauthorized, "Authorization: Bearer KEY is needed"});
    holder* const known = holder_of(*secret);
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
    auto const own = known->key.requests_per_second;
    auto const rate = own > 0 ? own : limits.requests_per_second;
    auto const wait = known->rate.take({rate, 2 * rate}, ops.clock().mono);
    if (wait.count() > 0) {
        at(counts.limited, limit_kind::api).add();
        return error({errc::rate_limited,
                      "more requests with the key \"" + known->key.name + "\" than " +
                          (own > 0 ? "its requests_per_second" : "api.requests_per_second"),
                      wait});
    }
    return known;
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
