#include "http/target.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <string>

namespace weir::http {
namespace {

constexpr http_fault malformed{400, "the request's target is malformed"};

bool has_nul(std::string_view decoded) noexcept {
    return decoded.find('\0') != std::string_view::npos;
}

std::optional<http_fault> read_origin_form(std::string_view target, request& r) {
    auto const parsed = boost::urls::parse_origin_form({target.data(), target.size()});
    if (parsed.has_error()) return malformed;
    r.target = target;
    r.path = target.substr(0, target.find('?'));
    for (std::string segment : parsed->segments()) {
        if (has_nul(segment)) return malformed;
        r.segments.push_back(std::move(segment));
    }
    for (auto const& param : parsed->params()) {
        field f{std::string(param.key), std::string(param.value)};
        if (has_nul(f.name) || has_nul(f.value)) return malformed;
        r.query.push_back(std::move(f));
    }
    return std::nullopt;
}

}  // namespace

std::optional<http_fault> read_target(std::string_view target, request& r) {
    if (target.starts_with('/')) return read_origin_form(target, r);

    auto const scheme_end = target.find("://");
    if (scheme_end == std::string_view::npos) return malformed;
    auto const scheme = target.substr(0, scheme_end);
    if (!equal_ignoring_case(scheme, "http") && !equal_ignoring_case(scheme, "https")) {
        return malformed;
    }
    auto const rest = target.substr(scheme_end + 3);
    auto const authority_end = rest.find_first_of("/?");
    auto const authority = rest.substr(0, authority_end);
    if (authority.empty() || !equal_ignoring_case(authority, r.header("host"))) {
        return http_fault{400, "the request's target and Host name different hosts"};
    }
    if (authority_end == std::string_view::npos) return read_origin_form("/", r);
    auto const origin_form = rest.substr(authority_end);
    if (origin_form.front() == '?') return read_origin_form("/" + std::string(origin_form), r);
    return read_origin_form(origin_form, r);
}

}  // namespace weir::http
