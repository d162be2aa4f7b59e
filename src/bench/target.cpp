#include "bench/echo_peer.hpp"

#include <weir/async/listener.hpp>
#include <weir/async/task_group.hpp>
#include <weir/async/timing_wheel.hpp>
#include <weir/bench/bench.hpp>
#include <weir/http/connection.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <csignal>
#include <cstdio>
#include <memory>
#include <unordered_map>

namespace weir::bench {
namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
constexpr milliseconds grain{100};

/// Takes every upgrade on every path; nothing here is anybody's secret.
class open_door final : public http::handler {
public:
    asio::awaitable<http::answer> handle(http::request& r) override {
        http::upgrade_policy policy;
        policy.origins = http::origin_policy::parse({"*"}).value();
        policy.deflate.server_bits_min = ws::window_bits_min;
        auto verdict = http::check_upgrade(r, policy);
        if (auto* const refused = std::get_if<http::upgrade_refusal>(&verdict)) {
            co_return std::move(refused->answer);
        }
        co_return std::get<http::upgrade_accept>(std::move(verdict));
    }
};

class echo_server {
public:
    explicit echo_server(target_options const& o)
        : options_(o),
          wheel_(std::chrono::steady_clock::now(), grain),
          turn_(io_.get_executor(), wheel_, counts_),
          tasks_(io_.get_executor()),
          signals_(io_, SIGINT, SIGTERM),
          ticker_(io_) {}

    int run() {
        auto made =
            listen_on(io_.get_executor(), {.address = options_.address, .port = options_.port});
        if (!made) {
            std::fprintf(stderr, "error: %s\n", made.error().message.c_str());
            return 2;
        }
        tcp::acceptor acceptor = std::move(*made);
        std::fprintf(stderr, "echoing on ws://%s:%u/ until SIGINT\n", options_.address.c_str(),
                     acceptor.local_endpoint().port());
        turn_.change({.message_bytes = options_.message_bytes, .deflate_min_bytes = 0});
        turn_.start();
        tasks_.spawn("accept", accept(acceptor));
        tasks_.spawn("tick", tick());
        signals_.async_wait([this, &acceptor](boost::system::error_code, int) {
            acceptor.close();
            tasks_.stop();
            turn_.stop();
            io_.stop();
        });
        io_.run();
        io_.restart();
        io_.poll();  // cancelled tasks end
        peers_.clear();
        return 0;
    }

private:
    asio::awaitable<void> accept(tcp::acceptor& acceptor) {
        while (auto socket = co_await next_connection(acceptor)) {
            tasks_.spawn("receive", receive(std::move(*socket)));
        }
    }

    asio::awaitable<void> receive(tcp::socket socket) {
        auto const bytes = make_plain_stream(std::move(socket));
        http::serve_settings settings;
        auto const outcome = co_await http::serve(*bytes, settings, door_);
        if (!outcome.accepted) co_return;
        ws_parameters p;
        p.deflate = outcome.accepted->deflate.has_value();
        if (p.deflate) p.deflate_bits = outcome.accepted->deflate->server_bits;
        auto const number = next_++;
        auto peer = std::make_unique<echo_peer>(
            turn_, bytes->release(), p, options_.message_bytes * 4,
            [this, number] { asio::post(io_, [this, number] { peers_.erase(number); }); });
        echo_peer& p_ref = *peer;
        peers_.emplace(number, std::move(peer));
        p_ref.start();
    }

    asio::awaitable<void> tick() {
        for (;;) {  // ends: cancelled
            ticker_.expires_after(grain);
            auto const [error] = co_await ticker_.async_wait(as_result);
            if (error) co_return;
            wheel_.advance(std::chrono::steady_clock::now());
        }
    }

    target_options options_;
    asio::io_context io_{1};
    observer counts_;
    timing_wheel wheel_;
    turn turn_;
    task_group tasks_;
    asio::signal_set signals_;
    asio::steady_timer ticker_;
    open_door door_;
    std::unordered_map<std::uint64_t, std::unique_ptr<echo_peer>> peers_;
    std::uint64_t next_ = 1;
};

}  // namespace

int run_target(target_options const& o) {
    return echo_server(o).run();
}

}  // namespace weir::bench
