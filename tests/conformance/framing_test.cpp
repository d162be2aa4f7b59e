// Framing, pings, reserved bits and opcodes, fragmentation (RFC 6455 section 5).
#include "conformance/peer.hpp"

namespace weir::conformance {
namespace {

std::string of_size(std::size_t n) {
    return std::string(n, '*');
}

TEST(framing, payloads_of_every_length_form_whole_and_chopped) {
    std::vector<conformance_case> cases;
    for (std::size_t const size : {0U, 1U, 125U, 126U, 127U, 128U, 65535U, 65536U}) {
        for (std::size_t const chop : {0U, 1U, 997U}) {
            if (chop == 1 && size > 200) continue;
            auto const name = std::to_string(size) + " chopped " + std::to_string(chop);
            cases.push_back({"text " + name, text(of_size(size)), {{1, of_size(size)}}, 0, chop});
            cases.push_back({"binary " + name,
                             binary(std::string(size, '\xfe')),
                             {{2, std::string(size, '\xfe')}},
                             0,
                             chop});
        }
    }
    check_all(cases);
}

TEST(framing, lengths_that_must_not_be) {
    using namespace std::string_literals;
    std::string const mask(4, '\0');
    check_all({
        {"125 in 16 bits", "\x81\xfe\x00\x7d"s + mask + of_size(125), {}, 1002},
        {"65535 in 64 bits", "\x81\xff\0\0\0\0\0\0\xff\xff"s + mask + of_size(65535), {}, 1002},
        {"top bit of 64", "\x82\xff\x80\0\0\0\0\0\0\x01"s + mask, {}, 1002},
        {"all bits of 64", "\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff"s + mask, {}, 1002},
        {"larger than allowed, before any payload", "\x82\xff\0\0\0\0\x10\0\0\0"s + mask, {}, 1009},
        {"not masked", "\x81\x02hi"s, {}, 1002},
        {"control not masked", "\x89\x00"s, {}, 1002},
    });
}

TEST(pings, are_answered_with_their_payload) {
    std::vector<conformance_case> cases;
    for (std::size_t const size : {0U, 1U, 5U, 124U, 125U}) {
        for (std::size_t const chop : {0U, 1U}) {
            cases.push_back({"ping of " + std::to_string(size),
                             ping(of_size(size)),
                             {{10, of_size(size)}},
                             0,
                             chop});
        }
    }
    std::string bytes;
    for (int i = 0; i != 256; ++i) bytes += static_cast<char>(i);
    cases.push_back({"binary payload", ping(bytes.substr(0, 125)), {{10, bytes.substr(0, 125)}}});
    cases.push_back({"126 bytes are too many", ping(of_size(126)), {}, 1002});
    cases.push_back({"pong out of the blue", frame(10, "x") + text("a"), {{1, "a"}}});
    cases.push_back({"pong of 125", frame(10, of_size(125)) + text("a"), {{1, "a"}}});
    cases.push_back({"pong of 126", frame(10, of_size(126)), {}, 1002});
    cases.push_back({"fragmented ping", frame(9, "a", false), {}, 1002});
    cases.push_back({"fragmented pong", frame(10, "a", false), {}, 1002});
    check_all(cases);
}

TEST(pings, between_messages_keep_to_themselves) {
    // Of pings that come faster than they can be answered, the last is (RFC 6455 section 5.5.3).
    peer p;
    for (int i = 0; i != 10; ++i) {
        p.send(ping(std::to_string(i)));
        auto const f = p.read();
        ASSERT_TRUE(f.has_value());
        EXPECT_EQ(f->op, 10);
        EXPECT_EQ(f->payload, std::to_string(i));
    }
    p.send(ping("a") + ping("b") + text("t"));
    bool last = false;
    for (;;) {
        auto const f = p.read();
        ASSERT_TRUE(f.has_value());
        if (f->op == 10) last = f->payload == "b";
        if (f->op == 1) break;
    }
    if (!last) {
        auto const f = p.read();
        ASSERT_TRUE(f.has_value());
        EXPECT_EQ(f->payload, "b");
    }
}

TEST(reserved, bits_and_opcodes_fail_the_connection) {
    std::vector<conformance_case> cases;
    for (int rsv = 1; rsv != 8; ++rsv) {
        for (int const op : {1, 2, 8, 9, 10}) {
            auto const payload = op == 8 ? close_payload(1000) : "x";
            auto const name = "rsv " + std::to_string(rsv) + " op " + std::to_string(op);
            cases.push_back({name, frame(op, payload, true, rsv), {}, 1002});
            cases.push_back({name + " after text",
                             text("a") + frame(op, payload, true, rsv),
                             {{1, "a"}},
                             1002});
        }
    }
    for (int const op : {3, 4, 5, 6, 7, 11, 12, 13, 14, 15}) {
        for (std::size_t const size : {0U, 5U}) {
            for (std::size_t const chop : {0U, 1U}) {
                auto const name = "opcode " + std::to_string(op) + " of " + std::to_string(size);
                cases.push_back({name, frame(op, of_size(size)), {}, 1002, chop});
            }
        }
    }
    check_all(cases);
}

TEST(fragmentation, follows_its_rules) {
    std::vector<conformance_case> cases;
    for (std::size_t const chop : {0U, 1U}) {
        cases.push_back({"two", text("ab", false) + more("cd", true), {{1, "abcd"}}, 0, chop});
        cases.push_back(
            {"empty ones", text("", false) + more("", false) + more("", true), {{1, ""}}, 0, chop});
        cases.push_back({"only the middle",
                         text("", false) + more("m", false) + more("", true),
                         {{1, "m"}},
                         0,
                         chop});
        cases.push_back({"ping between",
                         text("ab", false) + ping("p") + more("cd", true),
                         {{10, "p"}, {1, "abcd"}},
                         0,
                         chop});
        cases.push_back({"pong between",
                         text("ab", false) + frame(10, "p") + more("cd", true),
                         {{1, "abcd"}},
                         0,
                         chop});
        cases.push_back(
            {"binary", binary("\xff", false) + more("\xfe", true), {{2, "\xff\xfe"}}, 0, chop});
        cases.push_back({"continuation of nothing", more("a", true), {}, 1002, chop});
        cases.push_back(
            {"unfinished continuation of nothing", more("a", false) + text("b"), {}, 1002, chop});
        cases.push_back({"continuation after a whole message",
                         text("a") + more("b", true),
                         {{1, "a"}},
                         1002,
                         chop});
        cases.push_back({"text inside text", text("a", false) + text("b"), {}, 1002, chop});
        cases.push_back(
            {"binary inside text", text("a", false) + binary("b", false), {}, 1002, chop});
        cases.push_back(
            {"rsv in a continuation", text("a", false) + frame(0, "b", true, 4), {}, 1002, chop});
        cases.push_back(
            {"close between", text("a", false) + frame(8, close_payload(1000)), {}, 1000, chop});
    }
    std::string pieces = text("", false);
    std::string whole;
    for (int i = 0; i != 1000; ++i) {
        pieces += more("x", i == 999);
        whole += 'x';
        if (i % 100 == 0) pieces += frame(10, "");
    }
    cases.push_back({"a thousand pieces", pieces, {{1, whole}}});
    check_all(cases);
}

}  // namespace
}  // namespace weir::conformance
