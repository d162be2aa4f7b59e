#pragma once

#include <weir/base/clock.hpp>
#include <weir/base/error.hpp>
#include <weir/http/request.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace weir::http {

/// An answer, as a plain value. The connection adds Content-Length, Connection, Date and
/// `X-Content-Type-Options: nosniff`; API answers bring `Cache-Control: no-store` themselves.
struct response {
    int status = 200;
    std::string content_type;  ///< empty: no body is meant
    std::string body;
    std::vector<field> headers;  ///< values of ours only; a line break in one is a bug
    bool close = false;          ///< end the connection after it
};

/// The beginning of an answer whose body comes in pieces, as long as it takes: its head. Whoever
/// called serve() writes the body (transport: response_stream).
struct stream_start {
    int status = 200;  ///< one that has a body
    std::string content_type;
    std::vector<field> headers;  ///< as in a response
};

std::string_view reason_phrase(int status) noexcept;
/// The status that goes with an error code of the protocol.
int status_of(errc code) noexcept;

/// `text` is JSON already.
response json_response(std::string text, int status = 200);
response text_response(std::string text, int status = 200);
/// 204, without a body.
response no_content();

/// {"error":{"code","message"}} with the status of the code, or with another one. 401 brings
/// `WWW-Authenticate: Bearer`.
response json_error(errc code, std::string_view message);
response json_error(int status, errc code, std::string_view message);
/// The same with Retry-After, "retry_after_ms" and "outcome" where the fault states them.
response json_error(fault const& f);

struct wire_options {
    bool keep_alive = true;  ///< false: says `Connection: close`
    bool head_only = false;  ///< answers HEAD: Content-Length of the body, but no body
    bool http_1_0 = false;   ///< the request was HTTP/1.0: says `Connection: keep-alive` if so
    wall_ms date = 0;
};
/// What goes over the wire. A header of the response that could break out of its line is left out.
std::string to_bytes(response const& r, wire_options const& options);
/// The head alone. The body is chunked; for HTTP/1.0 it goes on until the connection ends.
std::string to_bytes(stream_start const& r, wire_options const& options);

}  // namespace weir::http
