#include "api/state.hpp"

#include <weir/message/command.hpp>
#include <weir/message/topic_name.hpp>

#include <charconv>

namespace weir::api {
namespace {

http::response sessions(std::uint64_t n) {
    return http::json_response(R"({"sessions":)" + std::to_string(n) + "}");
}

struct target_and_topic {
    session_target target;
    std::string topic;
};

result<target_and_topic> read_target_and_topic(std::string_view text) {
    auto const b = body::read(text);
    if (!b) return b.error();
    auto target = read_target(*b);
    if (!target) return target.error();
    auto topic = b->text("topic", topic_bytes_max);
    if (!topic) return topic.error();
    if (auto const wrong = topic_name_fault(*topic); !wrong.empty()) {
        return fault{errc::bad_request, "topic: " + std::string(wrong)};
    }
    if (is_reserved_topic(*topic)) {
        return fault{errc::bad_request, "reserved topics need no subscription"};
    }
    return target_and_topic{std::move(*target), std::move(*topic)};
}

}  // namespace

void server_api::state::add_session_routes(http::router& r) {
    route(r, http::method::post, "disconnect", "disconnect", &state::disconnect);
    route(r, http::method::post, "subscribe", "subscribe", &state::subscribe);
    route(r, http::method::post, "unsubscribe", "subscribe", &state::unsubscribe);
    route(r, http::method::post, "drain", "operate", &state::drain);
    route(r, http::method::post, "shed", "operate", &state::shed);
}

asio::awaitable<http::response> server_api::state::disconnect(http::request& r, std::string_view) {
    auto const b = body::read(r.body);
    if (!b) co_return error(b.error());
    auto target = read_target(*b);
    if (!target) co_return error(target.error());
    auto const code = b->number("code", 4000, 4299);
    if (!code) co_return error(code.error());
    auto text = b->text("reason", 1000);
    if (!text) co_return error(text.error());
    auto why = close_reason::disconnected;
    if (*code) {
        auto const known = close_reason_of(static_cast<std::uint16_t>(**code));
        if (!known || describe(*known).code != **code) {
            co_return error({errc::bad_request, "`code` is not one of the documented close codes"});
        }
        why = *known;
    }
    co_return sessions(co_await shards.disconnect(std::move(*target), why, std::move(*text)));
}

asio::awaitable<http::response> server_api::state::subscribe(http::request& r, std::string_view) {
    auto asked = read_target_and_topic(r.body);
    if (!asked) co_return error(asked.error());
    co_return sessions(
        co_await shards.subscribe(std::move(asked->target), std::move(asked->topic)));
}

asio::awaitable<http::response> server_api::state::unsubscribe(http::request& r, std::string_view) {
    auto asked = read_target_and_topic(r.body);
    if (!asked) co_return error(asked.error());
    co_return sessions(
        co_await shards.unsubscribe(std::move(asked->target), std::move(asked->topic)));
}

asio::awaitable<http::response> server_api::state::drain(http::request& r, std::string_view) {
    std::optional<double> rate;
    if (!r.body.empty()) {
        auto const b = body::read(r.body);
        if (!b) co_return error(b.error());
        auto const asked = b->number("rate", 1, 1'000'000);
        if (!asked) co_return error(asked.error());
        rate = *asked;
    }
    auto const takes = ops.drain(rate);
    co_return http::json_response(
        R"({"draining":true,"spread_ms":)" + std::to_string(takes.count()) + "}", 202);
}

asio::awaitable<http::response> server_api::state::shed(http::request& r, std::string_view) {
    auto const b = body::read(r.body);
    if (!b) co_return error(b.error());
    auto const percent = b->number("percent", 0, 100);
    if (!percent) co_return error(percent.error());
    if (!*percent) co_return error({errc::bad_request, "field `percent` is needed"});
    co_return sessions(co_await ops.shed(**percent / 100.0));
}

}  // namespace weir::api
