#include "ws/byte_buffer.hpp"

#include <weir/base/assert.hpp>
#include <weir/ws/deflate.hpp>

#include <algorithm>
#include <limits>
#include <new>
#include <zlib.h>

namespace weir::ws {
namespace {

/// Scratch that is kept from call to call; a larger one goes back. Twice the default message.
constexpr std::size_t usual_scratch_bytes = std::size_t{128} * 1024;
constexpr std::size_t first_scratch_bytes = 4096;

/// What every sender removed from the end of its message (RFC 7692 section 7.2.1).
constexpr char tail[] = {'\x00', '\x00', '\xff', '\xff'};

}  // namespace

struct inflater::engine {
    z_stream z{};  // zlib's state points back here, so an engine never moves
    byte_buffer scratch;
    bool at_end = false;  // the last block had BFINAL set; the stream must start over

    engine() {
        if (::inflateInit2(&z, -window_bits_max) != Z_OK) throw std::bad_alloc();
    }
    ~engine() { ::inflateEnd(&z); }
    engine(engine const&) = delete;
    engine& operator=(engine const&) = delete;

    inflate_status run(std::string_view in, std::size_t limit);
    bool at_block_border() const noexcept {
        // zlib.h: 128 just behind a block, and the low bits are what is left of the last byte.
        return (z.data_type & 128) != 0 && (z.data_type & 7) == 0;
    }
};

/// Consumes all of `in`, appending to the scratch what comes out.
inflate_status inflater::engine::run(std::string_view in, std::size_t limit) {
    z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));  // zlib only reads it
    z.avail_in = static_cast<uInt>(in.size());
    for (;;) {
        if (at_end) {
            // A sender may set BFINAL (RFC 7692 section 7.2.3.4) and go on in the next byte. The
            // window must live on, which the public inflateReset() does not grant, and taking it
            // out and putting it back would cost 32 KiB of copying for each two bytes of input.
            ::inflateResetKeep(&z);
            at_end = false;
        }
        if (scratch.size() == scratch.capacity()) {
            std::size_t const guess = std::max(first_scratch_bytes, 4 * in.size());
            scratch.grow(scratch.size() + 1, guess, limit + 1);
        }
        std::size_t const room = std::min<std::size_t>(scratch.capacity() - scratch.size(),
                                                       std::numeric_limits<uInt>::max());
        z.next_out = reinterpret_cast<Bytef*>(scratch.data() + scratch.size());
        z.avail_out = static_cast<uInt>(room);
        int const rc = ::inflate(&z, Z_SYNC_FLUSH);
        scratch.set_size(scratch.size() + room - z.avail_out);
        if (scratch.size() > limit) return inflate_status::too_large;
        switch (rc) {
            case Z_STREAM_END:
                at_end = true;
                if (z.avail_in == 0) return inflate_status::ok;
                break;  // at least the ten bits of an empty block were consumed
            case Z_OK:
            case Z_BUF_ERROR:  // nothing left to do in either direction
                if (z.avail_out != 0) {
                    return z.avail_in == 0 ? inflate_status::ok : inflate_status::corrupt;
                }
                break;  // the scratch grows, up to the limit
            case Z_MEM_ERROR:
                throw std::bad_alloc();
            default:
                return inflate_status::corrupt;
        }
    }
}

inflater::inflater(context keeping) : keeping_(keeping) {}
inflater::~inflater() = default;
inflater::inflater(inflater&&) noexcept = default;
inflater& inflater::operator=(inflater&&) noexcept = default;

void inflater::release() noexcept {
    engine_.reset();
}

inflater::result inflater::inflate(std::string_view payload, std::size_t limit) {
    WEIR_ASSERT(payload.size() <= std::numeric_limits<uInt>::max());
    if (engine_ == nullptr) {
        engine_ = std::make_unique<engine>();
    } else if (keeping_ == context::per_message) {
        ::inflateReset(&engine_->z);
        engine_->at_end = false;
    }
    engine& e = *engine_;
    e.scratch.clear(usual_scratch_bytes);
    // Nothing at all is no block that the tail could end, but some send it for an empty message.
    if (payload.empty()) return {};

    inflate_status status = e.run(payload, limit);
    // A sender that forgot to remove the tail stands at a border already.
    if (status == inflate_status::ok && !e.at_end && !e.at_block_border()) {
        std::size_t const before = e.scratch.size();
        status = e.run({tail, sizeof tail}, limit);
        // The tail must have been the rest of an empty block. Did it end anything else, or went on
        // as something else, then the message was cut: zlib alone would take that for data.
        bool const ended = e.at_end || e.at_block_border();
        if (status == inflate_status::ok && (!ended || e.scratch.size() != before)) {
            status = inflate_status::corrupt;
        }
    }
    if (status != inflate_status::ok) return {status, {}};
    return {status, e.scratch.view()};
}

}  // namespace weir::ws
