// Hostile data into the inflater, and anything through deflater and inflater and back.
//
// Input: flags and level, limit / 64 or window, then the data.

#include <weir/base/assert.hpp>
#include <weir/ws/deflate.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

using namespace weir::ws;

/// What a shared inflater says of a message must not depend on the messages before it.
void inflate_hostile(std::string_view payload, std::size_t limit) {
    static inflater shared;
    inflater fresh(context::kept);
    auto const first = fresh.inflate(payload, limit);
    auto const second = shared.inflate(payload, limit);
    WEIR_ASSERT(first.status == second.status && first.text == second.text);
    WEIR_ASSERT(second.text.size() <= limit);
    WEIR_ASSERT(second.status == inflate_status::ok || second.text.empty());

    constexpr std::string_view hello("\xf2\x48\xcd\xc9\xc9\x07\x00", 7);
    WEIR_ASSERT(shared.inflate(hello, 5).text == "Hello");
    // A reference to before the message (RFC 7692 section 7.2.3.2): nobody else's window is there.
    constexpr std::string_view again("\xf2\x00\x11\x00\x00", 5);
    WEIR_ASSERT(shared.inflate(again, 5).status == inflate_status::corrupt);
    if (first.status == inflate_status::ok) {
        WEIR_ASSERT(fresh.inflate(hello, 5).text == "Hello");
        WEIR_ASSERT(fresh.inflate(again, 5).text == "Hello");
    }
}

void roundtrip(std::string_view text, deflate_settings const& settings) {
    deflater deflating(settings);
    inflater inflating(settings.keeping);
    // As several messages, so that a kept window is used.
    std::size_t const piece = std::max<std::size_t>(1, text.size() / 3);
    for (std::string_view rest = text; !rest.empty();) {
        std::string_view const message = rest.substr(0, piece);
        rest.remove_prefix(message.size());
        std::string_view const packed = deflating.deflate(message);
        WEIR_ASSERT(packed.size() <= message.size() + message.size() / 8 + 64);
        auto const result = inflating.inflate(packed, message.size());
        WEIR_ASSERT(result.status == inflate_status::ok && result.text == message);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    if (size < 2) return 0;
    std::string_view const rest{reinterpret_cast<char const*>(data) + 2, size - 2};
    if ((data[0] & 1) != 0) {
        inflate_hostile(rest, data[1] * std::size_t{64});
    } else {
        roundtrip(rest, {.window_bits = 8 + data[1] % 8,
                         .level = 1 + (data[0] >> 2) % 9,
                         .keeping = (data[0] & 2) != 0 ? context::kept : context::per_message});
    }
    return 0;
}
