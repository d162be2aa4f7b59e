#include "ws/feeding.hpp"

#include <string>

namespace weir::ws {
namespace {

using enum opcode;

/// Writes what a peer could: messages in random fragments, compressed or not, with control frames
/// between; and beside it what a decoder must say.
class random_peer {
public:
    random_peer(std::uint64_t seed, role sender, context keeping)
        : random_(seed), sender_(sender), deflating_({.keeping = keeping}) {}

    void write_message() {
        bool const is_text = pick(random_, 1) == 0;
        std::string const plain = is_text ? random_text() : random_bytes();
        bool const compressed = pick(random_, 1) == 0;
        std::string const payload = compressed ? std::string(deflating_.deflate(plain)) : plain;
        std::string_view rest = payload;
        bool first = true;
        std::size_t pieces = pick(random_, 5);
        do {
            std::size_t const n = pieces == 0 ? rest.size() : pick(random_, rest.size());
            opcode const op = !first ? continuation : is_text ? text : binary;
            frame(op, rest.substr(0, n), pieces == 0, first && compressed);
            if (pieces != 0 && pick(random_, 1) == 0) write_control();
            rest.remove_prefix(n);
            first = false;
        } while (pieces-- != 0);
        expected.push_back((is_text ? "text " : "binary ") + plain);
    }

    void write_control() {
        bool const is_ping = pick(random_, 1) == 0;
        std::string payload = random_bytes();
        payload.resize(std::min(payload.size(), control_bytes_max));
        frame(is_ping ? ping : pong, payload, true, false);
        expected.push_back((is_ping ? "ping " : "pong ") + payload);
    }

    std::string wire;
    events expected;

private:
    void frame(opcode op, std::string_view payload, bool fin, bool rsv1) {
        frame_header header{.op = op, .fin = fin, .rsv1 = rsv1};
        if (sender_ == role::client) {
            std::uint64_t const bits = random_();
            mask_key key;
            for (std::size_t i = 0; i != key.size(); ++i)
                key[i] = static_cast<std::uint8_t>(bits >> (8 * i));
            header.mask = key;
        }
        append_frame(wire, header, payload);
    }
    std::size_t random_size() {
        constexpr std::size_t sizes[] = {0, 1, 20, 125, 126, 127, 400, 3000, 66000};
        return pick(random_, sizes[pick(random_, 8)]);
    }
    std::string random_bytes() {
        std::string out(random_size(), '\0');
        for (char& c : out) c = static_cast<char>(pick(random_, 255));
        return out;
    }
    std::string random_text() {
        constexpr std::string_view parts[] = {"a", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x8c\x8a",
                                              "some words "};
        std::string out;
        for (std::size_t const size = random_size(); out.size() < size;)
            out += parts[pick(random_, 4)];
        return out;
    }

    random_source random_;
    role sender_;
    deflater deflating_;
};

TEST(roundtrip, what_is_written_is_what_is_read) {
    for (role sender : {role::client, role::server}) {
        for (context keeping : {context::per_message, context::kept}) {
            random_peer peer(test_seed(), sender, keeping);
            for (int i = 0; i != 12; ++i) {
                peer.write_message();
                peer.write_control();
            }
            decoder_settings settings = decoder_settings::for_messages(70000);
            settings.side = sender == role::client ? role::server : role::client;
            settings.deflate = true;
            expect_events(settings, peer.wire, peer.expected, keeping);
        }
    }
}

}  // namespace
}  // namespace weir::ws
