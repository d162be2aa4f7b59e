#include "config/merge.hpp"
#include "config/value.hpp"

#include <weir/config/option.hpp>
#include <weir/config/print.hpp>

#include <string>
#include <string_view>

namespace weir::config {
namespace {

/// Prose in a cell: what would end the cell or start emphasis is escaped.
std::string cell(std::string_view text) {
    std::string out;
    for (char const c : text) {
        if (c == '|' || c == '*') out += '\\';
        out += c;
    }
    return out;
}

std::string code(std::string_view text) {
    return text.empty() ? std::string() : '`' + std::string(text) + '`';
}

std::string allowed(option const& row) {
    if (row.kind == option_kind::word || (row.kind == option_kind::list && !row.words.empty())) {
        std::string out;
        for (std::string_view const word : row.words) out += (out.empty() ? "" : ", ") + code(word);
        return out;
    }
    std::string const range = write_range(row);
    std::string kind(to_string(row.kind));
    if (!row.short_form.empty()) return "word or " + kind;
    if (range.empty()) return kind;
    bool const items = row.kind == option_kind::list || row.kind == option_kind::records;
    return kind + ", " + range + (items ? " items" : "");
}

void table_row(std::string& out, option const& row, std::string_view fallback, bool with_reload) {
    std::string key = code(row.path);
    if (row.kind == option_kind::secret) key += ", " + code(std::string(row.path) + "_file");
    out += "| " + key + " | " + code(fallback) + " | " + allowed(row) + " | ";
    if (with_reload) out += row.reloadable ? "now | " : "restart | ";
    out += cell(row.help) + " |\n";
}

void record_table(std::string& out, option const& list, std::span<option const> parts) {
    out += "\nEach item of `" + std::string(list.path) + "`:\n\n";
    out += "| key | default | allowed | meaning |\n|---|---|---|---|\n";
    for (option const& part : parts) {
        std::string fallback = part.required ? "" : std::string(part.fallback);
        table_row(out, part, fallback, false);
    }
}

}  // namespace

std::string print_reference_markdown() {
    settings defaults = default_settings();
    std::string out;
    std::string pending;  // tables of lists, after the table that names them
    constexpr std::string_view head =
        "| key | default | allowed | a change applies | meaning |\n|---|---|---|---|---|\n";
    for (option const& row : options()) {
        bool const top = row.path.find('.') == std::string_view::npos;
        if (row.kind == option_kind::section) {
            if (!top) continue;
            out += pending + (out.empty() ? "### " : "\n### ") + std::string(row.path) + "\n\n" +
                   std::string(row.help) + "\n\n" + std::string(head);
            pending.clear();
            continue;
        }
        if (top) {
            out += pending + "\n### " + std::string(row.path) + "\n\n" + std::string(head);
            pending.clear();
        }
        field const value = row.at(&defaults);
        std::string const fallback =
            row.kind == option_kind::secret ? std::string() : write_value(row, value);
        table_row(out, row, fallback, true);
        if (auto* const list = std::get_if<record_list>(&value)) {
            record_table(pending, row, list->table());
        }
    }
    return out + pending;
}

}  // namespace weir::config
