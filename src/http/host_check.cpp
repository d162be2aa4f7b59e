#include <weir/http/host_check.hpp>
#include <weir/http/request.hpp>

#include <algorithm>
#include <charconv>
#include <string>

namespace weir::http {
namespace {

// As much of a name as DNS has, and more than any IP literal.
constexpr std::size_t host_bytes_max = 255;

bool is_name_byte(char c) noexcept {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '.' || c == '_';
}

std::optional<boost::asio::ip::address> ip_literal(authority const& a) {
    boost::system::error_code ec;
    auto address = boost::asio::ip::make_address(std::string(a.host), ec);
    if (ec || address.is_v6() != a.ipv6) return std::nullopt;
    return address;
}

}  // namespace

std::optional<authority> parse_authority(std::string_view text) noexcept {
    authority a;
    std::string_view rest;
    if (text.starts_with('[')) {
        auto const close = text.find(']');
        if (close == std::string_view::npos) return std::nullopt;
        a.host = text.substr(1, close - 1);
        a.ipv6 = true;
        rest = text.substr(close + 1);
        if (a.host.empty() || a.host.find_first_not_of("0123456789abcdefABCDEF:.") != a.host.npos) {
            return std::nullopt;
        }
    } else {
        auto const colon = std::min(text.find(':'), text.size());
        a.host = text.substr(0, colon);
        rest = text.substr(colon);
        if (a.host.empty() || !std::all_of(a.host.begin(), a.host.end(), is_name_byte)) {
            return std::nullopt;
        }
    }
    if (a.host.size() > host_bytes_max) return std::nullopt;
    if (rest.empty() || rest == ":") return a;
    if (rest.front() != ':') return std::nullopt;
    rest.remove_prefix(1);
    std::uint16_t port = 0;
    auto const [end, ec] = std::from_chars(rest.data(), rest.data() + rest.size(), port);
    if (ec != std::errc{} || end != rest.data() + rest.size()) return std::nullopt;
    a.port = port;
    return a;
}

bool host_allowed(std::string_view host, host_policy const& policy) {
    auto const a = parse_authority(host);
    if (!a) return false;
    if (a->port && policy.port && *a->port != *policy.port) return false;
    auto const& names = policy.names;
    if (std::find(names.begin(), names.end(), "*") != names.end()) return true;
    // A rebound name never looks like an address, so on an unspecified listener any will do.
    if (auto const address = ip_literal(*a)) {
        auto const is_this_address = [&address](std::string const& name) {
            boost::system::error_code ec;
            return boost::asio::ip::make_address(name, ec) == *address && !ec;
        };
        return address->is_loopback() || *address == policy.listen_address ||
               policy.listen_address.is_unspecified() ||
               std::any_of(names.begin(), names.end(), is_this_address);
    }
    auto const is_this = [&a](std::string_view name) { return equal_ignoring_case(a->host, name); };
    return !a->ipv6 && (is_this("localhost") || std::any_of(names.begin(), names.end(), is_this));
}

}  // namespace weir::http
