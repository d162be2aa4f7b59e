#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace weir::config {

/// Line and column from 1; 0: none.
struct mark {
    int line = 0;
    int column = 0;
};

enum class node_kind : std::uint8_t { null, scalar, list, map };

/// YAML reduced to what a configuration needs: no anchors, aliases, tags or second documents, so
/// it is never larger than the text it came from.
struct node {
    struct entry;
    node_kind kind = node_kind::null;
    mark at;
    std::string text;            ///< scalar
    std::vector<node> items;     ///< list
    std::vector<entry> entries;  ///< map, in order, duplicates kept
};
struct node::entry {
    std::string key;
    mark at;  ///< of the key
    node value;
};

/// Why and where a text was not read.
struct document_fault {
    mark at;
    std::string message;
};

/// "a list", "a mapping": what somebody wrote, for messages.
std::string_view describe(node_kind kind) noexcept;

/// Empty text is null. Bounded by nesting_max; the caller bounds the size. The only place that
/// knows a YAML library.
std::variant<node, document_fault> parse_document(std::string_view text);

/// True for well-formed UTF-8 (RFC 3629).
bool is_utf8(std::string_view text) noexcept;

}  // namespace weir::config
