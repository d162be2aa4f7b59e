#pragma once

#include <weir/async/stream.hpp>
#include <weir/base/clock.hpp>
#include <weir/base/error.hpp>
#include <weir/http/client_request.hpp>
#include <weir/http/request.hpp>
#include <weir/ws/extension.hpp>

#include <boost/asio/awaitable.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir::http {

/// What a client asks for. Values come from our own command line; a line break in one is a bug.
struct client_upgrade {
    std::string host;    ///< authority, such as "127.0.0.1:8080"
    std::string target;  ///< "/v1/ws"
    std::vector<std::string> subprotocols;
    std::optional<ws::deflate_offer> deflate;
    std::vector<field> headers;  ///< further ones, such as Authorization
};

struct client_upgrade_bytes {
    std::string bytes;
    std::string key;  ///< random; the response is checked against it
};
client_upgrade_bytes make_upgrade_request(client_upgrade const& wanted);

/// An established client side.
struct client_established {
    std::string subprotocol;  ///< empty: none
    std::optional<ws::deflate_terms> deflate;
    std::string early;  ///< bytes of the new protocol that came with the response
};

/// Judges the answer to make_upgrade_request(). The fault is a sentence for a person: of a non-101
/// answer the status and the server's own words. Codes: unauthorized (401), forbidden (403),
/// rate_limited (429), unavailable (5xx), bad_request.
result<client_established> check_upgrade_response(client_response const& r,
                                                  client_upgrade const& wanted,
                                                  std::string_view key);

/// Does the whole opening handshake on a connected stream. Faults as above, and `timeout`,
/// `unavailable` for the connection itself. `s` outlives it; afterwards release() it.
boost::asio::awaitable<result<client_established>> open_websocket(stream& s, client_upgrade wanted,
                                                                  mono_time deadline);

}  // namespace weir::http
