#include "http/head_scanner.hpp"

#include <algorithm>
#include <array>

namespace weir::http {
namespace {

constexpr std::array<bool, 256> token_bytes = [] {
    std::array<bool, 256> t{};
    for (int c = '0'; c <= '9'; ++c) t[static_cast<std::size_t>(c)] = true;
    for (int c = 'a'; c <= 'z'; ++c) t[static_cast<std::size_t>(c)] = true;
    for (int c = 'A'; c <= 'Z'; ++c) t[static_cast<std::size_t>(c)] = true;
    for (char const c : std::string_view("!#$%&'*+-.^_`|~"))
        t[static_cast<unsigned char>(c)] = true;
    return t;
}();

bool is_token_byte(char c) noexcept {
    return token_bytes[static_cast<unsigned char>(c)];
}

/// HTAB, SP, VCHAR, obs-text (RFC 9110 section 5.5).
bool is_value_byte(char c) noexcept {
    auto const b = static_cast<unsigned char>(c);
    return b == '\t' || (b >= 0x20 && b != 0x7f);
}

bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

// Longer than any method that is registered.
constexpr std::size_t method_bytes_max = 32;
// What a request line has around its target: method, two spaces, version, CR.
constexpr std::size_t around_target_max = method_bytes_max + 11;

constexpr http_fault not_http{400, "this is not HTTP/1"};
constexpr http_fault head_too_large{431, "the request's header is too large"};
constexpr http_fault target_too_long{414, "the request's target is too long"};

}  // namespace

bool is_token(std::string_view text) noexcept {
    return !text.empty() && std::all_of(text.begin(), text.end(), is_token_byte);
}

bool is_field_text(std::string_view text) noexcept {
    return std::all_of(text.begin(), text.end(), is_value_byte);
}

std::optional<http_fault> check_field_line(std::string_view line) noexcept {
    if (!is_field_text(line)) return http_fault{400, "a header line has a control character"};
    if (line.front() == ' ' || line.front() == '\t') {
        return http_fault{400, "folded header lines are not accepted"};
    }
    auto const colon = line.find(':');
    if (colon == std::string_view::npos) return http_fault{400, "a header line has no colon"};
    if (!is_token(line.substr(0, colon))) return http_fault{400, "a header name is malformed"};
    return std::nullopt;
}

head_scanner::state head_scanner::scan(std::string_view bytes) {
    auto const fail = [this](http_fault const& f) {
        fault_ = f;
        return state::failed;
    };
    // Ends: each turn takes one line or returns.
    for (;;) {
        auto const feed = bytes.find('\n', looked_at_);
        if (feed == std::string_view::npos) {
            looked_at_ = bytes.size();
            if (auto const f = check_unfinished(bytes)) return fail(*f);
            return state::more;
        }
        if (feed >= bounds_.header_bytes) return fail(head_too_large);
        looked_at_ = feed + 1;
        if (feed == line_at_ || bytes[feed - 1] != '\r') {
            return fail({400, "a line does not end in CR LF"});
        }
        auto const line = bytes.substr(line_at_, feed - 1 - line_at_);
        line_at_ = feed + 1;
        if (line.empty()) {
            if (lines_ != 0) {
                end_ = line_at_;
                return state::complete;
            }
            if (begin_ != 0) return fail(not_http);
            begin_ = line_at_;
            continue;
        }
        if (auto const f = check_line(line)) return fail(*f);
        ++lines_;
    }
}

/// What can be said before the line is complete, so that garbage is not waited for.
std::optional<http_fault> head_scanner::check_unfinished(std::string_view bytes) const {
    auto const line = bytes.substr(line_at_);
    if (lines_ == 0 && kind_ == kind::request) {
        auto const head = line.substr(0, method_bytes_max + 1);
        auto const stop = std::find_if_not(head.begin(), head.end(), is_token_byte);
        auto const length = static_cast<std::size_t>(stop - head.begin());
        // A lone CR may be the beginning of the empty line that is forgiven.
        bool const may_be_empty = length == 0 && (head.empty() || head == "\r");
        if (!may_be_empty && stop != head.end() && (*stop != ' ' || length == 0)) return not_http;
        if (length > method_bytes_max) return not_http;
        if (line.size() > bounds_.target_bytes + around_target_max) return target_too_long;
    }
    if (bytes.size() >= bounds_.header_bytes) return head_too_large;
    return std::nullopt;
}

std::optional<http_fault> head_scanner::check_line(std::string_view line) {
    if (lines_ > bounds_.headers) return http_fault{431, "too many header lines"};
    if (lines_ != 0) return check_field_line(line);
    if (!is_field_text(line)) return not_http;
    if (kind_ == kind::request) return check_request_line(line);
    return line.starts_with("HTTP/1.") ? std::nullopt : std::optional(not_http);
}

/// method SP target SP HTTP/1.x, one space each.
std::optional<http_fault> head_scanner::check_request_line(std::string_view line) const {
    auto const first = line.find(' ');
    auto const last = line.rfind(' ');
    if (first == std::string_view::npos || last == first) return not_http;
    auto const method = line.substr(0, first);
    auto const target = line.substr(first + 1, last - first - 1);
    auto const version = line.substr(last + 1);
    if (!is_token(method) || method.size() > method_bytes_max) return not_http;
    if (version.size() != 8 || !version.starts_with("HTTP/") || !is_digit(version[5]) ||
        version[6] != '.' || !is_digit(version[7])) {
        return not_http;
    }
    if (version != "HTTP/1.1" && version != "HTTP/1.0") {
        return http_fault{505, "only HTTP/1.1 and HTTP/1.0 are spoken here"};
    }
    if (target.size() > bounds_.target_bytes) return target_too_long;
    bool const visible =
        std::all_of(target.begin(), target.end(), [](char c) { return c > 0x20 && c < 0x7f; });
    if (target.empty() || !visible) return http_fault{400, "the request's target is malformed"};
    return std::nullopt;
}

}  // namespace weir::http
