#include "config/syntax.hpp"

#include <weir/config/settings.hpp>

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <netinet/in.h>
#include <vector>

namespace weir::config {
namespace {

constexpr std::size_t pattern_bytes_max = 200;

bool is_lower_alnum(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}
bool is_alnum(char c) noexcept {
    return is_lower_alnum(c) || (c >= 'A' && c <= 'Z');
}

bool is_ip(std::string_view text, int family) {
    std::array<unsigned char, sizeof(in6_addr)> bytes{};
    return inet_pton(family, std::string(text).c_str(), bytes.data()) == 1;
}

std::vector<std::string_view> segments(std::string_view text) {
    std::vector<std::string_view> out;
    while (true) {
        std::size_t const dot = text.find('.');
        out.push_back(text.substr(0, dot));
        if (dot == std::string_view::npos) return out;
        text.remove_prefix(dot + 1);
    }
}

std::string segment_fault(std::string_view segment) {
    if (segment.empty()) return "has an empty segment";
    if (segment == "*" || segment == "{user}") return {};
    if (segment == "**") return "has ** before its end; it stands for the rest";
    for (char const c : segment) {
        if (c == '*') return "has * inside a segment; it stands for a whole one";
        if (c == '{' || c == '}') return "knows {user} only, as a whole segment";
        if (c == '$') return "begins or holds $; those topics are reserved and need no rule";
        if (!is_alnum(c) && std::string_view("_-=@:").find(c) == std::string_view::npos) {
            return "has a byte outside A-Z a-z 0-9 _ - = @ : .";
        }
    }
    return {};
}

std::string host_fault(std::string_view host) {
    if (host.starts_with('[') && host.ends_with(']')) {
        return is_ip(host.substr(1, host.size() - 2), AF_INET6) ? "" : "has no IPv6 address in []";
    }
    if (host.starts_with("*.")) host.remove_prefix(2);
    for (std::string_view const label : segments(host)) {
        if (label.empty()) return "has no host name";
        for (char const c : label) {
            if (c == '*') return "may have * only as its first label: https://*.example.com";
            if (c >= 'A' && c <= 'Z') return "has capitals in its host; browsers send none";
            if (!is_lower_alnum(c) && c != '-' && c != '_') return "is no origin: bad host name";
        }
    }
    return {};
}

}  // namespace

std::string address_fault(std::string_view text) {
    if (is_ip(text, AF_INET) || is_ip(text, AF_INET6)) return {};
    return "is not an IP address such as 127.0.0.1, 0.0.0.0 or ::1";
}

std::string host_name_fault(std::string_view text) {
    constexpr std::size_t name_bytes_max = 253;
    if (text == "*" || is_ip(text, AF_INET) || is_ip(text, AF_INET6)) return {};
    if (text.find_first_of(":/") != std::string_view::npos) {
        return "is more than a host name; leave scheme, port and path out";
    }
    if (text.size() > name_bytes_max) return "is longer than 253 bytes";
    for (std::string_view const label : segments(text)) {
        bool const good = !label.empty() && std::all_of(label.begin(), label.end(), [](char c) {
            return is_alnum(c) || c == '-' || c == '_';
        });
        if (!good) return "is not a host name such as weir.internal, nor \"*\" for any";
    }
    return {};
}

bool is_loopback(std::string_view address) noexcept {
    in6_addr six{};
    if (inet_pton(AF_INET6, std::string(address).c_str(), &six) == 1) {
        return IN6_IS_ADDR_LOOPBACK(&six);
    }
    return address.starts_with("127.") && is_ip(address, AF_INET);
}

std::string origin_fault(std::string_view text) {
    if (text == "same") return {};
    if (text == "*") return "would let every web page in; list the origins instead";
    bool const secure = text.starts_with("https://");
    if (!secure && !text.starts_with("http://")) {
        return "is not an origin such as https://app.example.com, or same";
    }
    std::string_view rest = text.substr(secure ? 8 : 7);
    if (rest.find_first_of("/?#@") != std::string_view::npos) {
        return "is more than scheme, host and port";
    }
    std::size_t const bracket = rest.find(']');
    std::size_t const colon = rest.find(':', bracket == std::string_view::npos ? 0 : bracket);
    if (colon != std::string_view::npos) {
        std::string_view const digits = rest.substr(colon + 1);
        std::uint16_t port = 0;
        auto const [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), port);
        if (error != std::errc{} || end != digits.data() + digits.size() || port == 0) {
            return "has no port from 1 to 65535 after its colon";
        }
        if (port == (secure ? 443 : 80))
            return "names the scheme's own port; browsers leave it out";
        rest = rest.substr(0, colon);
    }
    return host_fault(rest);
}

std::string pattern_fault(std::string_view text) {
    if (text.empty()) return "is empty; ** matches every topic";
    if (text.size() > pattern_bytes_max) return "is longer than 200 bytes";
    auto const parts = segments(text);
    for (std::size_t i = 0; i < parts.size(); ++i) {
        if (parts[i] == "**" && i + 1 == parts.size()) break;
        if (std::string fault = segment_fault(parts[i]); !fault.empty()) return fault;
    }
    if (std::count(parts.begin(), parts.end(), "{user}") > 1) return "has {user} more than once";
    return {};
}

std::string key_name_fault(std::string_view text) {
    bool const good = !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
        return is_alnum(c) || c == '_' || c == '-' || c == '.';
    });
    return good ? "" : "is not a name of 1 to 64 letters, digits, _ - or .";
}

std::string empty_fault(std::string_view text) {
    return text.empty() ? "is empty" : "";
}

bool covers(std::string_view earlier, std::string_view later) {
    auto const a = segments(earlier);
    auto const b = segments(later);
    auto const any_one = [](std::string_view s) { return s == "*" || s == "{user}"; };
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (i >= b.size()) return false;
        if (a[i] == "**") return true;
        if (b[i] == "**") return false;
        if (!any_one(a[i]) && a[i] != b[i]) return false;
    }
    return a.size() == b.size();
}

bool has_user_segment(std::string_view pattern) {
    auto const parts = segments(pattern);
    return std::find(parts.begin(), parts.end(), "{user}") != parts.end();
}

}  // namespace weir::config
