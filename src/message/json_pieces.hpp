#pragma once

#include <weir/message/events.hpp>
#include <weir/message/json_text.hpp>

#include <cstdint>
#include <string>
#include <string_view>

/// The pieces that several encoders put together: each appends `name`, which is JSON text with
/// everything around it, and a value.
namespace weir::json {

inline void add_text(std::string& out, std::string_view name, std::string_view value) {
    out += name;
    append_json_string(out, value);
}

inline void add_number(std::string& out, std::string_view name, std::uint64_t n) {
    out += name;
    append_json_integer(out, n);
}

inline void add_ms(std::string& out, std::string_view name, milliseconds d) {
    out += name;
    append_json_integer(out, std::int64_t{d.count()});
}

inline void add_flag(std::string& out, std::string_view name, bool value) {
    out += name;
    out += value ? "true" : "false";
}

inline void add_position(std::string& out, std::string_view name, position const& at) {
    out += name;
    add_text(out, R"({"epoch":)", at.epoch.text());
    add_number(out, R"(,"offset":)", at.offset);
    out += '}';
}

/// {from?, to?, count?, reason}
inline void add_loss(std::string& out, loss const& l) {
    add_text(out, R"({"reason":)", to_string(l.reason));
    if (l.from != 0) add_number(out, R"(,"from":)", l.from);
    if (l.to != 0) add_number(out, R"(,"to":)", l.to);
    if (l.count != 0) add_number(out, R"(,"count":)", l.count);
    out += '}';
}

}  // namespace weir::json
