#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace weir {

/// Appends `text` as a JSON string with its quotes. Escapes only what RFC 8259 section 7 says
/// must be; bytes that are no UTF-8 become U+FFFD, so that whatever comes in, JSON goes out.
void append_json_string(std::string& out, std::string_view text);

void append_json_integer(std::string& out, std::int64_t n);
void append_json_integer(std::string& out, std::uint64_t n);

/// Appends what the inside of a JSON string means. `raw` stands between the quotes and has passed
/// the scanner; on anything else the result is unspecified. Never longer than `raw`.
void append_unescaped(std::string& out, std::string_view raw);

}  // namespace weir
