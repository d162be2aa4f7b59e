#include "config/merge.hpp"
#include "config/value.hpp"

#include <weir/config/option.hpp>
#include <weir/config/print.hpp>

#include <algorithm>
#include <string>
#include <string_view>

namespace weir::config {
namespace {

constexpr std::size_t comment_column = 38;

/// Columns a UTF-8 text takes, as long as nobody writes combining characters in a path.
std::size_t columns(std::string_view text) noexcept {
    return static_cast<std::size_t>(std::ranges::count_if(
        text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string indent(std::size_t depth) {
    return std::string(2 * depth, ' ');
}

std::size_t depth_of(std::string_view path) noexcept {
    return static_cast<std::size_t>(std::ranges::count(path, '.'));
}

std::string_view last_segment(std::string_view path) noexcept {
    return path.substr(path.rfind('.') + 1);
}

class printer {
public:
    printer(provenance const& origins, bool examples) : origins_(origins), examples_(examples) {}

    std::string all(settings& values) {
        bool loose = false;  // the last top-level line stood alone
        for (option const& row : options()) {
            std::size_t const depth = depth_of(row.path);
            bool const block = row.kind == option_kind::section || row.kind == option_kind::records;
            if (depth == 0 && !out_.empty() && (block || !loose)) out_ += '\n';
            if (depth == 0) loose = !block;
            if (row.kind == option_kind::section) {
                section(row, depth);
            } else if (row.kind == option_kind::records) {
                records(row, depth, std::get<record_list>(row.at(&values)));
            } else {
                option_lines(row, indent(depth), std::string(row.path), row.at(&values), true);
            }
        }
        return std::move(out_);
    }

private:
    void line(std::string text, std::string comment) {
        if (!comment.empty()) {
            std::size_t const width = columns(text);
            text.append(width < comment_column ? comment_column - width : 2, ' ');
            text += "# " + comment;
        }
        out_ += text + '\n';
    }

    void section(option const& row, std::size_t depth) {
        if (depth == 0) out_ += "# " + std::string(row.help) + '\n';
        line(indent(depth) + std::string(last_segment(row.path)) + ':',
             depth == 0 ? "" : std::string(row.help));
    }

    /// A comment, and where the value comes from unless that is the default.
    std::string comment(std::string_view help, std::string const& path) const {
        auto const found = origins_.find(path);
        if (found == origins_.end()) return std::string(help);
        std::string const from = '(' + found->second.text() + ')';
        return help.empty() ? from : std::string(help) + ' ' + from;
    }

    /// One option; a secret takes two lines.
    void option_lines(option const& row, std::string const& lead, std::string const& path,
                      field const& value, bool with_help) {
        std::string const key(last_segment(row.path));
        std::string_view const help = with_help ? row.help : std::string_view{};
        if (auto* const s = std::get_if<secret*>(&value)) {
            secret_lines(**s, lead, key, path, help);
            return;
        }
        line(lead + key + ": " + write_value(row, value), comment(help, path));
        if (examples_ && !row.example.empty()) {
            out_ += indent(depth_of(path)) + "# " + key + ": " + std::string(row.example) + '\n';
        }
    }

    void secret_lines(secret const& s, std::string const& lead, std::string const& key,
                      std::string const& path, std::string_view help) {
        std::string const blank(lead.size(), ' ');
        if (!s.file.empty()) {
            line(lead + key + "_file: " + write_text(s.file), comment(help, path + "_file"));
        } else if (!s.value.empty()) {
            // Behind a comment sign, so that it comes back as nothing and never as a wrong secret.
            line(lead + "# " + key + ": " + std::string(redacted), comment(help, path));
        } else {
            line(lead + key + ": \"\"", comment(help, path));
            line(blank + key + "_file: \"\"", help.empty() ? "" : "or the file that holds it");
        }
    }

    void records(option const& row, std::size_t depth, record_list const& list) {
        std::size_t const count = list.size(list.where);
        std::string const path(row.path);
        out_ += indent(depth) + "# " + comment(row.help, path) + '\n';
        for (option const& part : list.table()) {
            std::string key(part.path);
            if (part.kind == option_kind::secret) key += " or " + key + "_file";
            out_ += indent(depth) + "#   " + key + ": " + std::string(part.help) + '\n';
        }
        if (examples_) example(row, depth);
        out_ += indent(depth) + std::string(last_segment(path)) + (count == 0 ? ": []\n" : ":\n");
        for (std::size_t i = 0; i < count; ++i) {
            std::string const place = path + '[' + std::to_string(i) + ']';
            void* const record = list.item(list.where, i);
            std::string lead = indent(depth + 1) + "- ";
            for (option const& part : list.table()) {
                if (!in_use(list.table(), part, record)) continue;
                lead += indent(depth_of(part.path));
                if (part.kind == option_kind::section) {
                    line(lead + std::string(last_segment(part.path)) + ':', {});
                } else {
                    option_lines(part, lead, place + '.' + std::string(part.path), part.at(record),
                                 false);
                }
                lead = indent(depth + 2);
            }
        }
    }

    void example(option const& row, std::size_t depth) {
        out_ += indent(depth) + "# For example:\n";
        std::string_view rest = row.example;
        while (!rest.empty()) {
            std::size_t const end = rest.find('\n');
            out_ += indent(depth) + "#   " + std::string(rest.substr(0, end)) + '\n';
            rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
        }
    }

    provenance const& origins_;
    bool examples_;
    std::string out_;
};

}  // namespace

std::string print_effective(settings values, provenance const& origins) {
    return printer(origins, false).all(values);
}

std::string print_defaults() {
    settings values = default_settings();
    provenance const nothing;
    return "# Weir's whole configuration with every default. `weir check -c FILE` explains a "
           "file.\n"
           "# The environment is stronger (limits.topics is WEIR_LIMITS__TOPICS, shards is\n"
           "# WEIR__SHARDS), and --set limits.topics=5 is stronger still.\n\n" +
           printer(nothing, true).all(values);
}

}  // namespace weir::config
