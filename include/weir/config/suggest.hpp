#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace weir::config {

/// Insertions, deletions, substitutions and swaps of neighbours between two words, case ignored.
/// Quadratic: for words of bounded length.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The candidate that somebody who wrote `word` most likely meant; empty when none is near. Near
/// is also a longer or shorter form: "warning" for "warn".
std::string_view nearest_word(std::string_view word, std::span<std::string_view const> candidates);

/// The same for paths such as "limits.connections". Near is also a right name in a wrong place.
std::string_view nearest_path(std::string_view path, std::span<std::string_view const> candidates);

/// "a, b, c".
std::string join(std::span<std::string_view const> words);

}  // namespace weir::config
