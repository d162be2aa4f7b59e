// permessage-deflate (RFC 7692): what is negotiated, and what comes back.
#include "conformance/peer.hpp"

#include <weir/ws/deflate.hpp>

#include <random>

namespace weir::conformance {
namespace {

struct offer {
    char const* header;
    char const* answer;  ///< null: no extension must be in use
    int server_bits = 15;
    int client_bits = 15;
};

constexpr char const* both =
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

std::vector<offer> const offers = {
    {"permessage-deflate", both},
    {"permessage-deflate; server_no_context_takeover", both},
    {"permessage-deflate; client_no_context_takeover", both},
    {"permessage-deflate; server_no_context_takeover; client_no_context_takeover", both},
    {"permessage-deflate; client_max_window_bits", nullptr},
    {"permessage-deflate; client_max_window_bits=9", nullptr, 15, 9},
    {"permessage-deflate; client_max_window_bits=15", nullptr},
    {"permessage-deflate; server_max_window_bits=8", nullptr, 8},
    {"permessage-deflate; server_max_window_bits=9", nullptr, 9},
    {"permessage-deflate; server_max_window_bits=12; client_max_window_bits", nullptr, 12},
    {"permessage-deflate; server_max_window_bits=15", nullptr},
    {"x-unknown, permessage-deflate", both},
    {"permessage-deflate; server_max_window_bits=7, permessage-deflate", both},
    {"permessage-deflate; strange=1, permessage-deflate", both},
};

std::vector<char const*> const declined = {
    "x-webkit-deflate-frame",
    "permessage-deflate; server_max_window_bits=16",
    "permessage-deflate; server_max_window_bits=7",
    "permessage-deflate; server_max_window_bits",
    "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
    "permessage-deflate; client_no_context_takeover=1",
    "permessage-deflate; strange",
};

/// Text that looks like JSON of `n` bytes, the same for each seed.
std::string sample(std::size_t n, unsigned seed) {
    std::mt19937 random(seed);
    std::string s;
    while (s.size() < n) {
        s += R"({"id":)" + std::to_string(random() % 100000) + R"(,"name":"caf)" + "\xc3\xa9" +
             R"(","values":[1,2,3]},)";
    }
    s.resize(n, ' ');
    // The cut may have split a character.
    for (std::size_t k = s.size(); k-- > 0 && (static_cast<unsigned char>(s[k]) & 0x80) != 0;) {
        s[k] = ' ';
    }
    return s;
}

/// Sends `text` deflated in `pieces` frames and checks that it comes back.
void exchange(peer& p, ws::deflater& out, ws::inflater& in, std::string const& message, int op,
              std::size_t pieces, std::size_t chop) {
    std::string const packed(out.deflate(message));
    std::string bytes;
    auto const size = packed.size() / pieces + 1;
    for (std::size_t i = 0; i != pieces; ++i) {
        auto const part = std::string_view(packed).substr(std::min(i * size, packed.size()), size);
        bytes += frame(i == 0 ? op : 0, part, i + 1 == pieces, i == 0 ? 4 : 0);
        if (i == 0 && pieces > 1) bytes += frame(10, "between");
    }
    p.send(bytes, chop);
    auto const f = p.read();
    ASSERT_TRUE(f.has_value()) << "ended";
    ASSERT_EQ(f->op, op) << f->payload;
    if (!f->rsv1) {
        ASSERT_TRUE(f->payload == message);
        return;
    }
    auto const back = in.inflate(f->payload, 32 * 1024 * 1024);
    ASSERT_EQ(back.status, ws::inflate_status::ok);
    ASSERT_TRUE(back.text == message) << back.text.size() << " of " << message.size();
}

