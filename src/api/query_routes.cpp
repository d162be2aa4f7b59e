#include "api/state.hpp"

#include <weir/message/json_text.hpp>

#include <charconv>

namespace weir::api {
namespace {

constexpr std::size_t page_default = 100;
constexpr std::size_t page_max = 1000;

void append_count(std::string& out, std::string_view name, std::uint64_t n) {
    out += ",\"" + std::string(name) + "\":" + std::to_string(n);
}

void append(std::string& out, topic_facts const& t) {
    out += R"({"topic":)";
    append_json_string(out, t.name);
    out += "," + position_json(t.at) + R"(,"subscribers":)" + std::to_string(t.subscribers);
    append_count(out, "messages", t.messages);
    append_count(out, "bytes", t.bytes);
    append_count(out, "state_keys", t.state_keys);
    append_count(out, "members", t.members);
    out += '}';
}

void append(std::string& out, connection_facts const& c, bool with_topics) {
    out += R"({"connection":)" + std::to_string(c.connection);
    out += R"(,"session":")" + c.session.text() + R"(","user":)";
    if (c.user.empty()) {
        out += "null";
    } else {
        append_json_string(out, c.user);
    }
    out += R"(,"address":)";
    append_json_string(out, c.address);
    out += R"(,"transport":"websocket","secure":)" + std::string(c.secure ? "true" : "false");
    out += R"(,"open":)" + std::string(c.open ? "true" : "false");
    out += R"(,"state":")" + std::string(c.detached ? "detached" : "attached") + '"';
    append_count(out, "shard", c.shard);
    append_count(out, "opened_at", static_cast<std::uint64_t>(c.opened_at));
    append_count(out, "bytes_in", c.bytes_in);
    append_count(out, "bytes_out", c.bytes_out);
    append_count(out, "messages_in", c.messages_in);
    append_count(out, "messages_out", c.messages_out);
    append_count(out, "outbox_frames", c.outbox_frames);
    append_count(out, "outbox_bytes", c.outbox_bytes);
    append_count(out, "replay_frames", c.replay_frames);
    append_count(out, "replay_bytes", c.replay_bytes);
    append_count(out, "subscriptions", c.subscriptions);
    if (with_topics) {
        out += R"(,"topics":[)";
        for (std::size_t i = 0; i != c.topics.size(); ++i) {
            if (i != 0) out += ',';
            append_json_string(out, c.topics[i]);
        }
        out += ']';
    }
    out += '}';
}

}  // namespace

result<std::uint64_t> number_of(http::request const& r, std::string_view name,
                                std::uint64_t fallback, std::uint64_t max) {
    auto const text = r.query_value(name);
    if (!text) return fallback;
    std::uint64_t n = 0;
    auto const [end, error] = std::from_chars(text->data(), text->data() + text->size(), n);
    if (error != std::errc{} || end != text->data() + text->size() || n > max) {
        return fault{errc::bad_request,
                     std::string(name) + " must be a number up to " + std::to_string(max)};
    }
    return n;
}

http::response no_such_topic() {
    return http::json_error(404, errc::bad_request,
                            "there is no such topic: it has no subscribers and keeps nothing");
}

void server_api::state::add_query_routes(http::router& r) {
    route(r, http::method::get, "topics", "read", &state::topics);
    route(r, http::method::get, "topics/{topic}", "read", &state::topic);
    route(r, http::method::get, "connections", "read", &state::connections);
    route(r, http::method::get, "connections/{session}", "read", &state::connection);
    route(r, http::method::get, "nodes", "read", &state::nodes);
    // The description holds no secret, and a client generator has no key.
    r.on(http::method::get, "/api/v1/openapi.json",
         http::router::plain_action([this](http::request&) {
             return keys.empty() ? http::json_error(404, errc::unsupported, "the server API is off")
                                 : http::json_response(std::string(openapi_json()));
         }));
}

asio::awaitable<http::response> server_api::state::topics(http::request& r, std::string_view) {
    auto const max = number_of(r, "limit", page_default, page_max);
    if (!max) co_return error(max.error());
    auto const after = std::string(r.query_value("after").value_or(""));
    auto const asked = co_await shards.topics(after, *max + 1);
    if (!asked) co_return error(asked.error());
    auto const& found = *asked;
    std::string out = R"({"topics":[)";
    auto const shown = std::min<std::size_t>(found.size(), *max);
    for (std::size_t i = 0; i != shown; ++i) {
        if (i != 0) out += ',';
        append(out, found[i]);
    }
    out += R"(],"more":)" + std::string(found.size() > shown ? "true" : "false") + "}";
    co_return http::json_response(std::move(out));
}

asio::awaitable<http::response> server_api::state::topic(http::request& r, std::string_view) {
    auto const found = co_await shards.topic(std::string(r.param("topic")));
    if (!found) co_return error(found.error());
    if (!*found) co_return no_such_topic();
    std::string out;
    append(out, **found);
    co_return http::json_response(std::move(out));
}

asio::awaitable<http::response> server_api::state::connections(http::request& r, std::string_view) {
    auto const max = number_of(r, "limit", page_default, page_max);
    if (!max) co_return error(max.error());
    auto const after = number_of(r, "after", 0, ~std::uint64_t{0});
    if (!after) co_return error(after.error());
    auto const user = std::string(r.query_value("user").value_or(""));
    auto const found = co_await shards.connections(*after, *max + 1, user);
    std::string out = R"({"connections":[)";
    auto const shown = std::min<std::size_t>(found.size(), *max);
    for (std::size_t i = 0; i != shown; ++i) {
        if (i != 0) out += ',';
        append(out, found[i], false);
    }
    out += R"(],"total":)" + std::to_string(shards.connections());
    out += R"(,"more":)" + std::string(found.size() > shown ? "true" : "false") + "}";
    co_return http::json_response(std::move(out));
}

asio::awaitable<http::response> server_api::state::connection(http::request& r, std::string_view) {
    auto const id = session_id::parse(r.param("session"));
    auto found = std::optional<connection_facts>();
    if (id) found = co_await shards.connection(*id);
    if (!found) co_return http::json_error(404, errc::bad_request, "no such session here");
    std::string out;
    append(out, *found, true);
    co_return http::json_response(std::move(out));
}

asio::awaitable<http::response> server_api::state::nodes(http::request&, std::string_view) {
    co_return http::json_response(R"({"nodes":[)" + ops.node() + "]}");
}

}  // namespace weir::api
