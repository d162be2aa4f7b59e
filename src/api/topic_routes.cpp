// What is kept of one topic: its history, its state, who is in it.
#include "api/state.hpp"

namespace weir::api {
namespace {

constexpr std::uint32_t page_default = 100;
constexpr std::uint32_t page_max = 1000;

std::string topic_of(http::request const& r) {
    return std::string(r.param("topic"));
}

/// `since_epoch` and `since_offset`, both or none of them.
result<std::optional<position>> since_of(http::request const& r) {
    auto const epoch = r.query_value("since_epoch");
    auto const offset = r.query_value("since_offset");
    if (!epoch && !offset) return std::optional<position>();
    if (!epoch || !offset) {
        return fault{errc::bad_request, "since_epoch and since_offset belong together"};
    }
    auto const known = epoch_id::parse(*epoch);
    if (!known) return fault{errc::bad_request, "since_epoch is not an epoch"};
    auto const at = number_of(r, "since_offset", 0, ~std::uint64_t{0});
    if (!at) return at.error();
    return std::optional<position>(position{*known, *at});
}

result<std::uint32_t> page_of(http::request const& r, std::string_view name,
                              std::uint32_t fallback) {
    auto const n = number_of(r, name, fallback, page_max);
    if (!n) return n.error();
    if (*n == 0) return fault{errc::bad_request, std::string(name) + " must be at least 1"};
    return static_cast<std::uint32_t>(*n);
}

http::response page_response(dialect const& words, std::optional<log_page> const& page) {
    if (!page) return no_such_topic();
    std::string out;
    words.history_payload(out, {.messages = page->messages,
                                .head = page->head,
                                .more = page->more,
                                .missing = page->missing});
    return http::json_response(std::move(out));
}

http::response cleared(std::optional<bool> done) {
    if (!done) return no_such_topic();
    return http::json_response(*done ? R"({"cleared":true})" : R"({"cleared":false})");
}

}  // namespace

void server_api::state::add_topic_routes(http::router& r) {
    route(r, http::method::get, "topics/{topic}/history", "read", &state::history);
    route(r, http::method::get, "topics/{topic}/state", "read", &state::topic_state);
    route(r, http::method::get, "topics/{topic}/presence", "read", &state::presence);
    route(r, http::method::delete_, "topics/{topic}/history", "operate", &state::clear_history);
    route(r, http::method::delete_, "topics/{topic}/state", "operate", &state::clear_state);
}

/// As a client's `history`: from `since` on, or the newest `last` of all or in front of `since`.
asio::awaitable<http::response> server_api::state::history(http::request& r, std::string_view) {
    auto const since = since_of(r);
    if (!since) co_return error(since.error());
    auto const last = page_of(r, "last", *since ? page_max : page_default);
    if (!last) co_return error(last.error());
    log_query q;
    q.topic = topic_of(r);
    q.kind = *since && !r.query_value("last") ? log_query::what::after : log_query::what::before;
    q.at = *since;
    q.messages_max = *last;
    q.bytes_max = limits.body_bytes;
    auto const page = co_await shards.read(std::move(q));
    if (!page) co_return error(page.error());
    co_return page_response(*words, *page);
}

asio::awaitable<http::response> server_api::state::topic_state(http::request& r, std::string_view) {
    auto const since = since_of(r);
    if (!since) co_return error(since.error());
    auto const max = page_of(r, "limit", page_max);
    if (!max) co_return error(max.error());
    log_query q;
    q.topic = topic_of(r);
    q.kind = log_query::what::state;
    q.at = *since;
    q.messages_max = *max;
    q.bytes_max = limits.body_bytes;
    auto const page = co_await shards.read(std::move(q));
    if (!page) co_return error(page.error());
    co_return page_response(*words, *page);
}

asio::awaitable<http::response> server_api::state::presence(http::request& r, std::string_view) {
    auto const max = page_of(r, "limit", page_max);
    if (!max) co_return error(max.error());
    auto const page = co_await shards.members(topic_of(r), *max);
    if (!page) co_return error(page.error());
    if (!*page) co_return no_such_topic();
    std::string out;
    words->presence_payload(out, **page);
    co_return http::json_response(std::move(out));
}

asio::awaitable<http::response> server_api::state::clear_history(http::request& r,
                                                                 std::string_view) {
    auto const done = co_await shards.clear_history(topic_of(r));
    if (!done) co_return error(done.error());
    co_return cleared(*done);
}

asio::awaitable<http::response> server_api::state::clear_state(http::request& r, std::string_view) {
    auto const done = co_await shards.clear_state(topic_of(r));
    if (!done) co_return error(done.error());
    co_return cleared(*done);
}

}  // namespace weir::api
