#include <weir/http/host_check.hpp>
#include <weir/http/origin.hpp>
#include <weir/http/request.hpp>

#include <algorithm>
#include <optional>

namespace weir::http {
namespace {

std::optional<std::uint16_t> default_port(std::string_view scheme) noexcept {
    if (equal_ignoring_case(scheme, "https")) return std::uint16_t{443};
    if (equal_ignoring_case(scheme, "http")) return std::uint16_t{80};
    return std::nullopt;
}

struct origin_parts {
    std::string_view scheme;
    std::string_view host;
    std::uint16_t port = 0;
};

/// scheme "://" authority, and nothing behind it.
std::optional<origin_parts> parse_origin(std::string_view text) noexcept {
    auto const colon = text.find("://");
    if (colon == std::string_view::npos) return std::nullopt;
    auto const scheme = text.substr(0, colon);
    auto const port = default_port(scheme);
    auto const a = parse_authority(text.substr(colon + 3));
    if (!port || !a) return std::nullopt;
    return origin_parts{scheme, a->host, a->port.value_or(*port)};
}

bool ends_with_ignoring_case(std::string_view text, std::string_view tail) noexcept {
    return text.size() >= tail.size() &&
           equal_ignoring_case(text.substr(text.size() - tail.size()), tail);
}

bool is_own(origin_parts const& origin, std::string_view host, bool secure) noexcept {
    auto const own = parse_authority(host);
    if (!own || !equal_ignoring_case(origin.host, own->host)) return false;
    if (secure && !equal_ignoring_case(origin.scheme, "https")) return false;
    // A Host without a port means the default one of the page's scheme: over a plain connection
    // that is how the proxy that ended its TLS was called.
    return own->port.value_or(*default_port(origin.scheme)) == origin.port;
}

}  // namespace

result<origin_policy> origin_policy::parse(std::vector<std::string> const& entries) {
    origin_policy policy;
    for (std::string const& entry : entries) {
        if (entry == "same") {
            policy.same_ = true;
        } else if (entry == "null") {
            policy.null_ = true;
        } else if (entry == "*") {
            policy.any_ = true;
        } else {
            std::string plain = entry;
            auto const star = plain.find("://*.");
            bool const wildcard = star != std::string::npos;
            if (wildcard) plain.erase(star + 3, 2);
            auto const parts = parse_origin(plain);
            if (!parts) {
                return fault{errc::bad_request,
                             "\"" + entry +
                                 "\" is not an origin such as https://example.com, "
                                 "https://*.example.com, \"same\", \"null\" or \"*\""};
            }
            policy.listed_.push_back({std::string(parts->scheme),
                                      (wildcard ? "." : "") + std::string(parts->host), parts->port,
                                      wildcard});
        }
    }
    return policy;
}

bool origin_policy::allows(std::string_view origin, std::string_view host,
                           bool secure) const noexcept {
    if (any_) return true;
    if (origin == "null") return null_;
    auto const parts = parse_origin(origin);
    if (!parts) return false;
    if (same_ && is_own(*parts, host, secure)) return true;
    return std::any_of(listed_.begin(), listed_.end(), [&parts](exact const& e) {
        return equal_ignoring_case(e.scheme, parts->scheme) && e.port == parts->port &&
               (e.wildcard ? parts->host.size() > e.host.size() &&
                                 ends_with_ignoring_case(parts->host, e.host)
                           : equal_ignoring_case(e.host, parts->host));
    });
}

}  // namespace weir::http
