#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir::ws {

/// One element of Sec-WebSocket-Extensions (RFC 6455 section 9.1). Names point into the header.
struct extension_parameter {
    std::string_view name;
    std::optional<std::string> value;  ///< without its quotes; a token
};
struct extension_element {
    std::string_view name;
    std::vector<extension_parameter> parameters;
};

inline constexpr std::size_t extension_elements_max = 32;
inline constexpr std::size_t extension_parameters_max = 16;  ///< of one element

/// The whole header, or none when it is malformed or past a bound. Empty elements of a list are
/// passed over, as HTTP asks of readers (RFC 9110 section 5.6.1.2).
std::optional<std::vector<extension_element>> parse_extensions(std::string_view header);

}  // namespace weir::ws
