#include <weir/ws/header.hpp>

#include <gtest/gtest.h>

#include <string>

namespace weir::ws {
namespace {

using namespace std::string_literals;

std::string written(frame_header const& header) {
    char out[header_bytes_max];
    return {out, write_header(out, header)};
}

TEST(header, is_written_in_its_shortest_form) {
    struct row {
        std::uint64_t payload;
        std::string bytes;
    };
    row const rows[] = {
        {0, "\x81\x00"s},
        {1, "\x81\x01"s},
        {125, "\x81\x7d"s},
        {126, "\x81\x7e\x00\x7e"s},
        {65535, "\x81\x7e\xff\xff"s},
        {65536, "\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00"s},
        {0x7FFFFFFFFFFFFFFF, "\x81\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"s},
    };
    for (row const& r : rows) {
        EXPECT_EQ(written({.payload_bytes = r.payload}), r.bytes) << r.payload;
        std::string masked = r.bytes;
        masked[1] = static_cast<char>(masked[1] | '\x80');
        masked += "\x01\x02\x03\x04";
        EXPECT_EQ(written({.payload_bytes = r.payload, .mask = mask_key{1, 2, 3, 4}}), masked);
    }
}

TEST(header, carries_opcode_and_flags) {
    EXPECT_EQ(written({.op = opcode::binary}), "\x82\x00"s);
    EXPECT_EQ(written({.op = opcode::text, .fin = false}), "\x01\x00"s);
    EXPECT_EQ(written({.op = opcode::continuation, .fin = false}), "\x00\x00"s);
    EXPECT_EQ(written({.op = opcode::text, .rsv1 = true}), "\xc1\x00"s);
    EXPECT_EQ(written({.op = opcode::close}), "\x88\x00"s);
    EXPECT_EQ(written({.op = opcode::ping}), "\x89\x00"s);
    EXPECT_EQ(written({.op = opcode::pong, .payload_bytes = 125}), "\x8a\x7d"s);
}

TEST(header, frames_of_the_rfc) {
    // RFC 6455 section 5.7.
    std::string out;
    append_frame(out, {.op = opcode::text}, "Hello");
    EXPECT_EQ(out, "\x81\x05Hello");
    out.clear();
    append_frame(out, {.op = opcode::text, .mask = mask_key{0x37, 0xfa, 0x21, 0x3d}}, "Hello");
    EXPECT_EQ(out, "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
    append_frame(out, {.op = opcode::ping}, "Hello");
    EXPECT_EQ(out, "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58\x89\x05Hello");
}

TEST(header_death, refuses_what_no_frame_can_be) {
    char out[header_bytes_max];
    EXPECT_DEATH(write_header(out, {.payload_bytes = std::uint64_t{1} << 63}), "");
    EXPECT_DEATH(write_header(out, {.op = opcode::ping, .fin = false}), "");
    EXPECT_DEATH(write_header(out, {.op = opcode::close, .payload_bytes = 126}), "");
}

}  // namespace
}  // namespace weir::ws
