#include "http/head_scanner.hpp"

#include <weir/http/response.hpp>
#include <weir/message/json_text.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <utility>

namespace weir::http {
namespace {

/// IMF-fixdate (RFC 9110 section 5.6.7), such as "Sun, 06 Nov 1994 08:49:37 GMT".
std::string http_date(wall_ms at) {
    using namespace std::chrono;
    static constexpr std::array weekdays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::array months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    sys_time<milliseconds> const t{milliseconds{at}};
    auto const day = floor<days>(t);
    year_month_day const date{day};
    hh_mm_ss const time{floor<seconds>(t - day)};
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%s, %02u %s %04d %02d:%02d:%02d GMT",
                  weekdays[weekday{day}.c_encoding()], unsigned{date.day()},
                  months[unsigned{date.month()} - 1], int{date.year()},
                  static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                  static_cast<int>(time.seconds().count()));
    return text.data();
}

bool has_content(int status) noexcept {
    return status >= 200 && status != 204 && status != 304;
}

bool fits_line(std::string_view value) noexcept {
    return std::none_of(value.begin(), value.end(),
                        [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\t'; });
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
    if (!is_token(name) || !fits_line(value)) return;
    out.append(name).append(": ").append(value).append("\r\n");
}

std::string status_line(int status) {
    std::string out = "HTTP/1.1 " + std::to_string(status) + ' ';
    out.append(reason_phrase(status)).append("\r\n");
    return out;
}

/// The fields that any head has, and its end.
void append_rest(std::string& out, std::vector<field> const& headers, wire_options const& options) {
    for (field const& f : headers) append_field(out, f.name, f.value);
    append_field(out, "Date", http_date(options.date));
    if (!options.keep_alive) {
        append_field(out, "Connection",
                     find_field(headers, "upgrade") ? "Upgrade, close" : "close");
    } else if (options.http_1_0) {
        append_field(out, "Connection", "keep-alive");
    }
    out += "\r\n";
}

std::string_view to_text(outcome stored) noexcept {
    switch (stored) {
        case outcome::not_stored:
            return "not_stored";
        case outcome::unknown:
            return "unknown";
        case outcome::unstated:
            break;
    }
    return {};
}

}  // namespace

std::string_view reason_phrase(int status) noexcept {
    static constexpr std::array<std::pair<int, std::string_view>, 26> phrases = {{
        {100, "Continue"},
        {101, "Switching Protocols"},
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {304, "Not Modified"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {417, "Expectation Failed"},
        {421, "Misdirected Request"},
        {426, "Upgrade Required"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {503, "Service Unavailable"},
        {505, "HTTP Version Not Supported"},
    }};
    auto const at = std::find_if(phrases.begin(), phrases.end(),
                                 [status](auto const& p) { return p.first == status; });
    return at == phrases.end() ? std::string_view{"Unknown"} : at->second;
}

int status_of(errc code) noexcept {
    switch (code) {
        case errc::bad_request:
        case errc::unsupported:
            return 400;
        case errc::unauthorized:
        case errc::token_expired:
        case errc::reauth_required:
            return 401;
        case errc::forbidden:
            return 403;
        case errc::limit_reached:
        case errc::not_subscribed:
        case errc::conflict:
            return 409;
        case errc::too_large:
            return 413;
        case errc::rate_limited:
            return 429;
        case errc::unavailable:
        case errc::timeout:
            return 503;
        case errc::internal:
            break;
    }
    return 500;
}

response json_response(std::string text, int status) {
    response r;
    r.status = status;
    r.content_type = "application/json";
    r.body = std::move(text);
    r.headers.push_back({"Cache-Control", "no-store"});
    return r;
}

response text_response(std::string text, int status) {
    response r;
    r.status = status;
    r.content_type = "text/plain; charset=utf-8";
    r.body = std::move(text);
    return r;
}

response no_content() {
    response r;
    r.status = 204;
    return r;
}

response json_error(fault const& f) {
    auto r = json_error(status_of(f.code), f.code, f.message);
    std::string more;
    if (f.retry_after.count() > 0) {
        auto const whole = std::chrono::ceil<std::chrono::seconds>(f.retry_after).count();
        r.headers.push_back({"Retry-After", std::to_string(whole)});
        more += ",\"retry_after_ms\":" + std::to_string(f.retry_after.count());
    }
    if (f.stored != outcome::unstated) {
        more.append(",\"outcome\":\"").append(to_text(f.stored)).append("\"");
    }
    r.body.insert(r.body.size() - 2, more);  // before the two closing brackets
    return r;
}

response json_error(errc code, std::string_view message) {
    return json_error(status_of(code), code, message);
}

response json_error(int status, errc code, std::string_view message) {
    std::string text = "{\"error\":{\"code\":\"";
    text.append(to_string(code)).append("\",\"message\":");
    append_json_string(text, message);
    text += "}}";
    auto r = json_response(std::move(text), status);
    if (status == 401) r.headers.push_back({"WWW-Authenticate", "Bearer"});
    return r;
}

std::string to_bytes(response const& r, wire_options const& options) {
    std::string out = status_line(r.status);
    bool const content = has_content(r.status);
    if (content) {
        if (!r.content_type.empty()) append_field(out, "Content-Type", r.content_type);
        append_field(out, "Content-Length", std::to_string(r.body.size()));
        append_field(out, "X-Content-Type-Options", "nosniff");
    }
    append_rest(out, r.headers, options);
    if (content && !options.head_only) out += r.body;
    return out;
}

std::string to_bytes(stream_start const& r, wire_options const& options) {
    std::string out = status_line(r.status);
    append_field(out, "Content-Type", r.content_type);
    append_field(out, "X-Content-Type-Options", "nosniff");
    if (!options.http_1_0) append_field(out, "Transfer-Encoding", "chunked");
    wire_options how = options;
    how.keep_alive = how.keep_alive && !how.http_1_0;
    append_rest(out, r.headers, how);
    return out;
}

}  // namespace weir::http
