#pragma once

#include "shard/registry.hpp"

#include <weir/topic/broker.hpp>

#include <cstdint>
#include <utility>

namespace weir {

/// A publish_ticket names who asked: a client by slot (index, generation) and its own 32-bit
/// number, or, with the top bit, the server API.
inline constexpr publish_ticket api_ticket_bit = publish_ticket{1} << 63;

inline publish_ticket client_ticket(client_slot s, std::uint32_t own) noexcept {
    return publish_ticket{s.index} << (32 + registry::generation_bits) |
           publish_ticket{s.generation} << 32 | own;
}

inline std::pair<client_slot, std::uint32_t> client_of(publish_ticket t) noexcept {
    return {
        client_slot{static_cast<std::uint32_t>(t >> (32 + registry::generation_bits)),
                    static_cast<std::uint32_t>(t >> 32) & ((1U << registry::generation_bits) - 1)},
        static_cast<std::uint32_t>(t)};
}
static_assert(registry::index_bits + registry::generation_bits + 32 == 63);

}  // namespace weir
