#pragma once

#include <weir/base/error.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace weir {

struct listen_settings {
    std::string address;      ///< an IP literal; "::" takes IPv4 too
    std::uint16_t port = 0;   ///< 0: the kernel chooses
    bool share_port = false;  ///< SO_REUSEPORT: one acceptor a shard on the same port
    int backlog = 4096;
};

/// Binds and listens; the fault is a sentence that tells what to do ("port 8080 is in use by
/// another program; …").
result<boost::asio::ip::tcp::acceptor> listen_on(boost::asio::any_io_executor executor,
                                                 listen_settings const& settings);

/// The next connection; nothing once the acceptor is closed or the wait is cancelled. While
/// descriptors or kernel memory are out it logs that, pauses and tries again: the queue in the
/// kernel waits with it.
boost::asio::awaitable<std::optional<boost::asio::ip::tcp::socket>> next_connection(
    boost::asio::ip::tcp::acceptor& acceptor);

}  // namespace weir
