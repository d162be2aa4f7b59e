#include "config/value.hpp"

#include <weir/base/assert.hpp>
#include <weir/base/quantity.hpp>
#include <weir/base/utf8.hpp>
#include <weir/config/load.hpp>
#include <weir/config/suggest.hpp>

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

namespace weir::config {
namespace {

/// What somebody wrote, short enough for a message.
std::string shown(std::string_view text) {
    constexpr std::size_t most = 48;
    bool const whole = text.size() <= most;
    text = cut_utf8(text, most);
    bool const utf8 = is_utf8(text);
    std::string out = "\"";
    for (char const c : text) {
        auto const byte = static_cast<unsigned char>(c);
        out += byte < 0x20 || byte == 0x7f || (byte >= 0x80 && !utf8) ? '?' : c;
    }
    return out + (whole ? "\"" : "…\"");
}

std::string outside(option const& row, std::string_view text, std::uint64_t n) {
    bool const low = n < row.range.least;
    return shown(text) + (low ? " is below the least allowed, " : " is above the most allowed, ") +
           write_number(row.kind, low ? row.range.least : row.range.most);
}

std::string not_one_of(std::string_view text, std::span<std::string_view const> words) {
    std::string out = shown(text) + " is not one of: " + join(words);
    if (std::string_view const near = nearest_word(text, words); !near.empty()) {
        out += "; did you mean " + std::string(near) + '?';
    }
    return out;
}

std::optional<std::uint64_t> parse_count(std::string_view text) {
    std::uint64_t n = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return n;
}

/// Thousandths a second: "10/s", "10", "0.5/s".
std::optional<std::uint64_t> parse_rate(std::string_view text) {
    if (text.ends_with("/s")) text.remove_suffix(2);
    std::size_t const dot = text.find('.');
    auto const whole = parse_count(text.substr(0, dot));
    if (!whole || *whole > std::numeric_limits<std::uint64_t>::max() / 2000) return std::nullopt;
    std::uint64_t fraction = 0;
    if (dot != std::string_view::npos) {
        std::string_view const digits = text.substr(dot + 1);
        auto const n = parse_count(digits);
        if (!n || digits.size() > 3) return std::nullopt;
        fraction = *n;
        for (std::size_t i = digits.size(); i < 3; ++i) fraction *= 10;
    }
    return *whole * 1000 + fraction;
}

/// The number behind a count, size, rate or duration, or a sentence.
result<std::uint64_t> parse_number(option const& row, std::string_view text) {
    auto const refuse = [&](std::string_view why) {
        return fault{errc::bad_request, shown(text) + std::string(why)};
    };
    if (row.kind == option_kind::rate) {
        if (!row.words.empty() && text == row.words.front()) return std::uint64_t{0};
        if (auto const n = parse_rate(text)) return *n;
        return refuse(" is not a rate such as 10/s or 0.5/s, with three decimals at most");
    }
    if (row.kind == option_kind::count) {
        if (!row.words.empty() && text == row.words.front()) return std::uint64_t{0};
        if (auto const n = parse_count(text)) return *n;
        if (row.words.empty()) return refuse(" is not a whole number");
        return refuse(" is neither a whole number nor " + std::string(row.words.front()));
    }
    if (row.kind == option_kind::size) {
        if (auto const n = parse_bytes(text)) return *n;
        return refuse(" is not a size such as 64KiB");
    }
    if (row.kind == option_kind::share) {
        if (text.ends_with('%')) {
            auto const n = parse_count(text.substr(0, text.size() - 1));
            if (n && *n >= 1 && *n <= share_hundredths_max) return *n;
            return refuse(" is not a percentage from 1% to " +
                          write_number(option_kind::share, share_hundredths_max));
        }
        if (auto const n = parse_bytes(text); n && *n > 100) return *n;
        return refuse(" is neither a percentage such as 75% nor a size such as 2GiB");
    }
    if (auto const d = parse_duration(text)) return static_cast<std::uint64_t>(d->count());
    return refuse(" is not a duration such as 10s, 2m or 250ms");
}

std::string text_fault(option const& row, std::string_view text) {
    bool const control = std::ranges::any_of(
        text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
    if (control || !is_utf8(text)) return shown(text) + " is not a line of UTF-8 text";
    if (row.syntax == nullptr) return {};
    std::string const fault = row.syntax(text);
    return fault.empty() ? fault : shown(text) + ' ' + fault;
}

/// Stores a number after its checks; `stands_for_zero` words are outside the bounds by design.
template <class Int>
std::string read_number(option const& row, std::string_view text, Int& into) {
    auto const n = parse_number(row, text);
    if (!n) return n.error().message;
    bool const word = (!row.words.empty() && text == row.words.front()) ||
                      (row.kind == option_kind::share && *n <= share_hundredths_max);
    if (!word && (*n < row.range.least || *n > row.range.most)) return outside(row, text, *n);
    if constexpr (std::is_same_v<Int, milliseconds>) {
        into = milliseconds(*n);
    } else {
        into = static_cast<Int>(*n);
    }
    return {};
}

std::string read_scalar(option const&, std::string_view text, bool& into) {
    if (text != "true" && text != "false") return shown(text) + " is neither true nor false";
    into = text == "true";
    return {};
}
std::string read_scalar(option const& row, std::string_view text, std::string& into) {
    std::string fault = text_fault(row, text);
    if (fault.empty()) into = text;
    return fault;
}
std::string read_scalar(option const&, std::string_view text, secret& into) {
    if (text == redacted) return "holds the mark that `weir config` prints for a secret, not one";
    into.value = text;
    return {};
}
std::string read_scalar(option const& row, std::string_view text, word_ref const& into) {
    auto const found = std::ranges::find(row.words, text);
    if (found == row.words.end()) return not_one_of(text, row.words);
    into.set(into.where, static_cast<std::size_t>(found - row.words.begin()));
    return {};
}

/// The items of a list, or a single value as a list of one.
std::span<node const> items_of(node const& from) noexcept {
    if (from.kind == node_kind::list) return from.items;
    return {&from, 1};
}

value_fault item_fault(node const& from, std::size_t i, std::string message) {
    if (from.kind != node_kind::list) return {std::move(message), {}, std::nullopt};
    return {std::move(message), from.items[i].at, i};
}

std::optional<value_fault> read_list(option const& row, node const& from,
                                     std::vector<std::string>& into) {
    auto const items = items_of(from);
    if (items.size() < row.range.least || items.size() > row.range.most) {
        return value_fault{
            "holds " + std::to_string(items.size()) + " items; allowed are " + write_range(row),
            {},
            std::nullopt};
    }
    std::vector<std::string> out;
    for (std::size_t i = 0; i < items.size(); ++i) {
        if (items[i].kind != node_kind::scalar) {
            return item_fault(
                from, i, "is " + std::string(describe(items[i].kind)) + " where a text belongs");
        }
        std::string const& text = items[i].text;
        std::string fault = text_fault(row, text);
        if (fault.empty() && !row.words.empty() && std::ranges::count(row.words, text) == 0) {
            fault = not_one_of(text, row.words);
        }
        if (!fault.empty()) return item_fault(from, i, std::move(fault));
        out.push_back(text);
    }
    into = std::move(out);
    return std::nullopt;
}

std::optional<value_fault> read_access(node const& from, access& into) {
    auto const items = items_of(from);
    if (items.empty()) return value_fault{"is empty; write nobody to say so", {}, std::nullopt};
    access out;
    bool nobody = false;
    for (std::size_t i = 0; i < items.size(); ++i) {
        std::string_view const text = items[i].text;
        auto const word = std::ranges::find(access_words, text, &access_word::text);
        if (items[i].kind == node_kind::scalar && word != access_words.end()) {
            out.*word->right = true;
        } else if (items[i].kind == node_kind::scalar && text == nobody_word) {
            nobody = true;
        } else {
            std::vector<std::string_view> words{nobody_word};
            for (access_word const& known : access_words) words.push_back(known.text);
            return item_fault(from, i, not_one_of(text, words));
        }
    }
    if (nobody && !out.nobody()) {
        return value_fault{"says nobody and somebody at once", {}, std::nullopt};
    }
    into = out;
    return std::nullopt;
}

}  // namespace

std::optional<value_fault> read_value(option const& row, field const& into, node const& from) {
    if (auto* const list = std::get_if<std::vector<std::string>*>(&into)) {
        if (from.kind != node_kind::map && from.kind != node_kind::null) {
            return read_list(row, from, **list);
        }
    } else if (auto* const who = std::get_if<access*>(&into)) {
        if (from.kind != node_kind::map && from.kind != node_kind::null) {
            return read_access(from, **who);
        }
    }
    if (from.kind == node_kind::null) {
        return value_fault{"has no value; leave the key out for its default", {}, std::nullopt};
    }
    if (from.kind != node_kind::scalar) {
        return value_fault{"is " + std::string(describe(from.kind)) + " where a " +
                               std::string(to_string(row.kind)) + " belongs",
                           {},
                           std::nullopt};
    }
    std::string message =
        std::visit(overloaded{[](std::monostate) -> std::string { WEIR_ASSERT(false); },
                              [](record_list const&) -> std::string { WEIR_ASSERT(false); },
                              [](std::vector<std::string>*) -> std::string { WEIR_ASSERT(false); },
                              [](access*) -> std::string { WEIR_ASSERT(false); },
                              [&](std::uint16_t* n) { return read_number(row, from.text, *n); },
                              [&](std::uint32_t* n) { return read_number(row, from.text, *n); },
                              [&](std::uint64_t* n) { return read_number(row, from.text, *n); },
                              [&](milliseconds* n) { return read_number(row, from.text, *n); },
                              [&](word_ref const& w) { return read_scalar(row, from.text, w); },
                              [&](auto* value) { return read_scalar(row, from.text, *value); }},
                   into);
    if (message.empty()) return std::nullopt;
    return value_fault{std::move(message), {}, std::nullopt};
}

std::variant<node, document_fault> value_of_text(option const& row, std::string_view text) {
    switch (row.kind) {
        case option_kind::section:
        case option_kind::list:
        case option_kind::access:
        case option_kind::records:
            return parse_document(text);
        default:
            return node{node_kind::scalar, {}, std::string(text), {}, {}};
    }
}

bool in_use(std::span<option const> table, option const& row, void* record) {
    for (option const& other : table) {
        if (other.present == nullptr || other.present(record)) continue;
        std::string_view const path = row.path;
        bool const inside =
            path.starts_with(other.path) && path.substr(other.path.size(), 1) == ".";
        if (inside) return false;
        if (&other != &row) continue;
        return row.at != nullptr && write_value(row, row.at(record)) != row.fallback;
    }
    return true;
}

found_option find_option(std::span<option const> table, std::string_view path) noexcept {
    constexpr std::string_view suffix = "_file";
    for (option const& row : table) {
        if (row.path == path) return {&row, false};
        if (row.kind == option_kind::secret && path.starts_with(row.path) &&
            path.substr(row.path.size()) == suffix) {
            return {&row, true};
        }
    }
    return {};
}

}  // namespace weir::config
