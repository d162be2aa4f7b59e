#include <weir/http/router.hpp>

#include <algorithm>
#include <utility>

namespace weir::http {
namespace {

bool is_param(std::string_view part) noexcept {
    return part.size() > 2 && part.front() == '{' && part.back() == '}';
}

bool part_matches(std::string const& part, std::string const& segment) noexcept {
    return is_param(part) ? !segment.empty() : part == segment;
}

bool path_matches(std::vector<std::string> const& pattern, request const& r) noexcept {
    return std::equal(pattern.begin(), pattern.end(), r.segments.begin(), r.segments.end(),
                      part_matches);
}

bool method_matches(method wanted, method sent) noexcept {
    return wanted == sent || (wanted == method::get && sent == method::head);
}

std::vector<std::string> split_pattern(std::string_view pattern) {
    std::vector<std::string> parts;
    // Ends: each turn takes one slash.
    while (!pattern.empty() && pattern != "/") {
        pattern.remove_prefix(1);
        auto const slash = std::min(pattern.find('/'), pattern.size());
        parts.emplace_back(pattern.substr(0, slash));
        pattern.remove_prefix(slash);
    }
    return parts;
}

}  // namespace

void router::on(method m, std::string_view pattern, action act, std::size_t body_bytes_max) {
    routes_.push_back({m, split_pattern(pattern), std::move(act), nullptr, body_bytes_max});
}

void router::on(method m, std::string_view pattern, plain_action act, std::size_t body_bytes_max) {
    routes_.push_back({m, split_pattern(pattern), nullptr, std::move(act), body_bytes_max});
}

router::route const* router::find(request const& r) const noexcept {
    auto const at = std::find_if(routes_.begin(), routes_.end(), [&r](route const& x) {
        return method_matches(x.verb, r.verb) && path_matches(x.pattern, r);
    });
    return at == routes_.end() ? nullptr : &*at;
}

std::string router::allowed(request const& r) const {
    std::vector<std::string_view> methods;
    auto const add = [&methods](std::string_view name) {
        if (std::find(methods.begin(), methods.end(), name) == methods.end()) {
            methods.push_back(name);
        }
    };
    for (route const& x : routes_) {
        if (!path_matches(x.pattern, r)) continue;
        add(to_string(x.verb));
        if (x.verb == method::get) add("HEAD");
    }
    std::string list;
    for (std::string_view const name : methods) {
        if (!list.empty()) list += ", ";
        list += name;
    }
    return list;
}

boost::asio::awaitable<answer> router::handle(request& r) {
    route const* const found = find(r);
    if (found == nullptr) {
        auto const methods = allowed(r);
        if (methods.empty()) co_return json_error(404, errc::bad_request, "there is no such path");
        auto refusal = json_error(405, errc::bad_request, "the path does not take this method");
        refusal.headers.push_back({"Allow", methods});
        co_return refusal;
    }
    for (std::size_t i = 0; i != found->pattern.size(); ++i) {
        std::string_view const part = found->pattern[i];
        if (is_param(part)) {
            r.params.push_back({std::string(part.substr(1, part.size() - 2)), r.segments[i]});
        }
    }
    if (found->plain) co_return found->plain(r);
    co_return co_await found->act(r);
}

std::size_t router::body_bytes_max(request const& head) const {
    route const* const found = find(head);
    return found == nullptr ? small_body_bytes : found->body_bytes_max;
}

}  // namespace weir::http
