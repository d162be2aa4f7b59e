#include "config/value.hpp"

#include <weir/base/quantity.hpp>
#include <weir/config/load.hpp>
#include <weir/config/suggest.hpp>

#include <algorithm>

namespace weir::config {
namespace {

std::string write_access(access const& who) {
    std::vector<std::string_view> words;
    for (access_word const& word : access_words) {
        if (who.*word.right) words.push_back(word.text);
    }
    if (words.empty()) return std::string(nobody_word);
    return words.size() == 1 ? std::string(words.front()) : '[' + join(words) + ']';
}

using pairs = std::vector<written_pair>;

std::string write_map(pairs const& entries) {
    std::string out = "{";
    for (auto const& [key, value] : entries) {
        if (out.size() > 1) out += ", ";
        out.append(key).append(": ").append(value);
    }
    return out + '}';
}

/// What stands directly below `section`, without what is the default there.
pairs write_section(std::span<option const> table, std::string_view section, void* record) {
    pairs out;
    for (option const& row : table) {
        std::string_view key = row.path;
        if (!section.empty()) {
            if (!key.starts_with(section) || key.substr(section.size(), 1) != ".") continue;
            key.remove_prefix(section.size() + 1);
        }
        if (key.find('.') != std::string_view::npos || !in_use(table, row, record)) continue;
        if (row.kind != option_kind::section) {
            written_pair pair = write_pair(row, key, row.at(record));
            if (row.required || pair.value != row.fallback) out.push_back(std::move(pair));
            continue;
        }
        pairs inside = write_section(table, row.path, record);
        bool const alone = inside.size() == 1 && inside.front().key == row.short_form;
        out.push_back({std::string(key), alone ? inside.front().value : write_map(inside)});
    }
    return out;
}

std::string write_records(record_list const& list) {
    std::string out = "[";
    for (std::size_t i = 0; i < list.size(list.where); ++i) {
        if (i > 0) out += ", ";
        out += write_map(write_section(list.table(), {}, list.item(list.where, i)));
    }
    return out + ']';
}

/// "10/s", "0.5/s".
std::string write_rate(std::uint64_t thousandths) {
    std::string out = std::to_string(thousandths / 1000);
    if (std::uint64_t const rest = thousandths % 1000; rest != 0) {
        out += '.' + std::to_string(1000 + rest).substr(1);
        out.erase(out.find_last_not_of('0') + 1);
    }
    return out + "/s";
}

std::string write_list(std::vector<std::string> const& items) {
    std::string out = "[";
    for (std::string const& item : items) {
        if (out.size() > 1) out += ", ";
        out += write_text(item);
    }
    return out + ']';
}

}  // namespace

std::string write_number(option_kind kind, std::uint64_t n) {
    if (kind == option_kind::size) return format_bytes(n);
    if (kind == option_kind::share && n <= 100) return std::to_string(n) + '%';
    if (kind == option_kind::share) return format_bytes(n);
    if (kind == option_kind::rate) return write_rate(n);
    if (kind == option_kind::duration) return format_duration(milliseconds(n));
    return std::to_string(n);
}

std::string write_value(option const& row, field const& from) {
    return std::visit(
        overloaded{
            [](std::monostate) { return std::string(); },
            [](bool const* b) { return std::string(*b ? "true" : "false"); },
            [](milliseconds const* d) { return format_duration(*d); },
            [](std::string const* s) { return write_text(*s); },
            [](std::vector<std::string> const* list) { return write_list(*list); },
            [](access const* who) { return write_access(*who); },
            [](secret const* s) { return std::string(s->value.empty() ? "\"\"" : redacted); },
            [&](word_ref const& w) { return std::string(row.words[w.get(w.where)]); },
            [](record_list const& list) { return write_records(list); },
            [&](auto const* n) {
                if (*n == 0 && !row.words.empty()) return std::string(row.words.front());
                return write_number(row.kind, *n);
            }},
        from);
}

written_pair write_pair(option const& row, std::string_view key, field const& from) {
    if (auto* const s = std::get_if<secret*>(&from); s != nullptr && !(*s)->file.empty()) {
        return {std::string(key) + "_file", write_text((*s)->file)};
    }
    return {std::string(key), write_value(row, from)};
}

std::string write_text(std::string_view text) {
    auto const plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '.' || c == '/' || c == '-';
    };
    bool const quote = text.empty() || !std::ranges::all_of(text, plain) || text == "null" ||
                       text == "Null" || text == "NULL" || text.front() == '-' ||
                       text.front() == '.';
    if (!quote) return std::string(text);
    std::string out = "\"";
    for (char const c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + '"';
}

std::string write_range(option const& row) {
    if (row.range.most == 0) return {};
    std::string const least = write_number(row.kind, row.range.least);
    std::string const most = write_number(row.kind, row.range.most);
    std::string out = least + " to " + most;
    if (row.kind == option_kind::share) {
        out = "1% to " + write_number(row.kind, share_hundredths_max) + ", or " + out;
    }
    bool const number = row.kind == option_kind::count || row.kind == option_kind::rate;
    if (number && !row.words.empty()) {
        out = std::string(row.words.front()) + ", " + out;
    }
    return out;
}

std::string_view to_string(option_kind kind) noexcept {
    switch (kind) {
        case option_kind::section:
            return "mapping";
        case option_kind::flag:
            return "true or false";
        case option_kind::count:
            return "number";
        case option_kind::size:
            return "size";
        case option_kind::share:
            return "percentage or size";
        case option_kind::rate:
            return "rate";
        case option_kind::duration:
            return "duration";
        case option_kind::text:
            return "text";
        case option_kind::word:
            return "word";
        case option_kind::list:
            return "list";
        case option_kind::access:
            return "word or list";
        case option_kind::secret:
            return "secret";
        case option_kind::records:
            return "list of mappings";
    }
    return "";
}

}  // namespace weir::config
