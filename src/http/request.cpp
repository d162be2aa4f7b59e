#include <weir/http/request.hpp>

#include <algorithm>
#include <array>

namespace weir::http {
namespace {

constexpr char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string_view trimmed(std::string_view text) noexcept {
    auto const first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Parameters and query keys, unlike headers, have a case.
std::string const* find_exactly(std::vector<field> const& fields, std::string_view name) noexcept {
    auto const at = std::find_if(fields.begin(), fields.end(),
                                 [name](field const& f) { return f.name == name; });
    return at == fields.end() ? nullptr : &at->value;
}

}  // namespace

std::string_view to_string(method m) noexcept {
    static constexpr std::array<std::string_view, method_count> names = {
        "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", ""};
    return names[static_cast<std::size_t>(m)];
}

std::string const* find_field(std::vector<field> const& fields, std::string_view name) noexcept {
    auto const at = std::find_if(fields.begin(), fields.end(), [name](field const& f) {
        return equal_ignoring_case(f.name, name);
    });
    return at == fields.end() ? nullptr : &at->value;
}

std::string join_fields(std::vector<field> const& fields, std::string_view name) {
    std::string all;
    for (field const& f : fields) {
        if (!equal_ignoring_case(f.name, name)) continue;
        if (!all.empty()) all += ", ";
        all += f.value;
    }
    return all;
}

std::string_view request::header(std::string_view name) const noexcept {
    auto const* const value = find_field(headers, name);
    return value == nullptr ? std::string_view{} : *value;
}

bool request::has(std::string_view name) const noexcept {
    return find_field(headers, name) != nullptr;
}

std::size_t request::count(std::string_view name) const noexcept {
    auto const n = std::count_if(headers.begin(), headers.end(), [name](field const& f) {
        return equal_ignoring_case(f.name, name);
    });
    return static_cast<std::size_t>(n);
}

std::optional<std::string_view> request::query_value(std::string_view name) const noexcept {
    if (auto const* const value = find_exactly(query, name)) return *value;
    return std::nullopt;
}

std::string_view request::param(std::string_view name) const noexcept {
    auto const* const value = find_exactly(params, name);
    return value == nullptr ? std::string_view{} : *value;
}

std::string request::content_type() const {
    auto const value = header("content-type");
    std::string type(trimmed(value.substr(0, value.find(';'))));
    std::transform(type.begin(), type.end(), type.begin(), lower);
    return type;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) { return lower(x) == lower(y); });
}

std::vector<std::string_view> split_list(std::string_view list) {
    std::vector<std::string_view> elements;
    // Ends: each turn takes a comma out of the list, or the rest.
    while (!list.empty()) {
        auto const comma = std::min(list.find(','), list.size());
        if (auto const element = trimmed(list.substr(0, comma)); !element.empty()) {
            elements.push_back(element);
        }
        list.remove_prefix(std::min(comma + 1, list.size()));
    }
    return elements;
}

bool lists_token(std::string_view list, std::string_view token) {
    auto const elements = split_list(list);
    return std::any_of(elements.begin(), elements.end(),
                       [token](std::string_view e) { return equal_ignoring_case(e, token); });
}

std::optional<std::string_view> bearer_token(std::string_view authorization) noexcept {
    auto const value = trimmed(authorization);
    auto const space = value.find(' ');
    if (!equal_ignoring_case(value.substr(0, space), "bearer")) return std::nullopt;
    return space == std::string_view::npos ? std::string_view{} : trimmed(value.substr(space));
}

}  // namespace weir::http
