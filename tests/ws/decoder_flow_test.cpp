#include "ws/feeding.hpp"

#include <memory>
#include <string>

namespace weir::ws {
namespace {

using enum opcode;

TEST(decoder_flow, a_frame_in_the_span_is_handed_on_where_it_lies) {
    struct where : recording_sink {
        flow on_message(opcode kind, std::string_view payload) override {
            at = payload.data();
            return recording_sink::on_message(kind, payload);
        }
        char const* at = nullptr;
    } sink;
    std::string wire = client_frame(text, "hello") + client_frame(binary, "tail").substr(0, 7);
    decoder reading({});
    feed_result const result = reading.feed(wire, sink);
    EXPECT_EQ(result.state, feed_state::more);
    EXPECT_EQ(result.consumed, wire.size());
    EXPECT_EQ(sink.at, wire.data() + 6);
    EXPECT_EQ(wire.substr(6, 5), "hello");
    EXPECT_TRUE(reading.assembling());
}

TEST(decoder_flow, pausing_after_each_event_leaves_the_rest_untouched) {
    std::string const wire = client_frame(text, "one") + client_frame(ping, "two") +
                             client_frame(pong, "three") + client_frame(text, "fo", false) +
                             client_frame(continuation, "ur") + client_frame(binary, "five");
    std::string const copy = wire;
    decoder reading({});
    recording_sink sink;
    sink.next = flow::pause;
    std::string rest = wire;
    std::size_t turns = 0;
    while (!rest.empty()) {
        feed_result const result = reading.feed(rest, sink);
        ++turns;
        EXPECT_EQ(sink.seen.size(), turns);
        EXPECT_EQ(result.state, feed_state::paused);
        ASSERT_GT(result.consumed, 0U);
        rest.erase(0, result.consumed);
        EXPECT_EQ(rest, copy.substr(copy.size() - rest.size()));
        EXPECT_FALSE(reading.assembling());
    }
    EXPECT_EQ(sink.seen,
              (events{"text one", "ping two", "pong three", "text four", "binary five"}));
}

TEST(decoder_flow, a_pause_at_the_end_of_the_bytes_loses_nothing) {
    std::string const wire = client_frame(text, "one") + client_frame(text, "two");
    decoder reading({});
    recording_sink sink;
    sink.next = flow::pause;
    std::size_t pauses = 0;
    for (char byte : wire) {
        feed_result const result = reading.feed({&byte, 1}, sink);
        EXPECT_EQ(result.consumed, 1U);
        pauses += result.state == feed_state::paused ? 1 : 0;
    }
    EXPECT_EQ(pauses, 2U);
    EXPECT_EQ(sink.seen, (events{"text one", "text two"}));
    EXPECT_EQ(reading.feed({}, sink).state, feed_state::more);
}

/// Ends its connection, decoder and all, in the middle of a call.
class destroying_sink : public decoder_sink {
public:
    explicit destroying_sink(decoder_settings settings)
        : reading(std::make_unique<decoder>(settings)) {}
    flow on_message(opcode, std::string_view) override { return end(); }
    flow on_ping(std::string_view) override { return end(); }
    flow on_pong(std::string_view) override { return end(); }
    flow on_close(std::optional<std::uint16_t>, std::string_view) override { return end(); }

    std::unique_ptr<decoder> reading;
    int calls = 0;

private:
    flow end() {
        ++calls;
        reading.reset();
        return flow::stop;
    }
};

TEST(decoder_flow, a_sink_may_destroy_the_decoder_and_stop) {
    deflater deflating;
    std::string const packed(deflating.deflate("packed packed packed"));
    std::string const first[] = {
        client_frame(text, "x"),
        client_frame(text, "x", false) + client_frame(continuation, "y"),
        client_frame(binary, packed, true, true),
        client_frame(ping, "x"),
        client_frame(text, "x", false) + client_frame(ping, "x"),
        client_frame(pong, "x"),
        client_frame(close, "\x03\xe8"),
        client_frame(text, "x", false) + client_frame(close, "\x03\xe8"),
    };
    for (std::string const& begin : first) {
        std::string const wire = begin + client_frame(text, "never");
        for (std::size_t piece : {std::size_t{1}, wire.size()}) {
            inflater inflating;
            destroying_sink sink({.deflate = true});
            std::string_view rest = wire;
            feed_result result;
            while (sink.reading != nullptr) {
                ASSERT_FALSE(rest.empty());
                std::string bytes(rest.substr(0, piece));
                result = sink.reading->feed(bytes, sink, &inflating);
                rest.remove_prefix(bytes.size());
            }
            EXPECT_EQ(result.state, feed_state::ended);
            EXPECT_EQ(sink.calls, 1);
        }
    }
}

TEST(decoder_flow, nothing_follows_a_fault_or_a_close) {
    for (std::string const& last : {client_frame(text, "\xff"), client_frame(close, "")}) {
        decoder reading({});
        recording_sink sink;
        std::string wire = last;
        EXPECT_NE(reading.feed(wire, sink).state, feed_state::more);
        std::size_t const before = sink.seen.size();
        std::string more = client_frame(text, "more");
        feed_result const result = reading.feed(more, sink);
        EXPECT_EQ(result.state, feed_state::ended);
        EXPECT_EQ(result.consumed, more.size());
        EXPECT_EQ(sink.seen.size(), before);
        EXPECT_FALSE(reading.assembling());
    }
}

TEST(decoder_flow, a_moved_decoder_goes_on) {
    std::string const wire = client_frame(text, "he", false) + client_frame(continuation, "llo");
    for (std::size_t cut = 1; cut != wire.size(); ++cut) {
        recording_sink sink;
        decoder first({});
        std::string head = wire.substr(0, cut);
        first.feed(head, sink);
        decoder second = std::move(first);
        std::string tail = wire.substr(cut);
        second.feed(tail, sink);
        EXPECT_EQ(sink.seen, events{"text hello"}) << cut;
    }
}

TEST(decoder_flow, settings_for_large_messages_allow_small_pieces) {
    EXPECT_EQ(decoder_settings::for_messages(1000).fragments_max, 1024U);
    EXPECT_EQ(decoder_settings::for_messages(64 * 1024).fragments_max, 1024U);
    EXPECT_EQ(decoder_settings::for_messages(4 << 20).fragments_max, 65536U);
    EXPECT_EQ(decoder_settings::for_messages(4 << 20).message_bytes_max, 4U << 20);
}

}  // namespace
}  // namespace weir::ws
