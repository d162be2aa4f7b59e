#pragma once

#include <weir/async/stream.hpp>
#include <weir/base/clock.hpp>
#include <weir/base/error.hpp>
#include <weir/http/request.hpp>

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace weir::http {

struct client_request {
    std::string method = "GET";
    std::string host = {};  ///< authority
    std::string target = "/";
    std::vector<field> headers = {};
    std::string content_type = {};  ///< of the body; empty: none is stated
    std::string body = {};
    bool keep_alive = true;
};

struct client_response {
    int status = 0;
    std::vector<field> headers;
    std::string body;
    bool keep_alive = false;  ///< the stream can carry another request

    std::string_view header(std::string_view name) const noexcept;
};

/// One request and its whole response on a connected stream. Faults: `timeout`, `unavailable`
/// (connection), `bad_request` (not HTTP), `too_large` (head over 16 KiB or body over
/// `body_bytes_max`).
boost::asio::awaitable<result<client_response>> send_request(
    stream& s, client_request what, mono_time deadline,
    std::size_t body_bytes_max = 16 * 1024 * 1024);

}  // namespace weir::http
