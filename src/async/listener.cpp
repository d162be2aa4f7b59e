#include <weir/async/listener.hpp>
#include <weir/base/clock.hpp>
#include <weir/base/log.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/detail/socket_option.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <sys/socket.h>
#include <utility>

namespace weir {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using reuse_port = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

std::string place(listen_settings const& s) {
    bool const v6 = s.address.find(':') != std::string::npos;
    return (v6 ? "[" + s.address + "]" : s.address) + ":" + std::to_string(s.port);
}

// A sentence that says what to do.
fault explain(listen_settings const& s, boost::system::error_code const& ec) {
    namespace e = boost::system::errc;
    std::string const port = std::to_string(s.port);
    std::string text = "cannot listen on " + place(s) + ": ";
    if (ec == e::address_in_use) {
        text += "port " + port + " is in use by another program; stop it or choose another port";
    } else if (ec == e::permission_denied) {
        text += "no permission for port " + port +
                "; ports below 1024 need CAP_NET_BIND_SERVICE, or choose a higher one";
    } else if (ec == e::address_not_available) {
        text += s.address + " is not an address of this machine; 0.0.0.0 or :: takes all it has";
    } else if (ec == e::address_family_not_supported) {
        text += "this machine has no " +
                std::string(s.address.find(':') != std::string::npos ? "IPv6" : "IPv4") +
                "; choose an address of the other kind";
    } else if (ec == e::too_many_files_open || ec == e::too_many_files_open_in_system) {
        text += "no descriptors are left; raise the limit (ulimit -n, LimitNOFILE)";
    } else {
        text += ec.message();
    }
    return {.code = errc::unavailable, .message = std::move(text)};
}

}  // namespace

result<tcp::acceptor> listen_on(asio::any_io_executor executor, listen_settings const& settings) {
    boost::system::error_code ec;
    auto const address = asio::ip::make_address(settings.address, ec);
    if (ec) {
        return fault{.code = errc::bad_request,
                     .message = "cannot listen on \"" + settings.address +
                                "\": not an IP address (names are not looked up); "
                                "use one such as 127.0.0.1, 0.0.0.0 or ::"};
    }
    tcp::endpoint const where(address, settings.port);
    tcp::acceptor acceptor(executor);
    acceptor.open(where.protocol(), ec);
    if (!ec) acceptor.set_option(tcp::acceptor::reuse_address(true), ec);
    if (!ec && settings.share_port) acceptor.set_option(reuse_port(true), ec);
    if (!ec && address.is_v6()) acceptor.set_option(asio::ip::v6_only(false), ec);
    if (!ec) acceptor.bind(where, ec);
    if (!ec) acceptor.listen(settings.backlog, ec);
    if (ec) return explain(settings, ec);
    return acceptor;
}

asio::awaitable<std::optional<tcp::socket>> next_connection(tcp::acceptor& acceptor) {
    constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
    asio::steady_timer pause(acceptor.get_executor());
    while (acceptor.is_open()) {  // ends: a connection, or the acceptor is closed
        auto [error, socket] = co_await acceptor.async_accept(as_result);
        if (!error) co_return std::move(socket);
        if (error == asio::error::operation_aborted) break;
        if (error == asio::error::connection_aborted) continue;
        log::limited(log::level::error, "cannot accept connections", "accept",
                     {{"error", error.message()}});
        pause.expires_after(milliseconds(100));
        auto const [cancelled] = co_await pause.async_wait(as_result);
        if (cancelled) break;
    }
    co_return std::nullopt;
}

}  // namespace weir
