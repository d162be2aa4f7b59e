#include "client/connect_stream.hpp"

#include <weir/async/tls_context.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <utility>

namespace weir {
namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

/// Tries the addresses of the host in turn, until the deadline.
asio::awaitable<std::pair<boost::system::error_code, tcp::socket>> dial(ws_url const& url,
                                                                        mono_time deadline) {
    auto const executor = co_await asio::this_coro::executor;
    tcp::socket socket(executor);
    tcp::resolver resolver(executor);
    asio::steady_timer watchdog(executor, deadline);
    watchdog.async_wait([&socket, &resolver](boost::system::error_code error) {
        if (error) return;
        boost::system::error_code ignored;
        resolver.cancel();
        socket.close(ignored);
    });
    auto [error, found] =
        co_await resolver.async_resolve(url.host, std::to_string(url.port), as_result);
    if (!error) error = asio::error::host_not_found;
    for (auto const& candidate : found) {
        boost::system::error_code ignored;
        socket.close(ignored);
        socket.open(candidate.endpoint().protocol(), ignored);
        auto [refused] = co_await socket.async_connect(candidate.endpoint(), as_result);
        error = refused;
        if (!error || error == asio::error::operation_aborted) break;
    }
    // Expired: its handler has run or is queued; cancelling then changes nothing, so it is told by
    // time.
    watchdog.cancel();
    if (std::chrono::steady_clock::now() >= deadline) error = asio::error::timed_out;
    co_return std::pair(error, std::move(socket));
}

}  // namespace

fault failed(std::string_view what, boost::system::error_code error) {
    auto const code = error == asio::error::timed_out ? errc::timeout : errc::unavailable;
    return {code, std::string(what) + ": " + error.message()};
}

asio::awaitable<result<std::unique_ptr<stream>>> connect_stream(ws_url url, tls_trust trust,
                                                                mono_time deadline) {
    auto [refused, socket] = co_await dial(url, deadline);
    if (refused) co_return failed("cannot connect to " + url.authority(), refused);
    if (!url.secure) co_return make_plain_stream(std::move(socket));
    auto const context = make_client_tls(trust.ca_file);
    if (!context) co_return context.error();
    auto [error, made] =
        co_await tls_connect(std::move(socket), **context, url.host, trust.verify, deadline);
    if (error) co_return failed("TLS with " + url.authority(), error);
    co_return std::move(made);
}

}  // namespace weir
