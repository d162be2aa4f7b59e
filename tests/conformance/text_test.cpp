// UTF-8 (RFC 6455 section 8.1), found as early as the bytes allow.
#include "conformance/peer.hpp"

namespace weir::conformance {
namespace {

struct sequence {
    char const* name;
    std::string_view bytes;
};

using namespace std::string_view_literals;

constexpr sequence valid[] = {
    {"kosme", "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5"sv},
    {"NUL", "\0"sv},
    {"U+0080", "\xc2\x80"sv},
    {"U+07FF", "\xdf\xbf"sv},
    {"U+0800", "\xe0\xa0\x80"sv},
    {"U+D7FF", "\xed\x9f\xbf"sv},
    {"U+E000", "\xee\x80\x80"sv},
    {"U+FFFD", "\xef\xbf\xbd"sv},
    {"U+FFFE", "\xef\xbf\xbe"sv},
    {"U+FFFF", "\xef\xbf\xbf"sv},
    {"U+10000", "\xf0\x90\x80\x80"sv},
    {"U+10FFFF", "\xf4\x8f\xbf\xbf"sv},
    {"U+1FFFE", "\xf0\x9f\xbf\xbe"sv},
};

constexpr sequence invalid[] = {
    {"lone continuation", "\x80"sv},
    {"last continuation", "\xbf"sv},
    {"two continuations", "\x80\xbf"sv},
    {"C0", "\xc0\xaf"sv},
    {"C1", "\xc1\xbf"sv},
    {"F5", "\xf5\x80\x80\x80"sv},
    {"FE", "\xfe"sv},
    {"FF", "\xff"sv},
    {"overlong 3", "\xe0\x80\xaf"sv},
    {"overlong 3 edge", "\xe0\x9f\xbf"sv},
    {"overlong 4", "\xf0\x80\x80\xaf"sv},
    {"overlong 4 edge", "\xf0\x8f\xbf\xbf"sv},
    {"five bytes", "\xf8\x88\x80\x80\x80"sv},
    {"six bytes", "\xfc\x84\x80\x80\x80\x80"sv},
    {"beyond U+10FFFF", "\xf4\x90\x80\x80"sv},
    {"surrogate D800", "\xed\xa0\x80"sv},
    {"surrogate DFFF", "\xed\xbf\xbf"sv},
    {"surrogate pair", "\xed\xa0\x80\xed\xb0\x80"sv},
    {"start, then ASCII", "\xce\x61"sv},
    {"three bytes cut", "\xe1\xbd\x61"sv},
};

TEST(utf8, valid_text_comes_back) {
    std::vector<conformance_case> cases;
    for (auto const& v : valid) {
        for (std::size_t const chop : {0U, 1U}) {
            cases.push_back({v.name, text(v.bytes), {{1, std::string(v.bytes)}}, 0, chop});
        }
        std::string pieces = text("", false);
        for (std::size_t i = 0; i != v.bytes.size(); ++i) {
            pieces += more(v.bytes.substr(i, 1), i + 1 == v.bytes.size());
        }
        cases.push_back(
            {std::string(v.name) + " a byte a frame", pieces, {{1, std::string(v.bytes)}}});
    }
    check_all(cases);
}

TEST(utf8, invalid_text_fails_whole_chopped_and_in_pieces) {
    std::vector<conformance_case> cases;
    for (auto const& v : invalid) {
        for (std::string_view const before : {""sv, "some text "sv}) {
            auto const bytes = std::string(before).append(v.bytes);
            for (std::size_t const chop : {0U, 1U}) {
                cases.push_back({v.name, text(bytes), {}, 1007, chop});
            }
            std::string pieces = text(before, false);
            for (std::size_t i = 0; i != v.bytes.size(); ++i) {
                pieces += more(v.bytes.substr(i, 1), i + 1 == v.bytes.size());
            }
            cases.push_back({std::string(v.name) + " a byte a frame", pieces, {}, 1007});
        }
        cases.push_back({std::string(v.name) + " in a close reason",
                         frame(8, close_payload(1000, v.bytes)),
                         {},
                         1007});
        cases.push_back(
            {std::string(v.name) + " as binary", binary(v.bytes), {{2, std::string(v.bytes)}}});
    }
    for (auto const& v : valid) {
        if (v.bytes.size() < 2) continue;
        auto const cut = v.bytes.substr(0, v.bytes.size() - 1);
        cases.push_back({std::string(v.name) + " cut at the end", text(cut), {}, 1007});
    }
    check_all(cases);
}

TEST(utf8, fails_before_the_message_is_complete) {
    // The rest of the frame, or of the message, never comes.
    auto const whole = text("abc\xff" + std::string(1000, 'x'));
    auto const start = text("abc", false);
    check_all({
        {"inside a frame", whole.substr(0, 6 + 2 + 10), {}, 1007},
        {"in a first fragment", text("abc\xed\xa0", false), {}, 1007},
        {"in a later fragment", start + more("\xf4\x90", false), {}, 1007},
        {"across fragments", text("abc\xf4", false) + more("\x90", false), {}, 1007},
    });
}

}  // namespace
}  // namespace weir::conformance
