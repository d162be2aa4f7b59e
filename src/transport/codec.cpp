#include "transport/codec.hpp"

#include <weir/base/assert.hpp>

namespace weir {

ws::deflater& turn::codec::deflating(int bits) {
    WEIR_ASSERT(bits >= ws::window_bits_min && bits <= ws::window_bits_max);
    auto& one = deflaters_[static_cast<std::size_t>(bits - ws::window_bits_min)];
    if (!one) one = std::make_unique<ws::deflater>(ws::deflate_settings{.window_bits = bits});
    return *one;
}

}  // namespace weir
