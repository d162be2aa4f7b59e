#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace weir::house {

struct module_rule {
    int level = 0;
    int visible_from = 0;  ///< lowest level that may include it
    std::set<std::string> sideways;
    std::set<std::string> public_libraries;
    std::set<std::string> private_libraries;
};

/// modules.txt as read. Throws std::runtime_error naming the line that it does not understand.
struct rules {
    std::map<std::string, module_rule> modules;
    std::map<std::string, std::string> library_of_prefix;
    std::set<std::string> umbrellas;
    std::set<std::string> system;  ///< whole names, or prefixes that end in '/'

    /// The library that a header belongs to; empty when none of ours.
    std::string library_of(std::string_view header) const;
    bool is_system(std::string_view header) const;
};
rules read_rules(std::filesystem::path const& modules_txt);

/// long_files.txt as read: path → reason.
std::map<std::string, std::string> read_long_files(std::filesystem::path const& long_files_txt);

}  // namespace weir::house
