#include "house/tree_check.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <optional>
#include <sstream>

namespace weir::house {
namespace {

namespace fs = std::filesystem;

bool is_ours(fs::path const& folder) {
    auto const name = folder.filename().string();
    return name != "node_modules" && name != "corpus" && !name.starts_with('.');
}

// Every file below root/top, as paths relative to root.
std::vector<fs::path> files_below(fs::path const& root, fs::path const& top) {
    std::vector<fs::path> found;
    if (!fs::exists(root / top)) return found;
    for (fs::recursive_directory_iterator it(root / top), end; it != end; ++it) {
        if (it->is_directory() && !is_ours(it->path())) it.disable_recursion_pending();
        if (it->is_regular_file()) found.push_back(fs::relative(it->path(), root));
    }
    std::sort(found.begin(), found.end());
    return found;
}

std::vector<std::string> lines_of(fs::path const& file) {
    std::ifstream in(file);
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

struct included {
    std::string header;
    bool quoted = false;
};

std::optional<included> include_of(std::string const& line) {
    std::istringstream in(line);
    std::string hash;
    std::string word;
    in >> hash;
    if (hash == "#") {
        in >> word;
        hash += word;
    }
    if (hash != "#include") return {};
    std::string header;
    in >> header;
    if (header.size() < 3) return {};
    return included{header.substr(1, header.size() - 2), header.front() == '"'};
}

std::string first_part(std::string const& header) {
    return header.substr(0, header.find('/'));
}

/// Where a file stands decides what it may include.
enum class place { public_header, source, test };

class include_judge {
public:
    include_judge(fs::path const& root, rules const& table, std::string module, place where)
        : root_(root),
          table_(table),
          module_(std::move(module)),
          own_(table.modules.at(module_)),
          where_(where) {}

    /// What is wrong with the include; empty when nothing is.
    std::string fault_of(included const& what) const {
        auto const& header = what.header;
        auto const part = first_part(header);
        if (what.quoted) return private_header(header, part);
        if (table_.umbrellas.contains(header)) return "umbrella header";
        if (part == "weir") return public_header(first_part(header.substr(part.size() + 1)));
        if (table_.modules.contains(part)) return "a private header is included with quotes";
        if (table_.is_system(header)) return {};
        return where_ == place::test ? std::string() : outside(header);
    }

private:
    // A module's test doubles are for every test; its insides are not.
    std::string private_header(std::string const& header, std::string const& part) const {
        if (where_ == place::public_header) return "a public header includes public headers only";
        if (part == module_) return {};
        if (where_ == place::test && fs::exists(root_ / "tests" / header)) return {};
        return "private header of another module";
    }

    // A test drives its module through whatever it needs; only production code has levels.
    std::string public_header(std::string const& other) const {
        auto const found = table_.modules.find(other);
        if (found == table_.modules.end()) return "no such module in the table";
        if (where_ == place::test || other == module_ || own_.sideways.contains(other)) return {};
        if (found->second.level > own_.level) return "goes up to " + other;
        if (found->second.level == own_.level) return "goes sideways to " + other;
        if (own_.level < found->second.visible_from) return other + " is not for this level";
        return {};
    }

    std::string outside(std::string const& header) const {
        auto const library = table_.library_of(header);
        if (library.empty()) return "library is not in the table";
        if (own_.public_libraries.contains(library)) return {};
        if (!own_.private_libraries.contains(library)) return library + " is not for " + module_;
        return where_ == place::public_header ? library + " stays out of public headers" : "";
    }

    fs::path const& root_;
    rules const& table_;
    std::string module_;
    module_rule const& own_;
    place where_;
};

void check_folder(fs::path const& root, fs::path const& top, include_judge const& judge,
                  faults& found) {
    for (auto const& file : files_below(root, top)) {
        if (file.extension() != ".hpp" && file.extension() != ".cpp") continue;
        std::size_t number = 0;
        for (auto const& line : lines_of(root / file)) {
            ++number;
            auto const what = include_of(line);
            if (!what) continue;
            auto const fault = judge.fault_of(*what);
            if (fault.empty()) continue;
            found.push_back(file.string() + ":" + std::to_string(number) + ": " + what->header +
                            ": " + fault);
        }
    }
}

std::vector<fs::path> all_files(fs::path const& root) {
    std::vector<fs::path> all;
    for (auto const* top : {"include", "src", "tests", "cmake", "clients"}) {
        auto const some = files_below(root, top);
        all.insert(all.end(), some.begin(), some.end());
    }
    return all;
}

bool says_nothing(std::string const& stem) {
    static constexpr std::array<std::string_view, 8> names = {
        "util", "utils", "utility", "common", "helper", "helpers", "misc", "manager"};
    std::string part;
    std::istringstream parts(stem);
    while (std::getline(parts, part, '_')) {
        if (std::find(names.begin(), names.end(), part) != names.end()) return true;
    }
    return false;
}

bool is_source(fs::path const& file) {
    static constexpr std::array<std::string_view, 8> kinds = {".cpp", ".hpp", ".h",  ".ts",
                                                              ".tsx", ".mjs", ".js", ".cmake"};
    return std::find(kinds.begin(), kinds.end(), file.extension().string()) != kinds.end();
}

}  // namespace

faults check_includes(fs::path const& root, rules const& table) {
    faults found;
    for (auto const& [module, rule] : table.modules) {
        check_folder(root, fs::path("include/weir") / module,
                     include_judge(root, table, module, place::public_header), found);
        check_folder(root, fs::path("src") / module,
                     include_judge(root, table, module, place::source), found);
        check_folder(root, fs::path("tests") / module,
                     include_judge(root, table, module, place::test), found);
    }
    return found;
}

faults check_names(fs::path const& root) {
    faults found;
    for (auto const& file : all_files(root)) {
        auto const bad = std::any_of(file.begin(), file.end(), [](fs::path const& part) {
            auto const name = part.string();
            return says_nothing(name.substr(0, name.find('.')));
        });
        if (bad) found.push_back(file.string() + ":1: the name does not say what is in it");
    }
    return found;
}

faults check_lengths(fs::path const& root, std::map<std::string, std::string> const& reasons) {
    faults found;
    std::set<std::string> unused;
    for (auto const& [path, reason] : reasons) {
        unused.insert(path);
        if (reason.empty()) found.push_back(path + ":1: listed as long without a reason");
    }
    for (auto const& file : all_files(root)) {
        if (!is_source(file)) continue;
        auto const lines = lines_of(root / file).size();
        if (lines <= file_lines_max) continue;
        if (unused.erase(file.string()) == 0) {
            found.push_back(file.string() + ":" + std::to_string(lines) + ": over " +
                            std::to_string(file_lines_max) + " lines without a reason");
        }
    }
    for (auto const& path : unused) found.push_back(path + ":1: listed as long, but is not");
    return found;
}

faults check_modules(fs::path const& root, rules const& table) {
    faults found;
    for (auto const& [module, rule] : table.modules) {
        auto const readme = fs::path("src") / module / "README.md";
        if (!fs::exists(root / readme)) found.push_back(readme.string() + ":1: missing");
    }
    for (auto const& entry : fs::directory_iterator(root / "src")) {
        auto const name = entry.path().filename().string();
        if (!table.modules.contains(name)) found.push_back("src/" + name + ":1: not in the table");
    }
    return found;
}

}  // namespace weir::house
