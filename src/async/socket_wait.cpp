#include "async/socket_wait.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

namespace weir {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

asio::awaitable<error_code> wait_ready(tcp::socket& socket, tcp::socket::wait_type what,
                                       mono_time deadline) {
    auto const token = asio::as_tuple(asio::use_awaitable);
    if (deadline == never) {
        auto [ec] = co_await socket.async_wait(what, token);
        co_return ec;
    }
    if (deadline <= mono_time::clock::now()) co_return asio::error::timed_out;

    asio::steady_timer timer(socket.get_executor(), deadline);
    auto group = asio::experimental::make_parallel_group(socket.async_wait(what, asio::deferred),
                                                         timer.async_wait(asio::deferred));
    auto [order, ready, expired] =
        co_await std::move(group).async_wait(asio::experimental::wait_for_one(), token);
    bool const timer_was_first = order[0] == 1;
    if (timer_was_first && !expired) co_return asio::error::timed_out;
    co_return ready;
}

asio::awaitable<void> loop_share::take(tcp::socket& socket) {
    if (++taken_ < operations_max) co_return;
    taken_ = 0;
    co_await asio::post(socket.get_executor(), asio::use_awaitable);
}

}  // namespace weir
