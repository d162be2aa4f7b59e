#include "http/response_reader.hpp"

#include "http/body_reader.hpp"
#include "http/framing.hpp"
#include "http/head_scanner.hpp"
#include "http/message_parser.hpp"

#include <boost/asio/error.hpp>

#include <utility>

namespace weir::http {
namespace {

using boost::asio::awaitable;
using boost::system::error_code;

constexpr std::size_t read_bytes = 16 * 1024;
constexpr int informational_max = 8;

fault connection_fault(error_code ec) {
    if (ec == boost::asio::error::timed_out) return {errc::timeout, "no answer in time"};
    if (ec == boost::asio::error::eof) {
        return {errc::unavailable, "the connection ended before the answer"};
    }
    return {errc::unavailable, "the connection failed: " + ec.message()};
}

fault not_http(std::string_view what) {
    return {errc::bad_request, "the answer is not HTTP: " + std::string(what)};
}

bool wants_keep_alive(client_response const& r, int minor_version) {
    auto const* const connection = find_field(r.headers, "connection");
    if (connection == nullptr) return minor_version == 1;
    if (lists_token(*connection, "close")) return false;
    return minor_version == 1 || lists_token(*connection, "keep-alive");
}

class incoming_response {
public:
    incoming_response(stream& s, response_expectation expected, mono_time deadline)
        : stream_(s), expected_(expected), deadline_(deadline) {}

    awaitable<result<received_response>> run();

private:
    using parser_type = message_parser<false>;
    awaitable<error_code> fill();
    awaitable<result<void>> read_head(parser_type& parser);
    result<body_framing> framing_of(parser_type const& parser) const;
    awaitable<result<void>> read_body(body_reader& body);

    stream& stream_;
    response_expectation expected_;
    mono_time deadline_;
    std::string buffer_;
};

awaitable<error_code> incoming_response::fill() {
    auto const had = buffer_.size();
    buffer_.resize(had + read_bytes);
    std::span<char> const into(buffer_.data() + had, read_bytes);
    auto const [ec, n] = co_await stream_.read_some(into, deadline_);
    buffer_.resize(had + (ec ? 0 : n));
    co_return ec;
}

awaitable<result<void>> incoming_response::read_head(parser_type& parser) {
    head_scanner scanner(head_scanner::kind::response, limits{});
    // Ends: each turn reads a byte or returns, and the scanner bounds the head.
    for (;;) {
        auto const state = scanner.scan(buffer_);
        if (state == head_scanner::state::failed) co_return not_http(scanner.fault().text);
        if (state == head_scanner::state::complete) break;
        error_code const ec = co_await fill();
        if (ec) co_return connection_fault(ec);
    }
    bool const read = parser.read(
        std::string_view(buffer_).substr(scanner.begin(), scanner.end() - scanner.begin()));
    if (!read) co_return not_http("malformed header");
    buffer_.erase(0, scanner.end());
    co_return result<void>{};
}

/// Where the body ends (RFC 9112 section 6.3).
result<body_framing> incoming_response::framing_of(parser_type const& parser) const {
    body_framing framing;
    if (auto const f = read_framing(parser.fields, parser.minor_version, framing)) {
        return not_http(f->text);
    }
    int const status = parser.status;
    if (expected_.to_head || status / 100 == 1 || status == 204 || status == 304) {
        return body_framing{};
    }
    if (framing.how == body_framing::kind::none) framing.how = body_framing::kind::to_end;
    return framing;
}

awaitable<result<void>> incoming_response::read_body(body_reader& body) {
    // Ends: each turn reads a byte or returns, and the reader bounds what it takes.
    for (;;) {
        auto const progress = body.read(buffer_);
        buffer_.erase(0, progress.used);
        if (progress.at == body_reader::state::done) break;
        if (progress.at == body_reader::state::failed) {
            if (body.fault().status == 413) {
                co_return fault{errc::too_large, "the answer is too large"};
            }
            co_return not_http(body.fault().text);
        }
        error_code const ec = co_await fill();
        if (ec == boost::asio::error::eof && body.end()) break;
        if (ec) co_return connection_fault(ec);
    }
    co_return result<void>{};
}

awaitable<result<received_response>> incoming_response::run() {
    for (int i = 0; i != informational_max; ++i) {
        parser_type parser;
        auto const head = co_await read_head(parser);
        if (!head) co_return head.error();
        if (parser.status / 100 == 1 && parser.status != 101) continue;
        auto const framing = framing_of(parser);
        if (!framing) co_return framing.error();
        body_reader reader(*framing, expected_.body_bytes_max);
        auto const body = co_await read_body(reader);
        if (!body) co_return body.error();
        received_response got;
        got.message.status = parser.status;
        got.message.headers = std::move(parser.fields);
        got.message.body = std::move(reader.body());
        got.message.keep_alive = wants_keep_alive(got.message, parser.minor_version) &&
                                 framing->how != body_framing::kind::to_end;
        got.rest = std::move(buffer_);
        co_return got;
    }
    co_return not_http("too many informational answers");
}

}  // namespace

awaitable<result<received_response>> read_response(stream& s, response_expectation expected,
                                                   mono_time deadline) {
    incoming_response incoming(s, expected, deadline);
    co_return co_await incoming.run();
}

}  // namespace weir::http
