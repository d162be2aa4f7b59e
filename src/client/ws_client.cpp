#include "client/connect_stream.hpp"

#include <weir/base/ids.hpp>
#include <weir/client/ws_client.hpp>
#include <weir/http/client_handshake.hpp>
#include <weir/ws/close_payload.hpp>

#include <boost/asio/error.hpp>

#include <array>
#include <cstring>

namespace weir {
namespace asio = boost::asio;

/// Puts what the decoder finds where receive() takes it from.
class ws_client::sink final : public ws::decoder_sink {
public:
    explicit sink(ws_client& owner) : owner_(owner) {}

    ws::flow on_message(ws::opcode, std::string_view payload) override {
        owner_.messages_.emplace_back(payload);
        return ws::flow::more;
    }
    ws::flow on_ping(std::string_view payload) override {
        owner_.pings_.emplace_back(payload);
        return ws::flow::more;
    }
    ws::flow on_pong(std::string_view) override { return ws::flow::more; }
    ws::flow on_close(std::optional<std::uint16_t> code, std::string_view text) override {
        owner_.closed_ = closed{code.value_or(1005), std::string(text)};
        return ws::flow::more;
    }

private:
    ws_client& owner_;
};

ws_client::ws_client(std::unique_ptr<stream> bytes, ws_client_options const& options, bool deflate)
    : bytes_(std::move(bytes)),
      decoder_({.side = ws::role::client,
                .deflate = deflate,
                .message_bytes_max = options.message_bytes,
                .fragments_max = options.message_bytes}) {}

asio::awaitable<result<std::unique_ptr<ws_client>>> ws_client::connect(std::string text,
                                                                       ws_client_options options,
                                                                       mono_time deadline) {
    auto const url = parse_ws_url(text);
    if (!url) co_return url.error();
    auto connected = co_await connect_stream(
        *url, {.ca_file = options.ca_file, .verify = options.verify}, deadline);
    if (!connected) co_return connected.error();
    std::unique_ptr<stream> bytes = std::move(*connected);

    http::client_upgrade wanted;
    wanted.host = url->authority();
    wanted.target = url->target;
    wanted.subprotocols = {"weir.v1.json"};
    if (options.deflate) wanted.deflate.emplace();
    if (!options.token.empty()) {
        wanted.headers.push_back({"Authorization", "Bearer " + options.token});
    }
    auto opened = co_await http::open_websocket(*bytes, std::move(wanted), deadline);
    if (!opened) co_return opened.error();
    std::unique_ptr<ws_client> made(
        new ws_client(std::move(bytes), options, opened->deflate.has_value()));
    if (!made->take(opened->early)) co_return fault{errc::bad_request, made->fault_};
    co_return made;
}

bool ws_client::take(std::span<char> bytes) {
    sink s(*this);
    auto const fed = decoder_.feed(bytes, s, &inflater_);
    if (fed.state != ws::feed_state::failed) return true;
    fault_ = "the server broke the WebSocket protocol: " + std::string(fed.fault.text);
    return false;
}

asio::awaitable<boost::system::error_code> ws_client::send_frame(ws::opcode op,
                                                                 std::string_view payload,
                                                                 mono_time deadline) {
    auto const random = random_u64();
    ws::mask_key mask;
    std::memcpy(mask.data(), &random, mask.size());
    std::string bytes;
    ws::append_frame(bytes, {.op = op, .mask = mask}, payload);
    co_return co_await bytes_->write_all(bytes, deadline);
}

asio::awaitable<result<void>> ws_client::send(std::string_view text, mono_time deadline) {
    auto const error = co_await send_frame(ws::opcode::text, text, deadline);
    if (error) co_return failed("sending", error);
    co_return result<void>();
}

asio::awaitable<void> ws_client::answer_pings(mono_time deadline) {
    while (!pings_.empty() && !close_sent_) {
        auto const payload = std::move(pings_.front());
        pings_.pop_front();
        co_await send_frame(ws::opcode::pong, payload, deadline);
    }
}

asio::awaitable<result<std::variant<std::string, ws_client::closed>>> ws_client::receive(
    mono_time deadline) {
    using answer = std::variant<std::string, closed>;
    std::array<char, 16 * 1024> buffer;
    for (;;) {  // ends: a message, a close, an error or the deadline
        co_await answer_pings(deadline);
        if (!messages_.empty()) {
            answer a(std::move(messages_.front()));
            messages_.pop_front();
            co_return a;
        }
        if (closed_) {
            if (!close_sent_) {
                close_sent_ = true;
                std::array<char, ws::control_bytes_max> payload;
                std::uint16_t const code =
                    ws::may_be_sent(closed_->code) ? closed_->code : std::uint16_t{1000};
                auto const size = ws::write_close_payload(payload.data(), code, {});
                co_await send_frame(ws::opcode::close, {payload.data(), size}, deadline);
                co_await bytes_->shutdown(deadline);
            }
            answer a(*closed_);
            co_return a;
        }
        if (!fault_.empty()) co_return fault{errc::bad_request, fault_};
        auto const [error, n] = co_await bytes_->read_some(buffer, deadline);
        if (error == asio::error::timed_out) co_return fault{errc::timeout, "nothing came in time"};
        if (error) {
            closed_ = closed{1006, error.message()};
            close_sent_ = true;
        } else {
            take({buffer.data(), n});
        }
    }
}

asio::awaitable<void> ws_client::close(std::uint16_t code, std::string_view text,
                                       mono_time deadline) {
    if (!close_sent_) {
        close_sent_ = true;
        std::array<char, ws::control_bytes_max> payload;
        auto const size = ws::write_close_payload(payload.data(), code, text);
        co_await send_frame(ws::opcode::close, {payload.data(), size}, deadline);
    }
    while (!closed_) {  // ends: the peer closes, or the deadline makes receive() fail
        auto const next = co_await receive(deadline);
        if (!next) break;
        messages_.clear();
    }
    co_await bytes_->shutdown(deadline);
}

}  // namespace weir
