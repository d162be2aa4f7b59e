#include "http/request_reader.hpp"

#include "http/framing.hpp"
#include "http/message_parser.hpp"
#include "http/target.hpp"

#include <weir/base/assert.hpp>

namespace weir::http {
namespace {

method method_of(std::string_view text) noexcept {
    for (std::size_t i = 0; i + 1 != method_count; ++i) {
        if (to_string(static_cast<method>(i)) == text) return static_cast<method>(i);
    }
    return method::other;
}

}  // namespace

request_reader::progress request_reader::read(std::string_view bytes) {
    return head_done_ ? read_body(bytes) : read_head(bytes);
}

request_reader::progress request_reader::read_head(std::string_view bytes) {
    switch (scanner_.scan(bytes)) {
        case head_scanner::state::more:
            return {step::more, 0};
        case head_scanner::state::failed:
            fault_ = scanner_.fault();
            return {step::failed, 0};
        case head_scanner::state::complete:
            break;
    }
    auto const head = bytes.substr(scanner_.begin(), scanner_.end() - scanner_.begin());
    if (auto const f = take_head(head)) {
        fault_ = *f;
        return {step::failed, 0};
    }
    head_done_ = true;
    return {step::head, scanner_.end()};
}

std::optional<http_fault> request_reader::take_head(std::string_view head) {
    message_parser<true> parser;
    bool const read = parser.read(head);
    // Of lengths that contradict each other the parser may have spoken first: say it in our words.
    if (auto const f = read_framing(parser.fields, parser.minor_version, framing_)) return f;
    // The scanner has seen a whole head here, so whoever sees less of it reads it differently.
    if (!read) return http_fault{400, "the request's header is malformed"};
    request_.verb = method_of(parser.method);
    request_.method_text = std::move(parser.method);
    request_.minor_version = parser.minor_version;
    request_.headers = std::move(parser.fields);
    if (auto const f = check_host_line(request_)) return f;
    return read_target(parser.target, request_);
}

request_reader::progress request_reader::read_body(std::string_view bytes) {
    WEIR_ASSERT(body_);
    auto const got = body_->read(bytes);
    switch (got.at) {
        case body_reader::state::more:
            return {step::more, got.used};
        case body_reader::state::failed:
            fault_ = body_->fault();
            return {step::failed, 0};
        case body_reader::state::done:
            break;
    }
    request_.body = std::move(body_->body());
    return {step::done, got.used};
}

bool request_reader::has_body() const noexcept {
    return framing_.how == body_framing::kind::chunked || framing_.bytes != 0;
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

}  // namespace weir::http
