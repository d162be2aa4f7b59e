#include "client/connect_stream.hpp"

#include <weir/client/http_get.hpp>

#include <utility>

namespace weir {
namespace asio = boost::asio;

namespace {

constexpr std::size_t answer_bytes_max = 64 * 1024;

}  // namespace

asio::awaitable<result<http::client_response>> http_get(ws_url from, bool verify,
                                                        mono_time deadline) {
    auto connected = co_await connect_stream(from, {.verify = verify}, deadline);
    if (!connected) co_return connected.error();
    http::client_request request;
    request.host = from.authority();
    request.target = from.target;
    request.keep_alive = false;
    co_return co_await http::send_request(**connected, std::move(request), deadline,
                                          answer_bytes_max);
}

}  // namespace weir
