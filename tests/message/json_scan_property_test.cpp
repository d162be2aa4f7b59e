#include "message/reference_json.hpp"

#include <weir/message/json_scan.hpp>

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>
#include <string_view>

namespace weir {
namespace {

using tests::reference_fault;

std::size_t scanned_fault(std::string const& text, int depth_max) {
    json_fault fault;
    return scan_json_value(text, depth_max, fault) ? std::string_view::npos : fault.byte;
}

struct ignore_members final : json_members {
    bool member(std::string_view, std::string_view) override { return true; }
};

std::size_t scanned_object_fault(std::string const& text, int depth_max) {
    json_fault fault;
    ignore_members sink;
    return scan_json_object(text, depth_max, sink, fault) ? std::string_view::npos : fault.byte;
}

void expect_same(std::string const& text, int depth_max) {
    ASSERT_EQ(scanned_fault(text, depth_max), reference_fault(text, depth_max, false)) << text;
    ASSERT_EQ(scanned_object_fault(text, depth_max), reference_fault(text, depth_max, true))
        << text;
}

TEST(json_scan_property, agrees_with_the_reference_on_every_short_text) {
    constexpr std::string_view alphabet = "{}[],:\"\\ua1-.e0t\x80\n";
    for (std::size_t length = 0; length <= 4; ++length) {
        std::string text(length, alphabet[0]);
        std::array<std::size_t, 4> digits{};
        for (bool more = true; more;) {
            expect_same(text, 2);
            if (HasFatalFailure()) return;
            more = false;
            for (std::size_t i = 0; i != length; ++i) {
                digits[i] = (digits[i] + 1) % alphabet.size();
                text[i] = alphabet[digits[i]];
                if (digits[i] != 0) {
                    more = true;
                    break;
                }
            }
        }
    }
}

TEST(json_scan_property, agrees_with_the_reference_on_every_two_and_three_bytes_of_utf8) {
    for (unsigned lead = 0x80; lead <= 0xFF; ++lead) {
        for (unsigned second = 0; second <= 0xFF; second += second < 0x78 ? 0x3B : 1) {
            for (unsigned const third : {0x22U, 0x7FU, 0x80U, 0xBFU, 0xC0U}) {
                for (unsigned const fourth : {0x22U, 0x7FU, 0x80U, 0xBFU}) {
                    std::string text = "\"....\"";
                    text[1] = static_cast<char>(lead);
                    text[2] = static_cast<char>(second);
                    text[3] = static_cast<char>(third);
                    text[4] = static_cast<char>(fourth);
                    ASSERT_EQ(scanned_fault(text, 1), reference_fault(text, 1, false))
                        << lead << ' ' << second << ' ' << third << ' ' << fourth;
                }
            }
        }
    }
}

TEST(json_scan_property, agrees_with_the_reference_on_every_kind_of_surrogate) {
    constexpr std::string_view hex = "0123456789abcdefABCDEF";
    for (char const d : {'d', 'D', 'c', 'e'}) {
        for (char const high : hex) {
            for (char const low : hex) {
                expect_same({'"', '\\', 'u', d, high, '0', '0', '\\', 'u', 'D', low, 'F', 'f', '"'},
                            1);
                expect_same({'"', '\\', 'u', d, high, '0', '0', '\\', 'u', low, '0', 'F', 'f', '"'},
                            1);
            }
        }
    }
}

/// Random JSON, mostly valid, with the spices that parsers trip over.
class writer {
public:
    explicit writer(std::uint64_t seed) : random_(seed) {}

    std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_() % n); }

    void value(std::string& out, int depth) {
        space(out);
        switch (below(depth > 0 ? 8 : 5)) {
            case 0:
                out += pick({"true", "false", "null"});
                break;
            case 1:
            case 2:
                number(out);
                break;
            case 3:
            case 4:
                string(out);
                break;
            case 5:
            case 6:
                container(out, depth, '{', '}');
                break;
            default:
                container(out, depth, '[', ']');
        }
        space(out);
    }

    void damage(std::string& text) {
        if (text.empty()) return;
        std::size_t const i = below(text.size());
        switch (below(4)) {
            case 0:
                text[i] = static_cast<char>(random_());
                break;
            case 1:
                text.erase(i, 1 + below(3));
                break;
            case 2:
                text.insert(i, 1, "{}[],:\"\\u0e.-"[below(13)]);
                break;
            default:
                text.resize(i);
        }
    }

private:
    std::string_view pick(std::initializer_list<std::string_view> of) {
        return *(of.begin() + below(of.size()));
    }
    void space(std::string& out) {
        if (below(6) == 0) out += pick({" ", "\n", "\t", "\r", "   "});
    }
    void number(std::string& out) {
        if (below(3) == 0) out += '-';
        out += pick({"0", "7", "10", "12345678901234567890123"});
        if (below(3) == 0) out += pick({".0", ".5", ".00000000000000000001"});
        if (below(4) == 0) out += pick({"e1", "E-2", "e+10", "e00", "e400"});
    }
    void string(std::string& out) {
        out += '"';
        for (std::size_t n = below(6); n > 0; --n) {
            out += pick({"a", "plain text of some length ", "\\n", "\\\"", "\\\\", "\\u00e9",
                         "\\ud83d\\ude00", "é", "漢字", "😀", "/", "\x7F", "\\u0000"});
        }
        out += '"';
    }
    void container(std::string& out, int depth, char open, char close) {
        out += open;
        for (std::size_t n = below(4), i = 0; i != n; ++i) {
            if (i > 0) out += ',';
            if (open == '{') {
                space(out);
                string(out);
                space(out);
                out += ':';
            }
            value(out, depth - 1);
        }
        space(out);
        out += close;
    }

    std::mt19937_64 random_;
};

TEST(json_scan_property, agrees_with_the_reference_and_nlohmann_on_random_texts) {
    std::uint64_t const seed = std::random_device{}();
    RecordProperty("seed", std::to_string(seed));
    SCOPED_TRACE("seed " + std::to_string(seed));
    writer random(seed);
    std::size_t valid = 0;
    for (int round = 0; round != 4000; ++round) {
        std::string text;
        random.value(text, 5);
        ASSERT_EQ(scanned_fault(text, 64), std::string_view::npos) << text;
        for (std::size_t n = random.below(3); n > 0; --n) random.damage(text);
        expect_same(text, 64);
        expect_same(text, 3);
        if (HasFatalFailure()) return;
        bool const good = scanned_fault(text, 64) == std::string_view::npos;
        ASSERT_EQ(good, tests::nlohmann_accepts(text).value_or(good)) << text;
        if (good) ++valid;
    }
    EXPECT_GT(valid, 1000U) << "the texts are too broken to mean much";
}

TEST(json_scan_property, a_text_cut_before_its_fault_is_a_beginning) {
    std::uint64_t const seed = std::random_device{}();
    RecordProperty("seed", std::to_string(seed));
    SCOPED_TRACE("seed " + std::to_string(seed));
    writer random(seed);
    for (int round = 0; round != 2000; ++round) {
        std::string text;
        random.value(text, 4);
        random.damage(text);
        std::size_t const fault = scanned_fault(text, 64);
        if (fault == std::string_view::npos) continue;
        std::string const before = text.substr(0, fault);
        std::size_t const cut = scanned_fault(before, 64);
        ASSERT_TRUE(cut == fault || cut == std::string_view::npos) << text;
        if (fault == text.size()) continue;
        ASSERT_EQ(scanned_fault(text.substr(0, fault + 1), 64), fault) << text;
    }
}

}  // namespace
}  // namespace weir
