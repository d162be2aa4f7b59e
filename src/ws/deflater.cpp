#include "ws/byte_buffer.hpp"

#include <weir/base/assert.hpp>
#include <weir/ws/deflate.hpp>

#include <algorithm>
#include <limits>
#include <new>
#include <zlib.h>

namespace weir::ws {
namespace {

constexpr std::size_t usual_scratch_bytes = std::size_t{128} * 1024;
constexpr int memory_level = 8;  // zlib's default: hash and symbol buffers of 128 KiB

constexpr std::size_t tail_bytes = 4;  // 00 00 ff ff, which RFC 7692 section 7.2.1 removes

/// A message of nothing (RFC 7692 section 7.2.3.6).
constexpr char empty_message[] = {'\x00'};

}  // namespace

struct deflater::engine {
    z_stream z{};  // zlib's state points back here, so an engine never moves
    byte_buffer scratch;

    explicit engine(deflate_settings const& settings) {
        // zlib takes no window of 256 bytes. Matches at distance 1 alone stay in any window.
        int const strategy = settings.window_bits == 8 ? Z_RLE : Z_DEFAULT_STRATEGY;
        int const bits = std::max(settings.window_bits, 9);
        int const rc =
            ::deflateInit2(&z, settings.level, Z_DEFLATED, -bits, memory_level, strategy);
        WEIR_ASSERT(rc != Z_STREAM_ERROR);
        if (rc != Z_OK) throw std::bad_alloc();
    }
    ~engine() { ::deflateEnd(&z); }
    engine(engine const&) = delete;
    engine& operator=(engine const&) = delete;
};

deflater::deflater(deflate_settings settings) : settings_(settings) {
    WEIR_ASSERT(settings.window_bits >= window_bits_min && settings.window_bits <= window_bits_max);
    WEIR_ASSERT(settings.level >= 1 && settings.level <= 9);
}
deflater::~deflater() = default;
deflater::deflater(deflater&&) noexcept = default;
deflater& deflater::operator=(deflater&&) noexcept = default;

void deflater::release() noexcept {
    engine_.reset();
}

std::string_view deflater::deflate(std::string_view text) {
    WEIR_ASSERT(text.size() <= std::numeric_limits<uInt>::max() / 2);
    if (text.empty()) return {empty_message, sizeof empty_message};
    if (engine_ == nullptr) {
        engine_ = std::make_unique<engine>(settings_);
    } else if (settings_.keeping == context::per_message) {
        ::deflateReset(&engine_->z);
    }
    z_stream& z = engine_->z;
    byte_buffer& scratch = engine_->scratch;
    scratch.clear(usual_scratch_bytes);
    z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));  // zlib only reads it
    z.avail_in = static_cast<uInt>(text.size());
    std::size_t const enough = ::deflateBound(&z, static_cast<uLong>(text.size())) + 2 * tail_bytes;
    do {  // once, as a rule; zlib wants to be called again while it fills all it is given
        scratch.grow(scratch.size() + enough, 0, scratch.size() + enough);
        std::size_t const room = scratch.capacity() - scratch.size();
        z.next_out = reinterpret_cast<Bytef*>(scratch.data() + scratch.size());
        z.avail_out = static_cast<uInt>(room);
        int const rc = ::deflate(&z, Z_SYNC_FLUSH);
        WEIR_ASSERT(rc == Z_OK || rc == Z_BUF_ERROR);
        scratch.set_size(scratch.size() + room - z.avail_out);
    } while (z.avail_out == 0);
    std::string_view const whole = scratch.view();
    WEIR_ASSERT(whole.ends_with(std::string_view("\x00\x00\xff\xff", tail_bytes)));
    return whole.substr(0, whole.size() - tail_bytes);
}

}  // namespace weir::ws
