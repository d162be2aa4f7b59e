#include "ws/feeding.hpp"

#include <string>

namespace weir::ws {
namespace {

using namespace std::string_literals;
using enum opcode;

/// One rule of RFC 6455: these bytes, fed in any pieces, are these events.
struct rule {
    char const* name;
    std::string wire;
    events expected;
    decoder_settings settings{};
};

void check(std::vector<rule> const& rules) {
    for (rule const& r : rules) {
        SCOPED_TRACE(r.name);
        expect_events(r.settings, r.wire, r.expected);
    }
}

constexpr decoder_settings as_client{.side = role::client};
constexpr decoder_settings with_deflate{.deflate = true};
constexpr decoder_settings small{.message_bytes_max = 200, .fragments_max = 4};

/// Header bytes as given, then a mask of zeros, so that payloads stay readable.
std::string raw(std::string_view header, std::string_view payload = "") {
    std::string out(header);
    out.append(4, '\0').append(payload);
    return out;
}

TEST(decoder_rules, messages) {
    check({
        {"text", client_frame(text, "hello"), {"text hello"}},
        {"binary", client_frame(binary, "\xff\x00\xfe"s), {"binary \xff\x00\xfe"s}},
        {"empty", client_frame(text, ""), {"text "}},
        {"two", client_frame(text, "a") + client_frame(binary, "b"), {"text a", "binary b"}},
        {"125", client_frame(text, std::string(125, 'x')), {"text " + std::string(125, 'x')}},
        {"126", client_frame(text, std::string(126, 'x')), {"text " + std::string(126, 'x')}},
        {"limit",
         client_frame(binary, std::string(65536, 'x')),
         {"binary " + std::string(65536, 'x')}},
        {"from a server", server_frame(text, "hello"), {"text hello"}, as_client},
        {"RFC 6455, 5.7", "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", {"text Hello"}},
        {"half a header", client_frame(text, "hello").substr(0, 5), {"incomplete"}},
        {"half a payload", client_frame(text, "hello").substr(0, 8), {"incomplete"}},
        {"nothing", "", {}},
    });
}

TEST(decoder_rules, fragments) {
    check({
        {"two",
         client_frame(text, "hel", false) + client_frame(continuation, "lo"),
         {"text hello"}},
        {"empty ones",
         client_frame(text, "", false) + client_frame(continuation, "", false) +
             client_frame(continuation, "x", false) + client_frame(continuation, ""),
         {"text x"}},
        {"all empty",
         client_frame(binary, "", false) + client_frame(continuation, ""),
         {"binary "}},
        {"control between",
         client_frame(text, "he", false) + client_frame(ping, "p") + client_frame(pong, "q") +
             client_frame(continuation, "llo"),
         {"ping p", "pong q", "text hello"}},
        {"close between",
         client_frame(text, "he", false) + client_frame(close, ""),
         {"close none "}},
        {"a character between fragments",
         client_frame(text, "\xe2\x82", false) + client_frame(ping, "") +
             client_frame(continuation, "\xac"),
         {"ping ", "text \xe2\x82\xac"}},
        {"unfinished", client_frame(text, "he", false), {"incomplete"}},
        {"then another",
         client_frame(binary, "a", false) + client_frame(continuation, "b") +
             client_frame(text, "c"),
         {"binary ab", "text c"}},
        {"continuation first",
         client_frame(continuation, "x"),
         {"fault 1002 continuation without a message to continue"}},
        {"continuation after the end",
         client_frame(text, "a", false) + client_frame(continuation, "b") +
             client_frame(continuation, "c"),
         {"text ab", "fault 1002 continuation without a message to continue"}},
        {"start inside",
         client_frame(text, "a", false) + client_frame(text, "b"),
         {"fault 1002 new message before the last one ended"}},
        {"binary inside text",
         client_frame(text, "a", false) + client_frame(binary, "b", false),
         {"fault 1002 new message before the last one ended"}},
    });
}

TEST(decoder_rules, first_byte) {
    auto const frame = [](unsigned first) {
        return raw(std::string{static_cast<char>(first), '\x80'});
    };
    std::vector<rule> rules;
    for (unsigned op : {0x3U, 0x4U, 0x5U, 0x6U, 0x7U, 0xBU, 0xCU, 0xDU, 0xEU, 0xFU}) {
        rules.push_back({"reserved opcode", frame(0x80 | op), {"fault 1002 reserved opcode"}});
        rules.push_back({"reserved opcode", frame(op), {"fault 1002 reserved opcode"}});
    }
    for (unsigned op : {0x0U, 0x1U, 0x2U, 0x8U, 0x9U, 0xAU}) {
        for (unsigned bits : {0x10U, 0x20U, 0x30U, 0x40U, 0x70U}) {
            rules.push_back(
                {"reserved bit", frame(0x80 | bits | op), {"fault 1002 reserved bit set"}});
        }
        for (unsigned bits : {0x10U, 0x20U, 0x50U, 0x60U}) {
            rules.push_back({"reserved bit beside deflate",
                             frame(0x80 | bits | op),
                             {"fault 1002 reserved bit set"},
                             with_deflate});
        }
    }
    for (unsigned op : {0x0U, 0x8U, 0x9U, 0xAU}) {
        rules.push_back({"RSV1 on no first data frame",
                         frame(0xC0 | op),
                         {"fault 1002 reserved bit set"},
                         with_deflate});
    }
    for (unsigned op : {0x8U, 0x9U, 0xAU}) {
        rules.push_back({"fragmented control", frame(op), {"fault 1002 fragmented control frame"}});
    }
    check(rules);
    check({{"RSV1 on a continuation of a compressed message",
            client_frame(text, "x", false, true) + client_frame(continuation, "x", true, true),
            {"fault 1002 reserved bit set"},
            with_deflate}});
}

TEST(decoder_rules, masking) {
    check({
        {"unmasked client frame", server_frame(text, "x"), {"fault 1002 unmasked client frame"}},
        {"unmasked client control", server_frame(ping, ""), {"fault 1002 unmasked client frame"}},
        {"masked server frame",
         client_frame(text, "x"),
         {"fault 1002 masked server frame"},
         as_client},
        {"masked server close",
         client_frame(close, ""),
         {"fault 1002 masked server frame"},
         as_client},
    });
}

TEST(decoder_rules, lengths) {
    std::string const shortest = "fault 1002 length not in its shortest form";
    std::string const top_bit = "fault 1002 length with its top bit set";
    std::string const large = "fault 1009 message too large";
    check({
        {"16 bits for 0", raw("\x82\xfe\x00\x00"s), {shortest}},
        {"16 bits for 125", raw("\x82\xfe\x00\x7d"s), {shortest}},
        {"16 bits for 126",
         raw("\x82\xfe\x00\x7e"s, std::string(126, 'x')),
         {"binary " + std::string(126, 'x')}},
        {"64 bits for 0", raw("\x82\xff\x00\x00\x00\x00\x00\x00\x00\x00"s), {shortest}},
        {"64 bits for 125", raw("\x82\xff\x00\x00\x00\x00\x00\x00\x00\x7d"s), {shortest}},
        {"64 bits for 65535", raw("\x82\xff\x00\x00\x00\x00\x00\x00\xff\xff"s), {shortest}},
        {"top bit", raw("\x82\xff\x80\x00\x00\x00\x00\x00\x00\x00"s), {top_bit}},
        {"all ones", raw("\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff"s), {top_bit}},
        {"largest", raw("\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff"s), {large}},
        {"over 32 bits", raw("\x82\xff\x00\x00\x00\x01\x00\x00\x00\x00"s), {large}},
        {"one over", raw("\x82\xff\x00\x00\x00\x00\x00\x01\x00\x01"s), {large}},
        // Refused with the length alone: neither mask nor payload is waited for.
        {"before the mask", "\x82\xff\x00\x00\x00\x00\x00\x01\x00\x01"s, {large}},
        {"small limit met",
         client_frame(binary, std::string(200, 'x')),
         {"binary " + std::string(200, 'x')},
         small},
        {"small limit passed", "\x82\xfe\x00\xc9"s, {large}, small},
    });
}

TEST(decoder_rules, sums_over_fragments) {
    std::string const hundred(100, 'x');
    std::string const large = "fault 1009 message too large";
    std::string const many = "fault 1009 message in too many fragments";
    std::string const none = client_frame(continuation, "", false);
    auto const first = client_frame(binary, hundred, false);
    check({
        {"met",
         first + client_frame(continuation, hundred),
         {"binary " + hundred + hundred},
         small},
        {"passed", first + client_frame(continuation, hundred + "x"), {large}, small},
        {"passed by the third",
         first + client_frame(continuation, hundred, false) + client_frame(continuation, "x"),
         {large},
         small},
        {"empty ones count",
         client_frame(text, "", false) + none + none + client_frame(continuation, ""),
         {"text "},
         small},
        {"endless empty ones",
         client_frame(text, "", false) + none + none + none + none,
         {many},
         small},
        {"one too many with the end",
         client_frame(text, "a", false) + none + none + none + client_frame(continuation, "b"),
         {many},
         small},
        {"control frames do not count",
         client_frame(text, "", false) + client_frame(ping, "") + client_frame(ping, "") + none +
             none + client_frame(ping, "") + client_frame(continuation, "x"),
         {"ping ", "ping ", "ping ", "text x"},
         small},
        {"the count starts anew",
         client_frame(text, "", false) + none + none + client_frame(continuation, "") +
             client_frame(text, "", false) + none + none + client_frame(continuation, "y"),
         {"text ", "text y"},
         small},
    });
}

TEST(decoder_rules, control_frames) {
    std::string const most(125, 'p');
    check({
        {"ping", client_frame(ping, ""), {"ping "}},
        {"ping 125", client_frame(ping, most), {"ping " + most}},
        {"pong 125", client_frame(pong, most), {"pong " + most}},
        {"binary in a ping", client_frame(ping, "\xff\x00"s), {"ping \xff\x00"s}},
        {"ping 126",
         raw("\x89\xfe\x00\x7e"s, most + "x"),
         {"fault 1002 control frame over 125 bytes"}},
        {"ping 64 bits",
         raw("\x89\xff\x00\x00\x00\x00\x00\x01\x00\x00"s),
         {"fault 1002 control frame over 125 bytes"}},
        {"unfinished ping", client_frame(ping, "abc").substr(0, 7), {"incomplete"}},
        {"larger than the message limit",
         client_frame(ping, most),
         {"ping " + most},
         {.message_bytes_max = 10}},
    });
}

TEST(decoder_rules, close_frames) {
    auto const with = [](int code, std::string_view words) {
        std::string payload{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)};
        return client_frame(close, payload.append(words));
    };
    std::string const code = "fault 1002 close code that may not be sent";
    check({
        {"none", client_frame(close, ""), {"close none "}},
        {"1000", with(1000, ""), {"close 1000 "}},
        {"with text", with(4000, "tsch\xc3\xbcss"), {"close 4000 tsch\xc3\xbcss"}},
        {"longest", with(1001, std::string(123, 'x')), {"close 1001 " + std::string(123, 'x')}},
        {"half a code", client_frame(close, "\x03"), {"fault 1002 close frame with half a code"}},
        {"999", with(999, ""), {code}},
        {"1004", with(1004, ""), {code}},
        {"1005", with(1005, ""), {code}},
        {"1006", with(1006, ""), {code}},
        {"1014", with(1014, ""), {"close 1014 "}},
        {"1015", with(1015, ""), {code}},
        {"1016", with(1016, ""), {code}},
        {"2999", with(2999, ""), {code}},
        {"5000", with(5000, ""), {code}},
        {"bad text", with(1000, "\xce\xba\xff"), {"fault 1007 close text is not valid UTF-8"}},
        {"nothing counts after it",
         with(1000, "") + client_frame(text, "late") + "\xff\xff",
         {"close 1000 "}},
    });
}

TEST(decoder_rules, text_is_utf8) {
    std::string const bad = "fault 1007 text is not valid UTF-8";
    // Longer than what follows: only a verdict before the end of the frame can be seen.
    auto const begun = [](std::string_view payload) {
        std::string const whole = client_frame(text, std::string(payload) + std::string(50, 'x'));
        return whole.substr(0, 6 + payload.size());
    };
    check({
        {"in one frame", client_frame(text, "abc\xff"), {bad}},
        {"half a character", client_frame(text, "abc\xe2\x82"), {bad}},
        {"surrogate", client_frame(text, "\xed\xa0\x80"), {bad}},
        {"overlong", client_frame(text, "\xc0\xaf"), {bad}},
        {"above U+10FFFF", client_frame(text, "\xf4\x90\x80\x80"), {bad}},
        {"before the frame is whole", begun("abc\xff"), {bad}},
        {"overlong at its second byte", begun("\xe0\x80"), {bad}},
        {"in the first fragment", client_frame(text, "\xff", false), {bad}},
        {"across fragments",
         client_frame(text, "\xe2\x82", false) + client_frame(continuation, "x", false),
         {bad}},
        {"half at the end of the last",
         client_frame(text, "ab", false) + client_frame(continuation, "\xe2\x82"),
         {bad}},
        {"half at an empty end",
         client_frame(text, "\xc3", false) + client_frame(continuation, ""),
         {bad}},
        {"binary may be anything", client_frame(binary, "\xff\xfe"), {"binary \xff\xfe"}},
        {"binary in fragments",
         client_frame(binary, "\xff", false) + client_frame(continuation, "\xc3"),
         {"binary \xff\xc3"}},
        {"text after binary is checked",
         client_frame(binary, "\xff") + client_frame(text, "\xff"),
         {"binary \xff", bad}},
        {"text in fragments after binary in fragments",
         client_frame(binary, "\xff", false) + client_frame(continuation, "") +
             client_frame(text, "a", false) + client_frame(continuation, "\xff"),
         {"binary \xff", bad}},
        {"messages before it arrive",
         client_frame(text, "ok") + client_frame(text, "\xff"),
         {"text ok", bad}},
    });
}

}  // namespace
}  // namespace weir::ws
