#include "message/json_fields.hpp"

#include <weir/base/assert.hpp>
#include <weir/message/command.hpp>
#include <weir/message/json_text.hpp>
#include <weir/message/topic_name.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <iterator>

namespace weir::json {
namespace {

/// What one message leaves behind for the next; more than this is given back.
constexpr std::size_t kept_bytes_max = 64 * 1024;
constexpr std::size_t kept_keys_max = 1024;

constexpr double rate_min = 0.001;  // a message every quarter of an hour
constexpr double rate_max = 1e6;

}  // namespace

void scratch::start(std::size_t text_bytes) {
    text_bytes_ = text_bytes;
    buffer_.clear();
    unknown_keys.clear();
    if (buffer_.capacity() > kept_bytes_max) std::string().swap(buffer_);
    if (unknown_keys.capacity() > kept_keys_max) std::vector<unknown_key>().swap(unknown_keys);
}

std::string_view scratch::unescape(std::string_view raw) {
    if (raw.find('\\') == std::string_view::npos) return raw;
    if (buffer_.empty()) buffer_.reserve(text_bytes_);
    WEIR_ASSERT(raw.size() <= buffer_.capacity() - buffer_.size());  // earlier views must stay
    auto const begin = buffer_.size();
    append_unescaped(buffer_, raw);
    return std::string_view(buffer_).substr(begin);
}

bool scratch::holds(std::string_view view) const noexcept {
    std::less_equal<> const before;
    return before(buffer_.data(), view.data()) &&
           before(view.data() + view.size(), buffer_.data() + buffer_.size());
}

bool record::member(std::string_view raw_key, std::string_view raw_value) {
    std::string_view const key = memory_.unescape(raw_key);
    auto const index = find_(key);
    if (!index) {
        if (unknown_ != nullptr) unknown_->push_back({key, raw_key.data()});
        return true;
    }
    std::string_view& place = values_[*index];
    if (place.data() != nullptr) {
        if (!duplicate) duplicate = repeated{key, raw_key.data(), *index};
        return true;
    }
    place = raw_value;
    return true;
}

std::optional<unknown_key> find_duplicate(std::vector<unknown_key>& keys) {
    if (keys.size() < 2) return std::nullopt;
    std::ranges::sort(keys);
    auto const first =
        std::ranges::adjacent_find(keys, std::ranges::equal_to{}, &unknown_key::name);
    if (first == keys.end()) return std::nullopt;
    return *std::next(first);
}

std::string at_byte(std::size_t n) {
    return " at byte " + std::to_string(n);
}

std::size_t field_reader::offset_of(char const* inside) const noexcept {
    return static_cast<std::size_t>(inside - text_.data());
}

bool field_reader::fail(std::string sentence) {
    problem = std::move(sentence);
    return false;
}

bool field_reader::fail(field const& f, std::string_view must) {
    problem = "field `";
    problem.append(f.name)
        .append("` must be ")
        .append(must)
        .append(at_byte(offset_of(f.raw.data())));
    return false;
}

bool field_reader::text(field const& f, std::size_t bytes_max, std::string_view& out) {
    if (!f) return true;
    if (!is_string(f.raw)) return fail(f, "a string");
    std::string_view const value = memory_.unescape(inside_quotes(f.raw));
    if (value.size() > bytes_max) {
        return fail(f, "at most " + std::to_string(bytes_max) + " bytes long");
    }
    out = value;
    return true;
}

bool field_reader::flag(field const& f, bool& out) {
    if (!f) return true;
    if (f.raw != "true" && f.raw != "false") return fail(f, "true or false");
    out = f.raw == "true";
    return true;
}

bool field_reader::integer(field const& f, std::uint64_t min, std::uint64_t max,
                           std::uint64_t& out) {
    if (!f) return true;
    std::uint64_t n = 0;
    char const* const end = f.raw.data() + f.raw.size();
    auto const read = std::from_chars(f.raw.data(), end, n);
    if (read.ec != std::errc{} || read.ptr != end || n < min || n > max) {
        return fail(f, "an integer from " + std::to_string(min) + " to " + std::to_string(max));
    }
    out = n;
    return true;
}

bool field_reader::rate(field const& f, double& out) {
    if (!f) return true;
    double n = 0;
    char const* const end = f.raw.data() + f.raw.size();
    auto const read = std::from_chars(f.raw.data(), end, n);
    bool const number = read.ec == std::errc{} && read.ptr == end && std::isfinite(n);
    if (!number || n < rate_min || n > rate_max) {
        return fail(f, "a number of updates a second, from 0.001 to 1000000");
    }
    out = n;
    return true;
}

bool field_reader::topic(field const& f, std::string_view& out) {
    if (!f) return true;
    if (!is_string(f.raw)) return fail(f, "a string");
    std::string_view const name = memory_.unescape(inside_quotes(f.raw));
    if (auto const bad = find_topic_fault(name)) {
        return fail(std::string(f.name) + ": " + std::string(bad->what) + at_byte(bad->byte) +
                    " of the name");
    }
    out = name;
    return true;
}

bool field_reader::object(field const& f, record& into) {
    json_fault ignored;
    // Scanned before as part of the message, so only its kind can be wrong.
    if (!scan_json_object(f.raw, json_depth_max, into, ignored)) return fail(f, "an object");
    if (into.duplicate) {
        return fail("duplicate key \"" + std::string(into.duplicate->name) + "\" in `" +
                    std::string(f.name) + '`' + at_byte(offset_of(into.duplicate->raw) - 1));
    }
    return true;
}

}  // namespace weir::json
