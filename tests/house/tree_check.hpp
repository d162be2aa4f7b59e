#pragma once

#include "house/rules.hpp"

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace weir::house {

/// Each returns its faults as "path:line: what is wrong", in the order of the paths; none is good.
/// `root` is the top of a source tree with src/, include/weir/ and tests/.
using faults = std::vector<std::string>;

inline constexpr std::size_t file_lines_max = 400;

/// Include edges of include/weir/MODULE, src/MODULE and tests/MODULE.
faults check_includes(std::filesystem::path const& root, rules const& table);
/// No file or folder whose name says nothing about what is in it.
faults check_names(std::filesystem::path const& root);
/// No file over file_lines_max without a reason, and no reason without such a file.
faults check_lengths(std::filesystem::path const& root,
                     std::map<std::string, std::string> const& reasons);
/// Each module of the table has src/MODULE with a README.md, and src/ has nothing else.
faults check_modules(std::filesystem::path const& root, rules const& table);

}  // namespace weir::house
