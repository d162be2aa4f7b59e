#include "api/state.hpp"

#include <weir/message/command.hpp>
#include <weir/message/topic_name.hpp>

namespace weir::api {

void server_api::state::add_publish_routes(http::router& r) {
    route(r, http::method::post, "publish", "publish", &state::publish);
    route(r, http::method::post, "publish/batch", "publish", &state::publish_batch);
    route(r, http::method::post, "send", "send", &state::send);
}

result<publication> server_api::state::read_publication(std::string_view text,
                                                        std::string_view caller) const {
    auto const b = body::read(text);
    if (!b) return b.error();
    auto topic = b->text("topic", topic_bytes_max);
    if (!topic) return topic.error();
    if (auto const wrong = topic_name_fault(*topic); !wrong.empty()) {
        return fault{errc::bad_request, "topic: " + std::string(wrong)};
    }
    if (is_reserved_topic(*topic)) {
        return fault{errc::bad_request, "reserved topics are written by `send`"};
    }
    auto event = b->text("event", event_bytes_max);
    if (!event) return event.error();
    auto key = b->text("key", key_bytes_max);
    if (!key) return key.error();
    auto const exclude = b->text("exclude_session", 64);
    if (!exclude) return exclude.error();
    auto dedupe = b->text("dedupe", dedupe_bytes_max);
    if (!dedupe) return dedupe.error();
    // As on the wire: an empty one would be taken for a promise that nobody keeps.
    if (b->raw("dedupe") == "\"\"") return fault{errc::bad_request, "`dedupe` is empty"};
    if (!b->has("payload")) return fault{errc::bad_request, "field `payload` is needed"};
    if (b->raw("payload").size() > limits.message_bytes) {
        return fault{errc::too_large, "payload is larger than limits.message_bytes"};
    }
    publication p;
    if (!exclude->empty()) {
        auto const id = session_id::parse(*exclude);
        if (!id) return fault{errc::bad_request, "`exclude_session` is not a session id"};
        p.exclude = *id;
    }
    auto const at = ops.clock();
    p.topic = std::move(*topic);
    p.event = std::move(*event);
    p.key = std::move(*key);
    // No user's scope: their names have no control characters.
    if (!dedupe->empty()) p.scope = "\nkey:" + std::string(caller);
    p.dedupe = std::move(*dedupe);
    p.payload = std::string(b->raw("payload"));
    p.time = at.wall;
    p.received = at.mono;
    return p;
}

asio::awaitable<http::response> server_api::state::publish(http::request& r,
                                                           std::string_view caller) {
    auto p = read_publication(r.body, caller);
    if (!p) co_return error(p.error());
    auto const at = co_await shards.publish(std::move(*p));
    if (!at) co_return error(at.error());
    co_return http::json_response("{" + position_json(*at) + "}");
}

asio::awaitable<http::response> server_api::state::publish_batch(http::request& r,
                                                                 std::string_view caller) {
    auto const type = r.content_type();
    bool const ndjson = type == "application/x-ndjson" || type == "application/ndjson";
    auto const elements = split_batch(r.body, ndjson, limits.batch_messages);
    if (!elements) co_return error(elements.error());
    // One after the other: the order of the batch is the order of each of its topics.
    std::string answers = "[";
    for (std::string_view const element : *elements) {
        if (answers.size() > 1) answers += ',';
        auto p = read_publication(element, caller);
        result<position> at = p ? position{} : result<position>(p.error());
        if (p) at = co_await shards.publish(std::move(*p));
        answers += at ? "{" + position_json(*at) + "}" : error(at.error()).body;
    }
    answers += ']';
    co_return http::json_response(std::move(answers));
}

asio::awaitable<http::response> server_api::state::send(http::request& r, std::string_view) {
    auto const b = body::read(r.body);
    if (!b) co_return error(b.error());
    auto target = read_target(*b);
    if (!target) co_return error(target.error());
    auto event = b->text("event", event_bytes_max);
    if (!event) co_return error(event.error());
    if (!b->has("payload")) co_return error({errc::bad_request, "field `payload` is needed"});
    if (b->raw("payload").size() > limits.message_bytes) {
        co_return error({errc::too_large, "payload is larger than limits.message_bytes"});
    }
    auto const n =
        co_await shards.send(std::move(*target), std::move(*event), std::string(b->raw("payload")));
    co_return http::json_response(R"({"sessions":)" + std::to_string(n) + "}");
}

}  // namespace weir::api
