#pragma once

#include <weir/base/clock.hpp>
#include <weir/base/error.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace weir {

/// "64KiB", "2MiB", "1GiB", "500" (bytes), "10kB" (1000). Whole numbers only; no overflow.
result<std::uint64_t> parse_bytes(std::string_view text);
/// The shortest exact form: 65536 → "64KiB".
std::string format_bytes(std::uint64_t bytes);

/// "250ms", "10s", "2m", "24h", "7d"; a bare number is refused except "0".
result<std::chrono::milliseconds> parse_duration(std::string_view text);
/// The shortest exact form: 120000 ms → "2m".
std::string format_duration(std::chrono::milliseconds d);

}  // namespace weir
