#pragma once

#include <weir/async/task_group.hpp>
#include <weir/async/tls_context.hpp>
#include <weir/base/error.hpp>
#include <weir/http/connection.hpp>
#include <weir/http/host_check.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace weir::ops {

/// The listener for operators and backends: server API, metrics, health. There is one, on the
/// control thread and apart from the shards, so that a scrape or a long list delays no client. It
/// refuses a foreign Host with 421 (DNS rebinding). At most `connections_max` at a time; more wait
/// in the kernel.
class internal_listener {
public:
    static constexpr std::size_t connections_max = 256;

    /// `h` outlives it.
    internal_listener(boost::asio::any_io_executor executor, http::handler& h);

    result<void> listen(std::string const& address, std::uint16_t port, tls_context tls);
    std::uint16_t port() const noexcept { return port_; }
    /// From the next connection on.
    void change(tls_context tls) { tls_ = std::move(tls); }
    tls_context const& tls() const noexcept { return tls_; }
    /// Names that it answers to beside its addresses (option listen.internal.hosts), from the next
    /// request on.
    void change_hosts(std::vector<std::string> names) { hosts_.names = std::move(names); }
    void start();
    void stop();
    boost::asio::awaitable<void> join() { return tasks_.join(); }

private:
    class guarded;
    boost::asio::awaitable<void> accept();
    boost::asio::awaitable<void> receive(boost::asio::ip::tcp::socket socket);

    boost::asio::any_io_executor executor_;
    http::handler& handler_;
    task_group tasks_;
    std::optional<boost::asio::ip::tcp::acceptor> acceptor_;
    http::host_policy hosts_;
    tls_context tls_;
    std::uint16_t port_ = 0;
    std::size_t open_ = 0;
};

}  // namespace weir::ops
