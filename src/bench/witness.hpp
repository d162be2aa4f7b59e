#pragma once

#include <weir/client/witness.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir::bench {

// The engine of the clients is that of `weir sub --reconnect`.
using namespace client_engine;

/// The payload that says who published it, as his how many-th, and when (steady clock).
std::string payload_of(std::uint32_t publisher, std::uint64_t number, std::int64_t nanoseconds,
                       std::size_t bytes);
struct payload_marks {
    std::uint32_t publisher = 0;
    std::uint64_t number = 0;
    std::int64_t nanoseconds = 0;
};
std::optional<payload_marks> read_payload(std::string_view payload) noexcept;

}  // namespace weir::bench
