#pragma once

#include <weir/client/ws_client.hpp>
#include <weir/message/json_text.hpp>
#include <weir/shard/shard_set.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace weir {

namespace asio = boost::asio;

/// Ten times what a loaded two-core machine under a sanitizer was seen to need.
inline mono_time patience() {
    return std::chrono::steady_clock::now() + std::chrono::seconds(60);
}

/// A whole set of shards on a free port. The test's thread is the control thread: run() runs a
/// coroutine to its end there, with clients and the server's answers on the same loop.
class server_fixture : public testing::Test {
public:
    static std::shared_ptr<live_settings> everything_allowed() {
        auto live = std::make_shared<live_settings>();
        live->session.anonymous = true;
        live->session.messages_per_second = 1'000'000;
        live->rules = rule_set({{"**", {right::anyone}, {right::anyone}}});
        live->origins = http::origin_policy::parse({"same"}).value();
        live->handshakes_per_second = 100'000;
        live->directory = {.connections = 10'000,
                           .connections_per_ip = 10'000,
                           .connections_per_user = 100,
                           .handshakes_per_ip_per_second = 100'000,
                           .http_requests_per_ip_per_second = 100'000,
                           .messages_per_second_per_user = 1'000'000};
        return live;
    }

    void start(unsigned shards, live_settings_ptr live = everything_allowed()) {
        shard_settings fixed;
        fixed.shards = shards;
        server.emplace(control.get_executor(), fixed, std::move(live));
        auto const started = server->start();
        ASSERT_TRUE(started.has_value()) << started.error().message;
    }

    void run(asio::awaitable<void> task) {
        std::exception_ptr failure;
        bool done = false;
        asio::co_spawn(control, std::move(task), [&](std::exception_ptr e) {
            failure = e;
            done = true;
        });
        control.restart();
        auto const deadline = patience();
        while (!done && std::chrono::steady_clock::now() < deadline) {
            control.run_one_for(std::chrono::milliseconds(100));
            if (control.stopped()) control.restart();
        }
        ASSERT_TRUE(done) << "the test's coroutine did not end";
        if (failure) std::rethrow_exception(failure);
    }

    asio::awaitable<std::unique_ptr<ws_client>> client(bool deflate = false) {
        ws_client_options options;
        options.deflate = deflate;
        auto url = "ws://127.0.0.1:" + std::to_string(server->port()) + "/v1/ws";
        auto opened = co_await ws_client::connect(std::move(url), options, patience());
        if (!opened) throw std::runtime_error(opened.error().message);
        co_return std::move(*opened);
    }
    static asio::awaitable<void> say(ws_client& c, std::string text) {
        auto const sent = co_await c.send(text, patience());
        if (!sent) throw std::runtime_error(sent.error().message);
    }
    /// The next message that starts with `start`; others before it are dropped.
    static asio::awaitable<std::string> hear(ws_client& c, std::string start) {
        for (;;) {
            auto const next = co_await c.receive(patience());
            if (!next)
                throw std::runtime_error("waiting for " + start + ": " + next.error().message);
            if (auto const* end = std::get_if<ws_client::closed>(&*next)) {
                throw std::runtime_error("closed " + std::to_string(end->code) + " " + end->text);
            }
            auto const& text = std::get<std::string>(*next);
            if (text.starts_with(start)) co_return text;
        }
    }
    static asio::awaitable<ws_client::closed> hear_close(ws_client& c) {
        for (;;) {
            auto const next = co_await c.receive(patience());
            if (!next) throw std::runtime_error("waiting for a close: " + next.error().message);
            if (auto const* end = std::get_if<ws_client::closed>(&*next)) co_return *end;
        }
    }
    static asio::awaitable<void> follow(ws_client& c, std::string topic) {
        co_await say(c, R"({"type":"subscribe","id":1,"topic":")" + topic + "\"}");
        co_await hear(c, R"({"type":"ok")");
    }
    static std::string publish_text(std::string const& topic, std::string const& payload) {
        return R"({"type":"publish","topic":")" + topic + R"(","payload":)" + payload + "}";
    }
    static std::string payload_of(std::string const& text) {
        auto const at = text.find(R"("payload":)");
        return at == std::string::npos ? "" : text.substr(at + 10, text.size() - at - 11);
    }
    static publication note(std::string topic, std::string payload) {
        publication p;
        p.topic = std::move(topic);
        p.payload = std::move(payload);
        p.received = std::chrono::steady_clock::now();
        return p;
    }

    asio::io_context control{1};
    std::optional<shard_set> server;
};

}  // namespace weir
