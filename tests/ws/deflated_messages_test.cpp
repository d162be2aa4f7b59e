#include "ws/feeding.hpp"

#include <string>

namespace weir::ws {
namespace {

using namespace std::string_literals;
using enum opcode;

constexpr decoder_settings with_deflate{.deflate = true};

std::string packed(std::string_view plain) {
    deflater deflating;
    return std::string(deflating.deflate(plain));
}

/// A compressed message in fragments of `piece` bytes, with a ping before each continuation.
std::string in_fragments(opcode op, std::string_view payload, std::size_t piece) {
    std::string wire;
    for (bool first = true; first || !payload.empty(); first = false) {
        std::size_t const n = std::min(piece, payload.size());
        if (!first) wire += client_frame(ping, "between");
        wire += client_frame(first ? op : continuation, payload.substr(0, n), n == payload.size(),
                             first);
        payload.remove_prefix(n);
    }
    return wire;
}

TEST(deflated_messages, whole) {
    expect_events(with_deflate, client_frame(text, packed("hello"), true, true), {"text hello"});
    expect_events(with_deflate, client_frame(binary, packed("\xff\xfe"), true, true),
                  {"binary \xff\xfe"});
    expect_events(with_deflate, client_frame(text, "\x00"s, true, true), {"text "});
    expect_events(with_deflate, client_frame(text, "", true, true), {"text "});
    expect_events(with_deflate, client_frame(text, "plain beside it"), {"text plain beside it"});
    expect_events({.side = role::client, .deflate = true},
                  server_frame(text, packed("hello"), true, true), {"text hello"});
    std::string const large(65536, 'x');
    expect_events(with_deflate, client_frame(text, packed(large), true, true), {"text " + large});
}

TEST(deflated_messages, in_fragments) {
    std::string plain;
    for (int i = 0; i != 40; ++i) plain += "fragment " + std::to_string(i) + " \xe2\x82\xac ";
    std::string const payload = packed(plain);
    for (std::size_t piece : {1U, 2U, 3U, 17U, 1000U}) {
        events expected((payload.size() - 1) / piece, "ping between");
        expected.push_back("text " + plain);
        expect_events(with_deflate, in_fragments(text, payload, piece), expected);
    }
    expect_events(with_deflate,
                  client_frame(text, "\xf2\x48\xcd"s, false, true) +
                      client_frame(continuation, "") + client_frame(text, "x"),
                  {"fault 1002 compressed data is corrupt"});
}

TEST(deflated_messages, limits_are_those_of_the_inflated_message) {
    decoder_settings const small{.deflate = true, .message_bytes_max = 1000};
    std::string const exact(1000, 'x');
    expect_events(small, client_frame(text, packed(exact), true, true), {"text " + exact});
    expect_events(small, client_frame(text, packed(exact + 'x'), true, true),
                  {"fault 1009 message too large when inflated"});
    expect_events(small, in_fragments(text, packed(std::string(100000, 'x')), 200),
                  {"fault 1009 message too large when inflated"});
    // On the wire an eighth and 64 bytes more: 1189.
    std::string const longest = client_frame(binary, std::string(1189, '\xff'), true, true);
    expect_events(small, longest, {"fault 1002 compressed data is corrupt"});
    expect_events(small, client_frame(binary, std::string(1190, '\xff'), true, true),
                  {"fault 1009 message too large"});
    auto const in_two = [](std::size_t size) {
        return client_frame(binary, std::string(1000, '\xff'), false, true) +
               client_frame(continuation, std::string(size - 1000, '\xff'));
    };
    expect_events(small, in_two(1189), {"fault 1002 compressed data is corrupt"});
    expect_events(small, in_two(1190), {"fault 1009 message too large"});
    expect_events(small, client_frame(binary, std::string(1001, 'x')),
                  {"fault 1009 message too large"});
}

TEST(deflated_messages, text_is_checked_when_inflated) {
    std::string const bad = "fault 1007 text is not valid UTF-8";
    expect_events(with_deflate, client_frame(text, packed("\xff"), true, true), {bad});
    expect_events(with_deflate, client_frame(text, packed("half \xe2\x82"), true, true), {bad});
    expect_events(with_deflate, in_fragments(text, packed("\xed\xa0\x80"), 100), {bad});
    expect_events(with_deflate, client_frame(binary, packed("\xff"), true, true), {"binary \xff"});
    // Compressed bytes are not text, and what follows plainly is.
    expect_events(with_deflate,
                  client_frame(text, packed("a"), false, true) + client_frame(continuation, "\xff"),
                  {"fault 1002 compressed data is corrupt"});
    expect_events(with_deflate,
                  client_frame(text, packed("fine"), true, true) + client_frame(text, "\xff"),
                  {"text fine", bad});
}

TEST(deflated_messages, corrupt_data_is_a_violation) {
    for (std::string const& payload :
         {"\x07"s, "garbage"s, "\xf2\x48\xcd\xc9\xc9\x07\x00\xff\xff"s}) {
        expect_events(with_deflate, client_frame(text, payload, true, true),
                      {"fault 1002 compressed data is corrupt"});
    }
}

TEST(deflated_messages, with_takeover) {
    deflater deflating({.keeping = context::kept});
    std::string wire;
    events expected;
    for (int i = 0; i != 20; ++i) {
        std::string const plain = "message number " + std::to_string(i) + " of one conversation";
        wire += client_frame(text, deflating.deflate(plain), true, true);
        expected.push_back("text " + plain);
    }
    expect_events(with_deflate, wire, expected, context::kept);
}

TEST(deflated_messages, connections_that_share_an_inflater_may_interleave) {
    std::string const plain[] = {"the first connection's long message, said twice, said twice",
                                 "the second connection's other message, once more, once more"};
    std::string wires[2];
    for (int c = 0; c != 2; ++c) wires[c] = in_fragments(text, packed(plain[c]), 7);
    inflater inflating;
    decoder reading[] = {decoder(with_deflate), decoder(with_deflate)};
    recording_sink sinks[2];
    for (std::size_t at = 0; at < std::max(wires[0].size(), wires[1].size()); at += 5) {
        for (int c = 0; c != 2; ++c) {
            if (at >= wires[c].size()) continue;
            std::string piece = wires[c].substr(at, 5);
            EXPECT_EQ(reading[c].feed(piece, sinks[c], &inflating).state, feed_state::more);
        }
    }
    for (int c = 0; c != 2; ++c) EXPECT_EQ(sinks[c].seen.back(), "text " + plain[c]);
}

}  // namespace
}  // namespace weir::ws
