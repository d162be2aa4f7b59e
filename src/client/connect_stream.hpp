#pragma once

#include <weir/async/stream.hpp>
#include <weir/base/clock.hpp>
#include <weir/base/error.hpp>
#include <weir/client/ws_client.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/system/error_code.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace weir {

struct tls_trust {
    std::string ca_file = {};  ///< one more root; empty: none
    bool verify = true;        ///< false: any certificate
};

/// Resolves, connects and does TLS if the URL asks for it. Faults are sentences for a person.
boost::asio::awaitable<result<std::unique_ptr<stream>>> connect_stream(ws_url url, tls_trust trust,
                                                                       mono_time deadline);

/// "WHAT: the system's words", as `timeout` or `unavailable`.
fault failed(std::string_view what, boost::system::error_code error);

}  // namespace weir
