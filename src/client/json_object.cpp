#include <weir/client/json_object.hpp>
#include <weir/message/json_text.hpp>

#include <charconv>

namespace weir::client_engine {

std::optional<json_object> json_object::read(std::string_view text) {
    json_object o;
    json_fault fault;
    if (!scan_json_object(text, json_scan_depth_max, o, fault)) return std::nullopt;
    return o;
}

bool json_object::member(std::string_view key, std::string_view value) {
    if (count_ != all_.size()) all_[count_++] = {key, value};
    return true;
}

std::string_view json_object::raw(std::string_view key) const noexcept {
    for (std::size_t i = 0; i != count_; ++i) {
        if (all_[i].first == key) return all_[i].second;
    }
    return {};
}

std::optional<std::uint64_t> json_object::number(std::string_view key) const noexcept {
    auto const value = raw(key);
    std::uint64_t n = 0;
    auto const [end, error] = std::from_chars(value.data(), value.data() + value.size(), n);
    if (value.empty() || error != std::errc() || end != value.data() + value.size()) {
        return std::nullopt;
    }
    return n;
}

std::string json_object::text(std::string_view key) const {
    return unquoted(raw(key));
}

std::optional<json_object> json_object::object(std::string_view key) const {
    auto const value = raw(key);
    if (value.empty() || value.front() != '{') return std::nullopt;
    return read(value);
}

std::string unquoted(std::string_view raw) {
    std::string out;
    if (raw.size() >= 2 && raw.front() == '"') append_unescaped(out, raw.substr(1, raw.size() - 2));
    return out;
}

}  // namespace weir::client_engine
