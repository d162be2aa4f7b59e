#include "http/response_reader.hpp"

#include <weir/http/client_request.hpp>

#include <boost/asio/error.hpp>

#include <utility>

namespace weir::http {
namespace {

std::string request_bytes(client_request const& what) {
    std::string out = what.method + ' ' + what.target + " HTTP/1.1\r\nHost: " + what.host + "\r\n";
    for (field const& f : what.headers) out += f.name + ": " + f.value + "\r\n";
    if (!what.content_type.empty()) out += "Content-Type: " + what.content_type + "\r\n";
    if (!what.body.empty() || what.method == "POST") {
        out += "Content-Length: " + std::to_string(what.body.size()) + "\r\n";
    }
    if (!what.keep_alive) out += "Connection: close\r\n";
    return out + "\r\n" + what.body;
}

}  // namespace

std::string_view client_response::header(std::string_view name) const noexcept {
    auto const* const value = find_field(headers, name);
    return value == nullptr ? std::string_view{} : *value;
}

boost::asio::awaitable<result<client_response>> send_request(stream& s, client_request what,
                                                             mono_time deadline,
                                                             std::size_t body_bytes_max) {
    std::string const bytes = request_bytes(what);
    auto const ec = co_await s.write_all(bytes, deadline);
    if (ec == boost::asio::error::timed_out) co_return fault{errc::timeout, "no answer in time"};
    // A server may answer and close before it has read everything: look for that answer.
    response_expectation const expected{what.method == "HEAD", body_bytes_max};
    auto got = co_await read_response(s, expected, deadline);
    if (!got && ec) co_return fault{errc::unavailable, "the connection failed: " + ec.message()};
    if (!got) co_return got.error();
    co_return std::move(got->message);
}

}  // namespace weir::http