TEST(compression, every_offer_gets_its_answer_and_works_at_every_size) {
    std::size_t cases = 0;
    for (offer const& o : offers) {
        SCOPED_TRACE(o.header);
        peer p(o.header);
        ASSERT_TRUE(p.negotiated().starts_with("permessage-deflate")) << p.negotiated();
        if (o.answer != nullptr) EXPECT_EQ(p.negotiated(), o.answer);
        if (o.server_bits < 15) {
            auto const wanted = "server_max_window_bits=" + std::to_string(o.server_bits);
            EXPECT_NE(p.negotiated().find(wanted), std::string::npos) << p.negotiated();
        }
        ws::deflater out({.window_bits = o.client_bits});
        ws::inflater in;
        unsigned seed = 0;
        for (std::size_t const size :
             {0U, 1U, 16U, 64U, 256U, 1024U, 4096U, 8192U, 32768U, 131072U, 1000000U}) {
            for (std::size_t const pieces : {1U, 5U}) {
                for (int const op : {1, 2}) {
                    ASSERT_NO_FATAL_FAILURE(
                        exchange(p, out, in, sample(size, ++seed), op, pieces, 0));
                    ++cases;
                }
            }
        }
        p.send(frame(8, close_payload(1000)));
        EXPECT_EQ(p.read().value().op, 8);
        EXPECT_TRUE(p.ended());
    }
    std::printf("%zu cases\n", cases);
}

TEST(compression, what_cannot_be_honoured_is_declined_and_the_connection_works_without) {
    for (char const* header : declined) {
        SCOPED_TRACE(header);
        peer p(header);
        EXPECT_EQ(p.negotiated(), "");
        p.send(text("plain"));
        EXPECT_EQ(p.read().value().payload, "plain");
        p.send(frame(1, "x", true, 4));  // RSV1 means nothing here
        auto const f = p.read();
        ASSERT_TRUE(f.has_value());
        EXPECT_EQ(f->op, 8);
        EXPECT_EQ(f->payload.substr(0, 2), close_payload(1002));
    }
}

TEST(compression, a_peer_may_send_plain_messages_and_odd_levels) {
    peer p(offers.front().header);
    ws::inflater in;
    for (int level = 1; level != 10; ++level) {
        ws::deflater out({.level = level});
        ASSERT_NO_FATAL_FAILURE(exchange(p, out, in, sample(5000, 7), 1, 3, 0));
    }
    ws::deflater out;
    ASSERT_NO_FATAL_FAILURE(exchange(p, out, in, sample(5000, 7), 1, 2, 1));
    p.send(text("plain"));
    auto const f = p.read();
    ASSERT_TRUE(f.has_value());
    EXPECT_EQ(f->rsv1 ? std::string(in.inflate(f->payload, 100).text) : f->payload, "plain");
}

struct fault_row {
    char const* name;
    std::string bytes;
    int code;
};

TEST(compression, what_is_wrong_inside_fails) {
    ws::deflater out;
    std::string const packed_bad(out.deflate("abc\xff"));
    std::string const bomb(out.deflate(std::string(17 * 1024 * 1024, 'a')));
    std::string const good(out.deflate(sample(2000, 1)));
    for (fault_row const& r : {
             fault_row{"not deflate at all", frame(1, "\xff\xff\xff\xff\xff", true, 4), 1002},
             {"cut short", frame(1, good.substr(0, good.size() / 2), true, 4), 1002},
             {"not UTF-8 once inflated", frame(1, packed_bad, true, 4), 1007},
             {"larger than allowed once inflated", frame(1, bomb, true, 4), 1009},
             {"RSV1 in a continuation", frame(1, good, false, 4) + frame(0, "", true, 4), 1002},
             {"RSV1 on a ping", frame(9, "x", true, 4), 1002},
             {"RSV2", frame(1, good, true, 6), 1002},
         }) {
        SCOPED_TRACE(r.name);
        peer p("permessage-deflate");
        p.send(r.bytes);
        auto const f = p.read();
        ASSERT_TRUE(f.has_value());
        EXPECT_EQ(f->op, 8);
        EXPECT_EQ(f->payload.substr(0, 2), close_payload(r.code));
        p.send(frame(8, close_payload(r.code)));
        EXPECT_TRUE(p.ended());
    }
}

}  // namespace
}  // namespace weir::conformance
