#pragma once

#include "ws/seed.hpp"

#include <weir/base/close_reason.hpp>
#include <weir/ws/decoder.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace weir::ws {

using events = std::vector<std::string>;

inline std::string fault_event(frame_fault const& fault) {
    return "fault " + std::to_string(describe(fault.reason).code) + ' ' + std::string(fault.text);
}

/// Writes down what a decoder says, one line an event. `next` may be changed to pause or stop.
class recording_sink : public decoder_sink {
public:
    flow on_message(opcode kind, std::string_view payload) override {
        return note(kind == opcode::text ? "text " : "binary ", payload);
    }
    flow on_ping(std::string_view payload) override { return note("ping ", payload); }
    flow on_pong(std::string_view payload) override { return note("pong ", payload); }
    flow on_close(std::optional<std::uint16_t> code, std::string_view text) override {
        return note("close " + (code ? std::to_string(*code) : std::string("none")) + ' ', text);
    }

    events seen;
    flow next = flow::more;

private:
    flow note(std::string what, std::string_view payload) {
        seen.push_back(std::move(what.append(payload)));
        return next;
    }
};

/// Feeds `wire` in pieces whose sizes `next_size` gives, each in memory of its own and of exactly
/// its size, so that a sanitizer sees every byte read or written past it.
inline events feed_pieces(decoder_settings const& settings, std::string_view wire,
                          std::function<std::size_t()> const& next_size,
                          context keeping = context::per_message) {
    decoder reading(settings);
    inflater inflating(keeping);
    recording_sink sink;
    while (!wire.empty()) {
        std::size_t const n = std::min(wire.size(), next_size());
        std::vector<char> piece(wire.begin(), wire.begin() + static_cast<std::ptrdiff_t>(n));
        wire.remove_prefix(n);
        feed_result const result = reading.feed(piece, sink, &inflating);
        if (result.state == feed_state::failed) sink.seen.push_back(fault_event(result.fault));
        if (result.state == feed_state::failed || result.state == feed_state::ended) {
            EXPECT_EQ(reading.held_bytes(), 0U);
            break;
        }
        EXPECT_EQ(result.consumed, n);
    }
    if (reading.assembling()) sink.seen.push_back("incomplete");
    return sink.seen;
}

/// The same bytes at once, a byte at a time and in random pieces: always the same events.
inline void expect_events(decoder_settings const& settings, std::string_view wire,
                          events const& expected, context keeping = context::per_message) {
    SCOPED_TRACE(seed_trace());
    auto const whole = [&] { return std::max<std::size_t>(wire.size(), 1); };
    EXPECT_EQ(feed_pieces(settings, wire, whole, keeping), expected) << "at once";
    auto const byte = [] { return std::size_t{1}; };
    EXPECT_EQ(feed_pieces(settings, wire, byte, keeping), expected) << "a byte at a time";
    random_source random(test_seed());
    for (int round = 0; round != 8; ++round) {
        std::size_t const most = 1 + pick(random, 1 + wire.size() / 2);
        auto const some = [&] { return 1 + pick(random, most); };
        EXPECT_EQ(feed_pieces(settings, wire, some, keeping), expected) << "round " << round;
    }
}

inline constexpr mask_key test_mask{0x37, 0xFA, 0x21, 0x3D};

/// One frame as a client sends it.
inline std::string client_frame(opcode op, std::string_view payload, bool fin = true,
                                bool rsv1 = false) {
    std::string out;
    append_frame(out, {.op = op, .fin = fin, .rsv1 = rsv1, .mask = test_mask}, payload);
    return out;
}

inline std::string server_frame(opcode op, std::string_view payload, bool fin = true,
                                bool rsv1 = false) {
    std::string out;
    append_frame(out, {.op = op, .fin = fin, .rsv1 = rsv1}, payload);
    return out;
}

}  // namespace weir::ws
