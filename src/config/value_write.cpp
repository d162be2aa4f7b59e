#include "config/suggest.hpp"
#include "config/value.hpp"

#include <weir/base/quantity.hpp>
#include <weir/config/load.hpp>

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

std::string write_records(record_list const& list) {
    std::string out = "[";
    for (std::size_t i = 0; i < list.size(list.where); ++i) {
        out += i == 0 ? "{" : ", {";
        std::string_view separator;
        for (option const& row : list.table()) {
            if (row.kind == option_kind::section) continue;
            auto const [key, value] = write_pair(row, row.path, row.at(list.item(list.where, i)));
            out.append(separator).append(key).append(": ").append(value);
            separator = ", ";
        }
        out += '}';
    }
    return out + ']';
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
    if (row.kind == option_kind::count && !row.words.empty()) {
        out = std::string(row.words.front()) + ", " + out;
    }
    return out;
}

std::string_view to_string(option_kind kind) noexcept {
    switch (kind) {
        case option_kind::section:
            return "section";
        case option_kind::flag:
            return "true or false";
        case option_kind::count:
            return "number";
        case option_kind::size:
            return "size";
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
