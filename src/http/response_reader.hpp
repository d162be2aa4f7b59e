#pragma once

#include <weir/async/stream.hpp>
#include <weir/base/clock.hpp>
#include <weir/base/error.hpp>
#include <weir/http/client_request.hpp>

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <string>

namespace weir::http {

/// A response and what came behind it.
struct received_response {
    client_response message;
    std::string rest;
};

struct response_expectation {
    bool to_head = false;  ///< answers HEAD: no body whatever it says
    std::size_t body_bytes_max = 0;
};

/// Reads one response; informational ones (1xx but 101) are passed over. A 101 ends with its head.
boost::asio::awaitable<result<received_response>> read_response(stream& s,
                                                                response_expectation expected,
                                                                mono_time deadline);

}  // namespace weir::http
