#include <weir/base/quantity.hpp>

#include <array>
#include <charconv>
#include <limits>

namespace weir {
namespace {

struct unit {
    std::string_view suffix;
    std::uint64_t factor;
};

// Largest first: formatting takes the first that divides. kB and MB are read, never written.
constexpr std::array<unit, 6> byte_units = {{{"GiB", std::uint64_t{1} << 30},
                                             {"MiB", std::uint64_t{1} << 20},
                                             {"KiB", std::uint64_t{1} << 10},
                                             {"MB", 1'000'000},
                                             {"kB", 1'000},
                                             {"", 1}}};
constexpr std::array<unit, 5> time_units = {
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};

template <std::size_t N>
result<std::uint64_t> parse(std::string_view text, std::array<unit, N> const& units,
                            std::string_view expected) {
    auto const refuse = [&] {
        return fault{errc::bad_request,
                     '"' + std::string(text) + "\" is not " + std::string(expected)};
    };
    std::uint64_t n = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
    if (error != std::errc{} || end == text.data()) return refuse();
    std::string_view const suffix(end, static_cast<std::size_t>(text.data() + text.size() - end));
    for (unit const& u : units) {
        if (u.suffix != suffix) continue;
        if (n > std::uint64_t{std::numeric_limits<std::int64_t>::max()} / u.factor) return refuse();
        return n * u.factor;
    }
    if (suffix.empty() && n == 0) return n;
    return refuse();
}

}  // namespace

result<std::uint64_t> parse_bytes(std::string_view text) {
    return parse(text, byte_units, "a size such as 64KiB");
}

std::string format_bytes(std::uint64_t bytes) {
    for (unit const& u : byte_units) {
        if (u.suffix.ends_with('B') && !u.suffix.ends_with("iB")) continue;
        if (bytes >= u.factor && bytes % u.factor == 0) {
            return std::to_string(bytes / u.factor) + std::string(u.suffix);
        }
    }
    return std::to_string(bytes);
}

result<milliseconds> parse_duration(std::string_view text) {
    auto const n = parse(text, time_units, "a duration such as 10s, 2m or 250ms");
    if (!n) return n.error();
    return milliseconds(static_cast<std::int64_t>(*n));
}

std::string format_duration(milliseconds d) {
    if (d < milliseconds(0)) return '-' + format_duration(-d);
    auto const n = static_cast<std::uint64_t>(d.count());
    if (n == 0) return "0s";
    for (unit const& u : time_units) {
        if (n % u.factor == 0) return std::to_string(n / u.factor) + std::string(u.suffix);
    }
    return std::to_string(n) + "ms";
}

}  // namespace weir
