#pragma once

#include "config/document.hpp"

#include <weir/config/option.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace weir::config {

/// The words of an access option; `nobody_word` is none of them.
struct access_word {
    std::string_view text;
    bool access::* right;
};
inline constexpr std::array<access_word, 3> access_words = {
    {{"anyone", &access::anyone},
     {"authenticated", &access::authenticated},
     {"owner", &access::owner}}};
/// The most of an option of the kind `share`, in hundredths.
inline constexpr std::uint64_t share_hundredths_max = 95;
inline constexpr std::string_view nobody_word = "nobody";

/// For std::visit: one function for each alternative.
template <class... Cases>
struct overloaded : Cases... {
    using Cases::operator()...;
};
template <class... Cases>
overloaded(Cases...) -> overloaded<Cases...>;

/// What is wrong with a value, as the end of a sentence; never the text of a secret.
struct value_fault {
    std::string message;
    mark at;                          ///< of the item in a list; else none
    std::optional<std::size_t> item;  ///< which one
};

/// Reads a node into a field of any kind but section and records, within the option's bounds. On
/// a fault the field keeps what it held.
std::optional<value_fault> read_value(option const& row, field const& into, node const& from);

/// A value given as text, by the environment, --set or the table: YAML where the option takes
/// more than one value, else the text as it stands.
std::variant<node, document_fault> value_of_text(option const& row, std::string_view text);

/// The value as YAML on one line; `<redacted>` for a secret.
std::string write_value(option const& row, field const& from);

/// An option with its key: for a secret that was read from a file that is the `_file` key.
struct written_pair {
    std::string key;
    std::string value;
};
written_pair write_pair(option const& row, std::string_view key, field const& from);

/// A number in the kind's unit: 64KiB, 10s.
std::string write_number(option_kind kind, std::uint64_t n);

/// A text as a YAML scalar, quoted when it must be.
std::string write_text(std::string_view text);

/// The row's bounds in words, "10ms to 24h"; empty when it has none.
std::string write_range(option const& row);

/// False for an optional section that is not there, for what belongs to it, and for a default
/// that has no meaning.
bool in_use(std::span<option const> table, option const& row, void* record);

/// A row found by its key. A secret is also found by its path and `_file`.
struct found_option {
    option const* row = nullptr;
    bool file_twin = false;
};
found_option find_option(std::span<option const> table, std::string_view path) noexcept;

}  // namespace weir::config
