#pragma once

#include <weir/base/clock.hpp>
#include <weir/base/log.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace weir::log {

/// A line fits PIPE_BUF, so that one write() of it to a pipe is whole and, once poll() says
/// writable, does not block.
inline constexpr std::size_t line_bytes_max = 4096;
/// What is kept of one text value, before escaping.
inline constexpr std::size_t value_bytes_max = 512;
inline constexpr std::size_t event_bytes_max = 128;

std::string_view to_string(level l) noexcept;

/// One line with its '\n', never another, at most line_bytes_max long. Pure. Whatever a stranger
/// put into a value cannot end the line, start a field, or steer a terminal: control characters,
/// line separators, direction marks and broken UTF-8 are escaped. JSON is strict RFC 8259.
/// Fields for which there is no room are left out and `truncated` says so.
std::string make_line(format shape, wall_ms at, level l, std::string_view event,
                      std::span<field const> fields);

}  // namespace weir::log
