#pragma once

#include <weir/base/observer.hpp>

#include <array>
#include <cstddef>
#include <string_view>

namespace weir {

/// How a request was answered, by the class of its HTTP status.
enum class answer_class : std::uint8_t { success, client_error, server_error };
inline constexpr std::size_t answer_class_count = 3;
constexpr std::string_view to_string(answer_class c) noexcept {
    switch (c) {
        case answer_class::success:
            return "2xx";
        case answer_class::client_error:
            return "4xx";
        case answer_class::server_error:
            break;
    }
    return "5xx";
}

/// Requests of one route of the server API, refused ones included. Written by the control thread
/// alone, like an observer. The names are literals.
struct route_counts {
    std::string_view method;  ///< "POST"
    std::string_view route;   ///< behind /api/v1/, as a pattern: "topics/{topic}"
    std::array<single_writer, answer_class_count> answers;
    seconds_histogram seconds;  ///< from the whole request to its answer
};

}  // namespace weir
