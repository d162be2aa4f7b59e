#pragma once

#include <weir/transport/turn.hpp>
#include <weir/ws/deflate.hpp>

#include <array>
#include <cstddef>
#include <memory>

namespace weir {

/// What the shard's connections share for permessage-deflate, made when first wanted.
struct turn::codec {
    ws::inflater inflating;

    /// For windows of `bits`, 8 to 15.
    ws::deflater& deflating(int bits);

private:
    static constexpr std::size_t windows = ws::window_bits_max - ws::window_bits_min + 1;
    std::array<std::unique_ptr<ws::deflater>, windows> deflaters_;
};

}  // namespace weir
