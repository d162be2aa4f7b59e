#include <weir/ws/close_payload.hpp>

#include <gtest/gtest.h>

#include <string>

namespace weir::ws {
namespace {

using namespace std::string_literals;

bool allowed_by_the_registry(int code) {
    switch (code) {
        case 1000:
        case 1001:
        case 1002:
        case 1003:
        case 1007:
        case 1008:
        case 1009:
        case 1010:
        case 1011:
        case 1012:
        case 1013:
        case 1014:
            return true;
        default:
            return code >= 3000 && code <= 4999;
    }
}

TEST(close_payload, every_code) {
    for (int code = 0; code != 65536; ++code) {
        ASSERT_EQ(may_be_sent(static_cast<std::uint16_t>(code)), allowed_by_the_registry(code))
            << code;
    }
}

std::string payload_of(int code, std::string_view text = "") {
    std::string out{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)};
    return out.append(text);
}

TEST(close_payload, parse) {
    struct row {
        std::string payload;
        std::string expected;
    };
    row const rows[] = {
        {"", "none "},
        {payload_of(1000), "1000 "},
        {payload_of(1000, "bye"), "1000 bye"},
        {payload_of(4201, "\xe2\x82\xac"), "4201 \xe2\x82\xac"},
        {payload_of(3000, std::string(123, 'x')), "3000 " + std::string(123, 'x')},
        {"\x03", "fault 1002"},
        {payload_of(0), "fault 1002"},
        {payload_of(999), "fault 1002"},
        {payload_of(1004), "fault 1002"},
        {payload_of(1005), "fault 1002"},
        {payload_of(1006), "fault 1002"},
        {payload_of(1015), "fault 1002"},
        {payload_of(1016), "fault 1002"},
        {payload_of(2999), "fault 1002"},
        {payload_of(5000), "fault 1002"},
        {payload_of(65535), "fault 1002"},
        {payload_of(1000, "\xff"), "fault 1007"},
        {payload_of(1000, "half \xe2\x82"), "fault 1007"},
        {payload_of(1005, "\xff"), "fault 1002"},
    };
    for (row const& r : rows) {
        auto const parsed = parse_close_payload(r.payload);
        std::string said;
        if (auto const* fault = std::get_if<frame_fault>(&parsed)) {
            said = "fault " + std::to_string(describe(fault->reason).code);
            EXPECT_LE(fault->text.size(), close_text_bytes_max);
        } else {
            auto const& close = std::get<close_payload>(parsed);
            said = (close.code ? std::to_string(*close.code) : "none"s) + ' ' +
                   std::string(close.text);
        }
        EXPECT_EQ(said, r.expected) << testing::PrintToString(r.payload);
    }
}

std::string written(std::uint16_t code, std::string_view text) {
    char out[control_bytes_max];
    return {out, write_close_payload(out, code, text)};
}

TEST(close_payload, write) {
    EXPECT_EQ(written(1000, ""), payload_of(1000));
    EXPECT_EQ(written(4104, "slow consumer"), payload_of(4104, "slow consumer"));
    EXPECT_EQ(written(1000, std::string(123, 'a')), payload_of(1000, std::string(123, 'a')));
    EXPECT_EQ(written(1000, std::string(124, 'a')), payload_of(1000, std::string(123, 'a')));
}

TEST(close_payload, long_text_is_cut_between_characters) {
    for (std::string_view character : {"\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x8c\x8a"}) {
        for (std::size_t before = 0; before != 5; ++before) {
            std::string text(before, 'x');
            while (text.size() < 140) text += character;
            std::string const out = written(1001, text);
            EXPECT_LE(out.size(), control_bytes_max);
            EXPECT_GT(out.size(), control_bytes_max - character.size());
            EXPECT_TRUE(std::holds_alternative<close_payload>(parse_close_payload(out)));
        }
    }
}

TEST(close_payload_death, refuses_codes_that_may_not_be_sent) {
    char out[control_bytes_max];
    EXPECT_DEATH(write_close_payload(out, 1005, ""), "");
    EXPECT_DEATH(write_close_payload(out, 1006, ""), "");
}

}  // namespace
}  // namespace weir::ws
