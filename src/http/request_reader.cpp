#include "http/request_reader.hpp"

#include "http/framing.hpp"
#include "http/head_scanner.hpp"
#include "http/message_parser.hpp"
#include "http/target.hpp"

namespace weir::http {
namespace {

// A chunk's line with its extensions, or the trailers: whatever cannot be used until it is whole.
constexpr std::size_t chunk_line_bytes_max = 8 * 1024;

method method_of(std::string_view text) noexcept {
    for (std::size_t i = 0; i + 1 != method_count; ++i) {
        if (to_string(static_cast<method>(i)) == text) return static_cast<method>(i);
    }
    return method::other;
}

}  // namespace

struct request_reader::engine {
    explicit engine(limits const& bounds) : scanner(head_scanner::kind::request, bounds) {}
    head_scanner scanner;
    message_parser<true> parser;
};

request_reader::request_reader(limits const& bounds) : engine_(std::make_unique<engine>(bounds)) {}
request_reader::~request_reader() = default;

request_reader::progress request_reader::fail(http_fault const& f) {
    fault_ = f;
    return {step::failed, 0};
}

request_reader::progress request_reader::read(std::string_view bytes) {
    return head_done_ ? read_body(bytes) : read_head(bytes);
}

request_reader::progress request_reader::read_head(std::string_view bytes) {
    head_scanner& scanner = engine_->scanner;
    switch (scanner.scan(bytes)) {
        case head_scanner::state::more:
            return {step::more, 0};
        case head_scanner::state::failed:
            return fail(scanner.fault());
        case head_scanner::state::complete:
            break;
    }
    auto const head = bytes.substr(scanner.begin(), scanner.end() - scanner.begin());
    auto& parser = engine_->parser;
    boost::beast::error_code ec;
    auto const used = parser.put(boost::asio::const_buffer(head.data(), head.size()), ec);
    // The scanner has seen the whole head, so a parser that sees less of it reads it differently.
    if (ec || used != head.size() || !parser.is_header_done()) {
        // Of two lengths that differ in form Beast speaks first; ours is the better sentence.
        auto const framing = check_framing(parser.fields, parser.minor_version);
        return fail(framing ? *framing : http_fault{400, "the request's header is malformed"});
    }
    request& r = request_;
    r.verb = method_of(parser.method);
    r.method_text = std::move(parser.method);
    r.minor_version = parser.minor_version;
    r.headers = std::move(parser.fields);
    if (auto const f = check_framing(r.headers, r.minor_version)) return fail(*f);
    if (auto const f = check_host_line(r)) return fail(*f);
    if (auto const f = read_target(parser.target, r)) return fail(*f);
    head_done_ = true;
    return {step::head, scanner.end()};
}

request_reader::progress request_reader::read_body(std::string_view bytes) {
    auto& parser = engine_->parser;
    std::size_t used = 0;
    // Ends: each turn uses bytes or returns.
    while (!parser.is_done()) {
        auto const rest = bytes.substr(used);
        if (rest.empty()) return {step::more, used};
        boost::beast::error_code ec;
        auto const n = parser.put(boost::asio::const_buffer(rest.data(), rest.size()), ec);
        used += n;
        if (ec == boost::beast::http::error::need_more) {
            if (bytes.size() - used > chunk_line_bytes_max) {
                return fail({400, "a chunk's header is too long"});
            }
            return {step::more, used};
        }
        if (ec == boost::beast::http::error::body_limit) {
            return fail({413, "the request's body is too large"});
        }
        if (ec || n == 0) return fail({400, "the request's body is malformed"});
    }
    request_.body = std::move(parser.body);
    return {step::done, used};
}

bool request_reader::has_body() const noexcept {
    return !engine_->parser.is_done();
}

bool request_reader::keep_alive() const noexcept {
    bool close = request_.minor_version == 0;
    for (field const& f : request_.headers) {
        if (!equal_ignoring_case(f.name, "connection")) continue;
        if (lists_token(f.value, "close")) return false;
        if (lists_token(f.value, "keep-alive")) close = false;
    }
    return !close;
}

bool request_reader::expects_continue() const noexcept {
    return request_.minor_version == 1 && has_body() &&
           equal_ignoring_case(request_.header("expect"), "100-continue");
}

bool request_reader::allow_body(std::size_t bytes_max) {
    engine_->parser.body_bytes_max = bytes_max;
    auto const announced = engine_->parser.content_length();
    if (!announced || *announced <= bytes_max) return true;
    fault_ = {413, "the request's body is too large"};
    return false;
}

}  // namespace weir::http
