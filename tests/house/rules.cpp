#include "house/rules.hpp"

#include <fstream>
#include <sstream>
#include <stdexcept>

namespace weir::house {
namespace {

std::set<std::string> split_commas(std::string const& list) {
    std::set<std::string> items;
    std::istringstream in(list);
    for (std::string item; std::getline(in, item, ',');) items.insert(item);
    return items;
}

void read_attribute(module_rule& rule, std::string const& word) {
    auto const equals = word.find('=');
    auto const name = word.substr(0, equals);
    auto const value = equals == std::string::npos ? "" : word.substr(equals + 1);
    if (name == "sideways") {
        rule.sideways = split_commas(value);
    } else if (name == "public") {
        rule.public_libraries = split_commas(value);
    } else if (name == "private") {
        rule.private_libraries = split_commas(value);
    } else if (name == "from") {
        rule.visible_from = std::stoi(value);
    } else {
        throw std::runtime_error("no such attribute: " + word);
    }
}

void read_line(rules& all, std::string const& line) {
    std::istringstream words(line);
    std::string kind;
    words >> kind;
    if (kind == "module") {
        std::string name;
        module_rule rule;
        if (!(words >> name >> rule.level)) throw std::runtime_error("module NAME LEVEL expected");
        for (std::string word; words >> word;) read_attribute(rule, word);
        if (!all.modules.emplace(name, rule).second) throw std::runtime_error("twice: " + name);
    } else if (kind == "library") {
        std::string name;
        words >> name;
        for (std::string prefix; words >> prefix;) all.library_of_prefix[prefix] = name;
    } else if (kind == "umbrella") {
        for (std::string header; words >> header;) all.umbrellas.insert(header);
    } else if (kind == "system") {
        for (std::string header; words >> header;) all.system.insert(header);
    } else {
        throw std::runtime_error("no such rule: " + kind);
    }
}

bool is_ignored(std::string const& line) {
    auto const first = line.find_first_not_of(" \t");
    return first == std::string::npos || line[first] == '#';
}

std::ifstream open(std::filesystem::path const& path) {
    std::ifstream in(path);
    if (!in) throw std::runtime_error("cannot read " + path.string());
    return in;
}

}  // namespace

std::string rules::library_of(std::string_view header) const {
    for (auto const& [prefix, library] : library_of_prefix) {
        if (header.starts_with(prefix)) return library;
    }
    return {};
}

bool rules::is_system(std::string_view header) const {
    if (header.find('.') == std::string_view::npos && header.find('/') == std::string_view::npos) {
        return true;
    }
    auto const folder = header.substr(0, header.find('/') + 1);
    return system.contains(std::string(header)) || system.contains(std::string(folder));
}

rules read_rules(std::filesystem::path const& modules_txt) {
    auto in = open(modules_txt);
    rules all;
    int number = 0;
    for (std::string line; std::getline(in, line);) {
        ++number;
        if (is_ignored(line)) continue;
        try {
            read_line(all, line);
        } catch (std::exception const& e) {
            throw std::runtime_error(modules_txt.string() + ":" + std::to_string(number) + ": " +
                                     e.what());
        }
    }
    return all;
}

std::map<std::string, std::string> read_long_files(std::filesystem::path const& long_files_txt) {
    auto in = open(long_files_txt);
    std::map<std::string, std::string> reasons;
    for (std::string line; std::getline(in, line);) {
        if (is_ignored(line)) continue;
        auto const colon = line.find(": ");
        reasons[line.substr(0, colon)] = colon == std::string::npos ? "" : line.substr(colon + 2);
    }
    return reasons;
}

}  // namespace weir::house
