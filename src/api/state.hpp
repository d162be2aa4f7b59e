#pragma once

#include "api/body.hpp"

#include <weir/api/server_api.hpp>
#include <weir/message/dialect.hpp>
#include <weir/session/token_bucket.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace weir::api {

namespace asio = boost::asio;

/// The routes of the server API, by what they are about: publish_routes.cpp (messages),
/// session_routes.cpp (connected sessions and users), query_routes.cpp (lists and facts),
/// topic_routes.cpp (what a topic keeps), server_api.cpp (keys, scopes and rates).
struct server_api::state {
    state(shard_set& s, observer& c, operations o, api_limits l)
        : shards(s), counts(c), ops(std::move(o)), limits(l) {}

    /// `caller` is the name of the key and outlives the call.
    using member = asio::awaitable<http::response> (state::*)(http::request&,
                                                              std::string_view caller);

    struct holder {
        api_key key;
        token_bucket rate;
    };

    void route(http::router& r, http::method m, std::string_view path, std::string_view scope,
               member act);
    /// Admits, acts, counts.
    asio::awaitable<http::answer> call(http::request& r, std::string_view scope, member act,
                                       route_counts& count);
    asio::awaitable<http::response> answer(http::request& r, std::string_view scope, member act);
    holder* holder_of(std::string_view secret);  ///< null: an unknown key
    /// The key that may make this request, or the answer that refuses it.
    std::variant<http::response, holder const*> admit(http::request const& r,
                                                      std::string_view scope);
    http::response error(fault const& f);

    // Messages
    void add_publish_routes(http::router& r);
    asio::awaitable<http::response> publish(http::request& r, std::string_view caller);
    asio::awaitable<http::response> publish_batch(http::request& r, std::string_view caller);
    asio::awaitable<http::response> send(http::request& r, std::string_view caller);
    /// `caller`: the name of the key, whose dedupe ids are its own.
    result<publication> read_publication(std::string_view text, std::string_view caller) const;

    // Sessions and users
    void add_session_routes(http::router& r);
    asio::awaitable<http::response> disconnect(http::request& r, std::string_view caller);
    asio::awaitable<http::response> subscribe(http::request& r, std::string_view caller);
    asio::awaitable<http::response> unsubscribe(http::request& r, std::string_view caller);
    asio::awaitable<http::response> drain(http::request& r, std::string_view caller);
    asio::awaitable<http::response> shed(http::request& r, std::string_view caller);

    // Lists and facts
    void add_query_routes(http::router& r);
    asio::awaitable<http::response> topics(http::request& r, std::string_view caller);
    asio::awaitable<http::response> topic(http::request& r, std::string_view caller);

    // Of one topic (topic_routes.cpp)
    void add_topic_routes(http::router& r);
    asio::awaitable<http::response> history(http::request& r, std::string_view caller);
    asio::awaitable<http::response> topic_state(http::request& r, std::string_view caller);
    asio::awaitable<http::response> presence(http::request& r, std::string_view caller);
    asio::awaitable<http::response> clear_history(http::request& r, std::string_view caller);
    asio::awaitable<http::response> clear_state(http::request& r, std::string_view caller);
    asio::awaitable<http::response> connections(http::request& r, std::string_view caller);
    asio::awaitable<http::response> connection(http::request& r, std::string_view caller);
    asio::awaitable<http::response> nodes(http::request& r, std::string_view caller);

    shard_set& shards;
    observer& counts;
    operations ops;
    api_limits limits;
    std::vector<holder> keys;
    std::vector<std::unique_ptr<route_counts>> counted;  ///< one for each route with a key
    std::unique_ptr<dialect> words = make_json_dialect();
};

/// {user} or {session} of a body: exactly one of them.
result<session_target> read_target(body const& b);

/// {"position":{"epoch","offset"}} without the outer braces.
std::string position_json(position const& at);

/// A number of the query, or the fallback.
result<std::uint64_t> number_of(http::request const& r, std::string_view name,
                                std::uint64_t fallback, std::uint64_t max);

/// 404 of a topic that does not exist.
http::response no_such_topic();

/// The description of all of it, OpenAPI 3.1.
std::string_view openapi_json() noexcept;

}  // namespace weir::api
