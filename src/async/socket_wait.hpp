#pragma once

#include <weir/base/clock.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>

namespace weir {

/// Completes when the socket is ready for `what`; timed_out at the deadline; operation_aborted when
/// the socket or the coroutine is cancelled. The socket outlives it.
boost::asio::awaitable<boost::system::error_code> wait_ready(
    boost::asio::ip::tcp::socket& socket, boost::asio::ip::tcp::socket::wait_type what,
    mono_time deadline);

/// Direct reads and writes that never have to wait would hold the loop for as long as the peer
/// keeps up. One of these for each direction gives it away now and then.
class loop_share {
public:
    /// Call before each operation.
    boost::asio::awaitable<void> take(boost::asio::ip::tcp::socket& socket);

private:
    static constexpr unsigned operations_max = 16;
    unsigned taken_ = 0;
};

}  // namespace weir
