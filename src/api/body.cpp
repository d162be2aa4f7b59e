#include "api/body.hpp"

#include <weir/message/command.hpp>
#include <weir/message/json_text.hpp>

#include <algorithm>
#include <charconv>

namespace weir::api {
namespace {

constexpr std::string_view white = " \t\r\n";

std::string_view trimmed(std::string_view s) noexcept {
    auto const first = s.find_first_not_of(white);
    if (first == std::string_view::npos) return {};
    return s.substr(first, s.find_last_not_of(white) - first + 1);
}

fault malformed(json_fault const& f) {
    return {errc::bad_request,
            "malformed JSON: " + std::string(f.what) + " at byte " + std::to_string(f.byte)};
}

/// Keeps the elements of an array, at most so many.
class element_list final : public json_elements {
public:
    explicit element_list(std::size_t max) : max_(max) {}
    bool element(std::string_view raw_value) override {
        if (kept.size() == max_) return false;
        kept.push_back(raw_value);
        return true;
    }
    std::vector<std::string_view> kept;

private:
    std::size_t max_;
};

}  // namespace

result<body> body::read(std::string_view text) {
    body b;
    json_fault f;
    if (!scan_json_object(text, json_depth_max, b, f)) {
        if (b.fields_.size() > fields_max) return fault{errc::bad_request, "too many fields"};
        return malformed(f);
    }
    return b;
}

bool body::member(std::string_view raw_key, std::string_view raw_value) {
    std::string key;
    append_unescaped(key, raw_key);
    bool const fresh =
        std::none_of(fields_.begin(), fields_.end(), [&](auto const& f) { return f.first == key; });
    fields_.emplace_back(std::move(key), raw_value);
    return fresh && fields_.size() <= fields_max;
}

std::string_view body::raw(std::string_view name) const noexcept {
    for (auto const& [key, value] : fields_) {
        if (key == name) return value;
    }
    return {};
}

result<std::string> body::text(std::string_view name, std::size_t bytes_max) const {
    auto const value = raw(name);
    if (value.empty() || value == "null") return std::string();
    if (value.front() != '"') {
        return fault{errc::bad_request, "field `" + std::string(name) + "` must be a string"};
    }
    std::string text;
    append_unescaped(text, value.substr(1, value.size() - 2));
    if (text.size() > bytes_max) {
        return fault{errc::bad_request, "field `" + std::string(name) + "` is longer than " +
                                            std::to_string(bytes_max) + " bytes"};
    }
    return text;
}

result<std::optional<double>> body::number(std::string_view name, double min, double max) const {
    auto const value = raw(name);
    if (value.empty()) return std::optional<double>();
    double n = 0;
    auto const [end, error] = std::from_chars(value.data(), value.data() + value.size(), n);
    if (error != std::errc{} || end != value.data() + value.size() || !(n >= min && n <= max)) {
        return fault{errc::bad_request, "field `" + std::string(name) + "` must be a number from " +
                                            std::to_string(static_cast<std::int64_t>(min)) +
                                            " to " +
                                            std::to_string(static_cast<std::int64_t>(max))};
    }
    return std::optional<double>(n);
}

result<std::vector<std::string_view>> split_batch(std::string_view text, bool ndjson,
                                                  std::size_t max) {
    auto const too_many = [max] {
        return fault{errc::too_large, "at most " + std::to_string(max) + " messages in a batch"};
    };
    element_list elements(max);
    if (!ndjson) {
        json_fault f;
        if (scan_json_array(text, json_depth_max, elements, f)) return std::move(elements.kept);
        if (std::string_view(f.what) == "too many elements") return too_many();
        return malformed(f);
    }
    while (!text.empty()) {  // ends: each turn takes a line
        auto const end = std::min(text.find('\n'), text.size());
        auto const line = trimmed(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (!line.empty() && !elements.element(line)) return too_many();
    }
    return std::move(elements.kept);
}

}  // namespace weir::api
