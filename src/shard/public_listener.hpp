#pragma once

#include "shard/handshake_pacer.hpp"

#include <weir/async/task_group.hpp>
#include <weir/base/error.hpp>
#include <weir/http/host_check.hpp>
#include <weir/http/router.hpp>
#include <weir/message/dialect.hpp>
#include <weir/session/directory.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace weir {

class shard;

/// The public side of one shard until a connection is a WebSocket: accept, admission (rates and
/// counts, before TLS), TLS, HTTP, upgrade. What is refused is told with a status and Retry-After
/// where telling is cheap, and dropped where it is not (TLS). Owned by its shard, on its thread.
class public_listener {
public:
    /// Refused connections that are being told why, at most; more are dropped untold.
    static constexpr std::size_t refusals_max = 512;
    /// A loop that is so far behind accepts nobody until it has caught up, or this has passed.
    static constexpr milliseconds crowded{2};
    static constexpr milliseconds pause_max{50};
    /// What is told to those who are refused for want of memory.
    static constexpr seconds memory_retry_after{5};

    explicit public_listener(shard& owner);

    /// Binds; port 0 lets the kernel choose. Answers the port.
    result<std::uint16_t> listen(boost::asio::any_io_executor executor, std::uint16_t port);
    void start(task_group& tasks);
    void stop();
    void change(double handshakes_per_second) { pacer_.change(handshakes_per_second); }

private:
    class visit;

    void add_routes();
    std::optional<http::response> check_request(http::request const& r, std::string const& address);
    http::answer upgrade(http::request& r);
    dialect_id dialect_of(std::string_view subprotocol) const;
    boost::asio::awaitable<void> accept();
    boost::asio::awaitable<void> breathe();
    boost::asio::awaitable<void> receive(boost::asio::ip::tcp::socket socket);
    boost::asio::awaitable<void> talk(boost::asio::ip::tcp::socket socket, visit& v);
    std::optional<http::response> admit(std::string const& key, directory::units& place);
    boost::asio::awaitable<bool> wait_for_slot(visit& v);
    http::response refuse(limit_kind limit, milliseconds retry_after);
    static http::response refusal_of(limit_kind limit, milliseconds retry_after);

    shard& shard_;
    http::router routes_;
    handshake_pacer pacer_;
    std::optional<http::host_policy> own_names_;  ///< the Host must be one; none: any
    std::optional<boost::asio::ip::tcp::acceptor> acceptor_;
    task_group* tasks_ = nullptr;
    std::size_t refusing_ = 0;
};

}  // namespace weir
