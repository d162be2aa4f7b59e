#include "config/merge.hpp"

#include "config/value.hpp"

#include <weir/base/assert.hpp>
#include <weir/config/suggest.hpp>

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace weir::config {
namespace {

/// The names that stand directly below a section; of the whole table for "".
std::vector<std::string_view> children(std::span<option const> table, std::string_view section) {
    std::vector<std::string_view> out;
    for (option const& row : table) {
        std::string_view rest = row.path;
        if (!section.empty()) {
            if (!rest.starts_with(section) || rest.substr(section.size(), 1) != ".") continue;
            rest.remove_prefix(section.size() + 1);
        }
        if (rest.find('.') == std::string_view::npos) out.push_back(rest);
    }
    return out;
}

std::string_view parent(std::string_view path) noexcept {
    std::size_t const dot = path.rfind('.');
    return dot == std::string_view::npos ? std::string_view{} : path.substr(0, dot);
}

origin at(origin from, mark m) {
    if (from.from == layer::file) {
        from.line = m.line;
        from.column = m.column;
    }
    return from;
}

/// "limits.connections" for "limits_connections"; empty when no option is written like that.
std::string option_in_one_line(std::string_view words) {
    auto const same = [words](std::string_view path) {
        return std::ranges::equal(words, path,
                                  [](char w, char p) { return w == (p == '.' ? '_' : p); });
    };
    for (option const& row : options()) {
        if (row.kind == option_kind::section) continue;
        std::string path(row.path);
        if (same(path)) return path;
        if (row.kind == option_kind::secret && same(path += "_file")) return path;
    }
    return {};
}

}  // namespace

/// Of a section, or of the record itself.
std::string merge::place_of(target const& to, std::string const& section) {
    std::string out = to.prefix + section;
    if (out.ends_with('.')) out.pop_back();
    return out;
}

void merge::error(origin const& where, std::string path, std::string message) {
    faults_.add(severity::error, where, std::move(path), std::move(message));
}

bool merge::file(std::string_view name, std::string_view text) {
    origin const from{layer::file, std::string(name), 0, 0};
    auto const document = parse_document(text);
    if (auto* const bad = std::get_if<document_fault>(&document)) {
        error(at(from, bad->at), {}, bad->message);
        return false;
    }
    node const& root = std::get<node>(document);
    if (root.kind == node_kind::null) return true;
    if (root.kind != node_kind::map) {
        error(at(from, root.at), {},
              "the file is " + std::string(describe(root.kind)) + " where a mapping belongs");
        return false;
    }
    mapping(top(), {}, root, from);
    return true;
}

void merge::one(origin const& from, std::string_view path, std::string_view text) {
    found_option const found = find_option(options(), path);
    if (found.row == nullptr) {
        unknown(top(), std::string(path), from);
        return;
    }
    auto const parsed = value_of_text(*found.row, text);
    if (auto* const bad = std::get_if<document_fault>(&parsed)) {
        error(from, std::string(path), "cannot be read as YAML: " + bad->message);
        return;
    }
    node const& given = std::get<node>(parsed);
    if (found.row->kind == option_kind::section && given.kind == node_kind::map) {
        mapping(top(), std::string(path), given, from);
    } else {
        value(top(), *found.row, found.file_twin, given, from);
    }
}

void merge::mapping(target const& to, std::string const& section, node const& map, origin from) {
    std::unordered_map<std::string_view, mark> seen;
    for (node::entry const& entry : map.entries) {
        origin const where = at(from, entry.at);
        std::string const path = section.empty() ? entry.key : section + '.' + entry.key;
        auto const [first, fresh] = seen.emplace(entry.key, entry.at);
        if (!fresh) {
            std::string message = "duplicate key";
            if (where.line > 0) message += "; first on line " + std::to_string(first->second.line);
            error(where, to.prefix + path, std::move(message));
            continue;
        }
        bool const nested = entry.key.find('.') == std::string::npos;
        found_option const found = nested ? find_option(to.table, path) : found_option{};
        if (found.row == nullptr) {
            unknown(to, path, where);
        } else if (found.row->kind != option_kind::section) {
            value(to, *found.row, found.file_twin, entry.value, where);
        } else if (entry.value.kind == node_kind::map || entry.value.kind == node_kind::null) {
            mapping(to, path, entry.value, where);
        } else {
            value(to, *found.row, false, entry.value, where);
        }
    }
    for (option const& row : to.table) {
        if (!row.required || parent(row.path) != section) continue;
        std::string const key(row.path.substr(section.empty() ? 0 : section.size() + 1));
        bool const tried =
            seen.contains(key) || (row.kind == option_kind::secret && seen.contains(key + "_file"));
        if (!tried) error(from, place_of(to, section), key + " is missing");
    }
}

void merge::value(target const& to, option const& row, bool file_twin, node const& from,
                  origin const& where) {
    std::string const path = to.prefix + std::string(row.path);
    switch (row.kind) {
        case option_kind::section:
            section_value(to, row, from, where);
            return;
        case option_kind::records:
            records(to, row, from, where);
            return;
        case option_kind::secret:
            secret_value(to, row, file_twin, from, where);
            return;
        default:
            break;
    }
    if (auto bad = read_value(row, row.at(to.record), from)) {
        std::string const item = bad->item ? '[' + std::to_string(*bad->item) + ']' : "";
        error(bad->item ? at(where, bad->at) : where, path + item, std::move(bad->message));
        return;
    }
    origins_[path] = where;
}

/// What stands where a mapping belongs.
void merge::section_value(target const& to, option const& row, node const& from,
                          origin const& where) {
    bool const takes_word = !row.short_form.empty();
    if (takes_word && from.kind == node_kind::scalar) {
        std::string const child = std::string(row.path) + '.' + std::string(row.short_form);
        value(to, *find_option(to.table, child).row, false, from, where);
        return;
    }
    error(where, to.prefix + std::string(row.path),
          "is " + std::string(describe(from.kind)) + " where " + (takes_word ? "a word or " : "") +
              "a mapping of " + join(children(to.table, row.path)) + " belongs");
}

void merge::secret_value(target const& to, option const& row, bool file_twin, node const& from,
                         origin const& where) {
    std::string const key = to.prefix + std::string(row.path);
    std::string const mine = file_twin ? key + "_file" : key;
    std::string const twin = file_twin ? key : key + "_file";
    secret& whole = *std::get<secret*>(row.at(to.record));

    option as_text{.path = row.path, .kind = option_kind::text};
    auto bad = file_twin ? read_value(as_text, &whole.file, from) : read_value(row, &whole, from);
    if (bad) {
        error(where, mine, std::move(bad->message));
        return;
    }
    origins_[mine] = where;
    // Given one way by a stronger source, it is no longer given the other way by a weaker one.
    auto const other = origins_.find(twin);
    bool const given = !(file_twin ? whole.file : whole.value).empty();
    if (given && other != origins_.end() && other->second.from < where.from) {
        (file_twin ? whole.value : whole.file).clear();
        origins_.erase(other);
    }
}

void merge::records(target const& to, option const& row, node const& from, origin const& where) {
    std::string const path = to.prefix + std::string(row.path);
    if (from.kind != node_kind::list) {
        std::string message =
            from.kind == node_kind::null
                ? "has no value; [] is an empty list"
                : "is " + std::string(describe(from.kind)) + " where a list belongs";
        error(where, path, std::move(message));
        return;
    }
    if (from.items.size() < row.range.least || from.items.size() > row.range.most) {
        error(where, path,
              "holds " + std::to_string(from.items.size()) + " items; allowed are " +
                  write_range(row));
        return;
    }
    record_list const list = std::get<record_list>(row.at(to.record));
    list.clear(list.where);
    std::erase_if(origins_, [&](auto const& known) {
        return known.first.starts_with(path) && known.first.substr(path.size(), 1) == "[";
    });
    origins_[path] = where;
    for (std::size_t i = 0; i < from.items.size(); ++i) {
        node const& item = from.items[i];
        std::string const place = path + '[' + std::to_string(i) + ']';
        origin const here = at(where, item.at);
        origins_[place] = here;
        target const element{list.table(), list.append(list.where), place + '.'};
        set_defaults(element.table, element.record);
        if (item.kind != node_kind::map) {
            error(here, place,
                  "is " + std::string(describe(item.kind)) + " where a mapping of " +
                      join(children(element.table, {})) + " belongs");
            continue;
        }
        mapping(element, {}, item, here);
    }
}

void merge::unknown(target const& to, std::string const& path, origin const& where) {
    std::string message = "unknown key";
    if (faults_.full()) {
        error(where, to.prefix + path, std::move(message));
        return;
    }
    std::vector<std::string> twins;
    std::vector<std::string_view> known;
    for (option const& row : to.table) {
        known.push_back(row.path);
        if (row.kind == option_kind::secret) twins.push_back(std::string(row.path) + "_file");
    }
    known.insert(known.end(), twins.begin(), twins.end());

    std::string const above(parent(path));
    std::size_t const bracket = path.find('[');
    if (bracket != std::string::npos && find_option(to.table, path.substr(0, bracket)).row) {
        message += "; give the list as a whole: " + path.substr(0, bracket) + "=[…]";
    } else if (std::string_view const near = nearest_path(path, known);
               near == path && !near.empty()) {
        message += "; write it as nested mappings";
    } else if (!near.empty()) {
        bool const as_variable = where.from == layer::environment && to.prefix.empty();
        message += "; did you mean ";
        message += as_variable ? variable_name(near) : to.prefix + std::string(near);
        message += '?';
    } else if (auto const names = children(to.table, above); !names.empty()) {
        std::string const owner = above.empty() ? std::string("known are") : above + " has";
        message += "; " + owner + ' ' + join(names);
    }
    error(where, to.prefix + path, std::move(message));
}

void merge::variables(environment const& all) {
    constexpr std::string_view prefix = "WEIR_";
    for (auto const& [name, text] : all) {
        if (!name.starts_with(prefix)) continue;
        origin const from{layer::environment, name, 0, 0};
        std::string path;
        bool lower_case = false;
        // After the prefix `__` is a dot; at its very end, as in WEIR__SHARDS, it is nothing.
        std::string_view rest(name);
        rest.remove_prefix(prefix.size());
        bool ours = rest.starts_with('_');
        if (ours) rest.remove_prefix(1);
        for (std::size_t i = 0; i < rest.size(); ++i) {
            char c = rest[i];
            if (c == '_' && i + 1 < rest.size() && rest[i + 1] == '_') {
                ours = true;
                c = '.';
                ++i;
            }
            lower_case = lower_case || (c >= 'a' && c <= 'z');
            path += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        }
        if (ours && lower_case) {
            error(from, path, "write the name in capitals: " + variable_name(path));
        } else if (ours) {
            one(from, path, text);
        } else if (std::string const meant = option_in_one_line(path); !meant.empty()) {
            faults_.add(severity::warning, from, meant,
                        "is ignored: between the parts of a name there are two underscores; did "
                        "you mean " +
                            variable_name(meant) + "?");
        }
    }
}

void merge::assignments(std::vector<std::string> const& all) {
    origin const from{layer::assignment, "--set", 0, 0};
    for (std::string const& text : all) {
        std::size_t const equals = text.find('=');
        if (equals == std::string::npos) {
            // Only the part that looks like a path: the rest may be a secret with a typing error.
            std::size_t const end =
                text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789._");
            error(from, text.substr(0, end), "has no value; write --set KEY=VALUE");
            continue;
        }
        one(from, std::string_view(text).substr(0, equals),
            std::string_view(text).substr(equals + 1));
    }
}

void set_defaults(std::span<option const> table, void* record) {
    for (option const& row : table) {
        if (row.kind == option_kind::section) continue;
        if (row.required) continue;
        auto const parsed = value_of_text(row, row.fallback);
        node const& given = std::get<node>(parsed);
        field const into = row.at(record);
        if (auto* const list = std::get_if<record_list>(&into)) {
            for (node const& item : given.items) {
                void* const element = list->append(list->where);
                set_defaults(list->table(), element);
                for (node::entry const& entry : item.entries) {
                    found_option const part = find_option(list->table(), entry.key);
                    WEIR_ASSERT(part.row != nullptr);
                    WEIR_ASSERT(!read_value(*part.row, part.row->at(element), entry.value));
                }
            }
            continue;
        }
        WEIR_ASSERT(!read_value(row, into, given));
    }
}

std::string variable_name(std::string_view path) {
    std::string out = path.find('.') == std::string_view::npos ? "WEIR__" : "WEIR_";
    for (char const c : path) {
        if (c == '.') {
            out += "__";
        } else {
            out += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
        }
    }
    return out;
}

}  // namespace weir::config
