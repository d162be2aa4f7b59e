#include "ws/allocations.hpp"
#include "ws/feeding.hpp"

#include <string>
#include <vector>

namespace weir::ws {
namespace {

using enum opcode;

/// Takes anything and allocates nothing.
class silent_sink : public decoder_sink {
public:
    flow on_message(opcode, std::string_view payload) override {
        bytes += payload.size();
        return flow::more;
    }
    flow on_ping(std::string_view) override { return flow::more; }
    flow on_pong(std::string_view) override { return flow::more; }
    flow on_close(std::optional<std::uint16_t>, std::string_view) override { return flow::more; }
    std::size_t bytes = 0;
};

constexpr std::size_t fixed_part = 512;  // what held_bytes() promises besides the payload

TEST(decoder_memory, whole_frames_and_partial_headers_own_nothing) {
    std::string const frames[] = {
        client_frame(text, std::string(300, 'x')), client_frame(ping, "p"),
        client_frame(binary, std::string(65536, 'x')), client_frame(text, "")};
    decoder reading({});
    silent_sink sink;
    for (std::string const& frame : frames) {
        std::string wire = frame;
        std::size_t const header = wire.size() < 131 ? 6 : wire.size() < 65536 ? 8 : 14;
        std::size_t const before = counted().count;
        reading.feed(wire, sink);
        EXPECT_EQ(counted().count, before) << "at once";
        wire = frame;
        std::size_t const again = counted().count;
        for (std::size_t i = 0; i + 1 != header; ++i) {
            reading.feed({&wire[i], 1}, sink);
            EXPECT_TRUE(reading.assembling());
            EXPECT_EQ(reading.held_bytes(), 0U);
        }
        EXPECT_EQ(counted().count, again) << "header a byte at a time";
        reading.feed(std::span(wire).subspan(header - 1), sink);
        EXPECT_EQ(counted().count, again) << "then the rest";
        EXPECT_FALSE(reading.assembling());
    }
}

TEST(decoder_memory, grows_with_what_came_and_not_with_what_was_claimed) {
    std::string wire = client_frame(binary, std::string(60000, 'x'));
    decoder reading({});
    silent_sink sink;
    std::size_t const before = counted().live_bytes;
    std::size_t const count_before = counted().count;
    std::size_t arrived = 0;
    for (std::size_t at = 0; at + 100 < wire.size(); at += 100) {
        reading.feed(std::span(wire).subspan(at, 100), sink);
        arrived = at + 100;
        ASSERT_LE(reading.held_bytes(), 2 * arrived + fixed_part);
        ASSERT_EQ(counted().live_bytes - before, reading.held_bytes());
    }
    EXPECT_LE(reading.held_bytes(), 60000 + fixed_part);
    EXPECT_LE(counted().count - count_before, 12U) << "doubles";
    reading.feed(std::span(wire).subspan(arrived), sink);
    EXPECT_EQ(sink.bytes, 60000U);
    EXPECT_EQ(reading.held_bytes(), 0U);
    EXPECT_EQ(counted().live_bytes, before);
}

TEST(decoder_memory, an_unfinished_message_stays_within_the_limit) {
    struct row {
        bool compressed;
        std::size_t most;
    };
    for (row const& r : {row{false, 10000}, row{true, 10000 + 1250 + 64}}) {
        decoder reading({.deflate = true, .message_bytes_max = 10000, .fragments_max = 1 << 20});
        silent_sink sink;
        inflater inflating;
        std::size_t const before = counted().live_bytes;
        feed_result result;
        for (int i = 0; result.state == feed_state::more; ++i) {
            ASSERT_LT(i, 1000);
            std::string piece = client_frame(i == 0 ? binary : continuation, std::string(37, 'x'),
                                             false, i == 0 && r.compressed);
            result = reading.feed(piece, sink, &inflating);
            ASSERT_LE(reading.held_bytes(), r.most + fixed_part);
        }
        EXPECT_EQ(result.state, feed_state::failed);
        EXPECT_EQ(result.fault.reason, close_reason::message_too_large);
        EXPECT_EQ(reading.held_bytes(), 0U);
        EXPECT_EQ(counted().live_bytes, before);
    }
}

TEST(decoder_memory, a_compressed_message_may_be_longer_on_the_wire_than_inflated) {
    // 9 bits a byte: fixed codes for bytes from 144 on (RFC 1951 section 3.2.6).
    SCOPED_TRACE(seed_trace());
    random_source random(test_seed());
    std::string noise(10000, '\0');
    for (char& c : noise) c = static_cast<char>(144 + pick(random, 111));
    deflater deflating({.level = 1});
    std::string const packed(deflating.deflate(noise));
    expect_events({.deflate = true, .message_bytes_max = 10000},
                  client_frame(binary, packed, true, true), events{"binary " + noise});
}

TEST(decoder_memory, a_bomb_costs_its_limit) {
    deflater deflating;
    std::string const zeros(32 << 20, '\0');
    std::string const packed(deflating.deflate(zeros));
    ASSERT_LT(packed.size(), 65536U);
    std::string wire = client_frame(binary, packed, true, true);
    deflating.release();

    decoder reading({.deflate = true});
    silent_sink sink;
    inflater inflating;
    counted().peak_bytes = counted().live_bytes;
    std::size_t const before = counted().live_bytes;
    feed_result const result = reading.feed(wire, sink, &inflating);
    EXPECT_EQ(result.state, feed_state::failed);
    EXPECT_EQ(result.fault.reason, close_reason::message_too_large);
    EXPECT_EQ(sink.bytes, 0U);
    EXPECT_LE(counted().peak_bytes - before, 2 * (65536 + 1) + 1024);
}

TEST(decoder_memory, the_inflater_keeps_no_more_scratch_than_usual) {
    inflater inflating;
    deflater deflating;
    std::string const large(1 << 20, 'x');
    std::string const packed(deflating.deflate(large));
    std::size_t const before = counted().live_bytes;
    EXPECT_EQ(inflating.inflate(packed, large.size()).text, large);
    EXPECT_GE(counted().live_bytes - before, large.size());
    EXPECT_EQ(inflating.inflate({"\x00", 1}, 100).status, inflate_status::ok);
    EXPECT_LE(counted().live_bytes - before, 128U * 1024);
    inflating.release();
    EXPECT_EQ(counted().live_bytes, before);
}

}  // namespace
}  // namespace weir::ws
