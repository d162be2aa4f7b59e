#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace weir::ws {

/// The four masking bytes in the order of the wire (RFC 6455 section 5.3). A client takes a fresh
/// unpredictable one for each frame; where it comes from is the caller's business.
using mask_key = std::array<std::uint8_t, 4>;

/// Masks or unmasks in place. `phase` is how many bytes of the same payload went before, so a
/// payload may be done in pieces of any size at any alignment.
void apply_mask(std::span<char> bytes, mask_key key, std::size_t phase = 0) noexcept;

}  // namespace weir::ws
