// Bytes from a peer into the frame decoder. However they are split, and however often the sink
// pauses, the events are the same and what is held stays within what was promised.
//
// Input: settings, largest message / 16, seed of the splits, then what is on the wire.

#include <weir/base/assert.hpp>
#include <weir/ws/decoder.hpp>
#include <weir/ws/utf8.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace weir;
using namespace weir::ws;

class recorder : public decoder_sink {
public:
    recorder(std::size_t message_bytes_max, bool pausing)
        : message_bytes_max_(message_bytes_max), pausing_(pausing) {}

    flow on_message(opcode kind, std::string_view payload) override {
        WEIR_ASSERT(kind == opcode::text || kind == opcode::binary);
        WEIR_ASSERT(payload.size() <= message_bytes_max_);
        WEIR_ASSERT(kind == opcode::binary || is_utf8(payload));
        return note(kind == opcode::text ? 't' : 'b', payload);
    }
    flow on_ping(std::string_view payload) override { return control('p', payload); }
    flow on_pong(std::string_view payload) override { return control('q', payload); }
    flow on_close(std::optional<std::uint16_t> code, std::string_view text) override {
        WEIR_ASSERT(is_utf8(text) && (code || text.empty()));
        log += std::to_string(code.value_or(0));
        return control('c', text);
    }

    std::string log;
    std::size_t calls = 0;

private:
    flow control(char what, std::string_view payload) {
        WEIR_ASSERT(payload.size() <= control_bytes_max);
        return note(what, payload);
    }
    flow note(char what, std::string_view payload) {
        ++calls;
        (log += what).append(payload).push_back('\n');
        return pausing_ ? flow::pause : flow::more;
    }
    std::size_t message_bytes_max_;
    bool pausing_;
};

struct plan {
    decoder_settings settings;
    context keeping = context::per_message;
    std::string_view wire;
};

enum class splitting { none, bytes, seeded };

/// Feeds one piece until it is consumed or the connection is over. True while it goes on.
bool feed_piece(decoder& reading, std::string_view piece, recorder& sink, inflater& inflating) {
    std::vector<char> bytes(piece.begin(), piece.end());  // of exactly its size
    std::span<char> rest = bytes;
    do {
        std::size_t const calls = sink.calls;
        feed_result const result = reading.feed(rest, sink, &inflating);
        WEIR_ASSERT(result.consumed <= rest.size());
        rest = rest.subspan(result.consumed);
        switch (result.state) {
            case feed_state::more:
                WEIR_ASSERT(rest.empty());
                break;
            case feed_state::paused:
                WEIR_ASSERT(sink.calls == calls + 1);
                break;
            case feed_state::failed:
                WEIR_ASSERT(!result.fault.text.empty() && result.fault.text.size() <= 123);
                (sink.log += '!').append(result.fault.text);
                [[fallthrough]];
            case feed_state::ended:
                WEIR_ASSERT(!reading.assembling());
                return false;
        }
    } while (!rest.empty());
    return true;
}

std::string run(plan const& p, splitting how, std::uint32_t seed, bool pausing) {
    decoder reading(p.settings);
    inflater inflating(p.keeping);
    recorder sink(p.settings.message_bytes_max, pausing);
    std::size_t const most = p.settings.message_bytes_max + p.settings.message_bytes_max / 8 + 64;
    for (std::string_view rest = p.wire; !rest.empty();) {
        seed = seed * 1664525 + 1013904223;
        std::size_t const wanted = how == splitting::none    ? rest.size()
                                   : how == splitting::bytes ? 1
                                                             : 1 + (seed >> 16) % 37;
        std::string_view const piece = rest.substr(0, wanted);
        rest.remove_prefix(piece.size());
        bool const goes_on = feed_piece(reading, piece, sink, inflating);
        WEIR_ASSERT(reading.held_bytes() <= most + 512);
        WEIR_ASSERT(reading.assembling() || reading.held_bytes() == 0);
        if (!goes_on) break;
    }
    if (reading.assembling()) sink.log += "incomplete";
    return sink.log;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    if (size < 3) return 0;
    plan p;
    p.settings.side = (data[0] & 1) != 0 ? role::client : role::server;
    p.settings.deflate = (data[0] & 2) != 0;
    p.keeping = (data[0] & 4) != 0 ? context::kept : context::per_message;
    p.settings.message_bytes_max = data[1] * 16U;
    p.settings.fragments_max = 8;
    p.wire = {reinterpret_cast<char const*>(data) + 3, size - 3};

    std::string const whole = run(p, splitting::none, 0, false);
    WEIR_ASSERT(run(p, splitting::bytes, 0, false) == whole);
    WEIR_ASSERT(run(p, splitting::seeded, data[2], false) == whole);
    WEIR_ASSERT(run(p, splitting::none, 0, true) == whole);
    WEIR_ASSERT(run(p, splitting::seeded, data[2], true) == whole);
    return 0;
}
