#pragma once

#include <weir/config/settings.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

/// The one table that drives loading, printing, the sample file, the documentation and the
/// redaction of secrets. A new option is one row (and its member in settings.hpp).
namespace weir::config {

enum class option_kind : std::uint8_t {
    section,   ///< a mapping; its children follow it in the table
    flag,      ///< true or false
    count,     ///< a whole number
    size,      ///< bytes: 64KiB
    share,     ///< bytes, or hundredths of what there is: 75%; a number up to 100 is the latter
    rate,      ///< a second: 10/s, 10, 0.5/s; held as thousandths
    duration,  ///< 250ms, 10s, 2m, 24h, 7d
    text,      ///< one line
    word,      ///< one of `words`, in the order of the enumeration behind it
    list,      ///< of texts; a single text is a list of one
    access,    ///< one of the access words, or a list that means any of them
    secret,    ///< one row makes two keys: `path` and `path_file`
    records,   ///< a list of mappings, each with a table of its own
};
std::string_view to_string(option_kind kind) noexcept;

struct option;

/// A list of records, seen without its element type.
struct record_list {
    void* where = nullptr;
    std::span<option const> (*table)() = nullptr;
    std::size_t (*size)(void const*) = nullptr;
    void* (*item)(void*, std::size_t) = nullptr;
    void* (*append)(void*) = nullptr;
    void (*clear)(void*) = nullptr;
    void (*assign)(void* to, void const* from) = nullptr;
    bool (*equal)(void const*, void const*) = nullptr;
};

/// An enumeration whose values count from 0 in the order of the option's words.
struct word_ref {
    void* where = nullptr;
    std::size_t (*get)(void const*) = nullptr;
    void (*set)(void*, std::size_t) = nullptr;
};

/// Where an option's value lives inside the record it belongs to.
using field = std::variant<std::monostate, bool*, std::uint16_t*, std::uint32_t*, std::uint64_t*,
                           milliseconds*, std::string*, std::vector<std::string>*, access*, secret*,
                           word_ref, record_list>;

/// Inclusive, in the kind's own unit: a number, bytes, thousandths a second, milliseconds, or
/// items of a list.
struct bounds {
    std::uint64_t least = 0;
    std::uint64_t most = 0;
};

struct option {
    std::string_view path;  ///< "heartbeat.interval", from the record it belongs to
    option_kind kind;
    std::string_view fallback{};  ///< the default, as YAML
    bounds range{};               ///< for count, size, rate, duration, list and records
    /// word: all values. list: all items, when not empty. count, rate: a word that stands for 0.
    std::span<std::string_view const> words{};
    std::string_view help{};     ///< one line
    std::string_view example{};  ///< YAML shown, commented out, in the sample file
    bool required = false;       ///< in every record of a list, or in its section if that is there
    bool reloadable = false;     ///< a change applies without a restart
    /// What is wrong with a text (or an item of a list) that has the right type; empty: nothing.
    std::string (*syntax)(std::string_view) = nullptr;
    field (*at)(void* record) = nullptr;  ///< `record` is the struct that the table belongs to
    /// Whether an optional section is there, or an option has a meaning beside the others; null:
    /// always. A section that is not there is not printed, nor a meaningless default.
    bool (*present)(void const* record) = nullptr;
    /// Of a section: the child whose value may stand alone for the mapping, as in `state: last`.
    std::string_view short_form{};
};

/// Rows of `settings`, of `topic_rule` and of `api_key`, in the order in which they are printed.
std::span<option const> options();
std::span<option const> rule_options();
std::span<option const> key_options();

/// Every default, from the table.
settings default_settings();
/// Without a configuration file: the defaults, but loopback only, anonymous, everything allowed.
settings development_settings();

}  // namespace weir::config
