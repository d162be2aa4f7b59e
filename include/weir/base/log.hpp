#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

/// Structured, asynchronous logging. A line never blocks its writer: when the queue is full the
/// oldest line goes and dropped() counts it. Whose fault it is decides the level: the peer's is
/// debug, abuse a warning, ours an error. Never a secret, a token or a payload.
namespace weir::log {

enum class level : std::uint8_t { trace, debug, info, warn, error, off };
enum class format : std::uint8_t { text, json };

struct settings {
    level threshold = level::info;
    format shape = format::text;
};

/// `{"key", value}`; text is escaped as the format needs.
struct field {
    std::string_view key;
    std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool> value;

    field(std::string_view k, std::string_view v) : key(k), value(v) {}
    field(std::string_view k, std::string const& v) : key(k), value(std::string_view(v)) {}
    field(std::string_view k, char const* v) : key(k), value(std::string_view(v)) {}
    field(std::string_view k, bool v) : key(k), value(v) {}
    field(std::string_view k, double v) : key(k), value(v) {}
    template <class Int>
        requires(std::is_integral_v<Int> && !std::is_same_v<Int, bool>)
    field(std::string_view k, Int v) : key(k) {
        if constexpr (std::is_signed_v<Int>) {
            value = static_cast<std::int64_t>(v);
        } else {
            value = static_cast<std::uint64_t>(v);
        }
    }
};

/// Starts the writer (standard error). Before that, and in tests, lines go nowhere.
void start(settings wanted);
/// Changes level and format of a running log (reload).
void change(settings wanted);
/// Flushes and ends the writer.
void stop();

bool enabled(level l) noexcept;

/// One event: a few fixed words, then fields. From any thread.
void write(level l, std::string_view event, std::initializer_list<field> fields = {});

inline void debug(std::string_view event, std::initializer_list<field> fields = {}) {
    if (enabled(level::debug)) write(level::debug, event, fields);
}
inline void info(std::string_view event, std::initializer_list<field> fields = {}) {
    if (enabled(level::info)) write(level::info, event, fields);
}
inline void warn(std::string_view event, std::initializer_list<field> fields = {}) {
    if (enabled(level::warn)) write(level::warn, event, fields);
}
inline void error(std::string_view event, std::initializer_list<field> fields = {}) {
    if (enabled(level::error)) write(level::error, event, fields);
}

/// As write(), at most 10 lines a minute for each (event, source), for what a stranger can cause at
/// will. The line carries `source`, and in `suppressed` how many of its like were left out before
/// it. Sources are free to an attacker: an event writes at most 600 lines a minute whatever they
/// are, and what that left out is `suppressed_others`.
void limited(level l, std::string_view event, std::string_view source,
             std::initializer_list<field> fields = {});

/// Lines lost because the queue was full, since start.
std::uint64_t dropped() noexcept;

}  // namespace weir::log
