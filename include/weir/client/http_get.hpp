#pragma once

#include <weir/base/clock.hpp>
#include <weir/base/error.hpp>
#include <weir/client/ws_client.hpp>
#include <weir/http/client_request.hpp>

#include <boost/asio/awaitable.hpp>

namespace weir {

/// One GET of a small answer on a connection of its own. `from.secure` is HTTPS; `verify` false
/// accepts any certificate. Faults are sentences for a person.
boost::asio::awaitable<result<http::client_response>> http_get(ws_url from, bool verify,
                                                               mono_time deadline);

}  // namespace weir
