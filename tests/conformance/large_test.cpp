// Large messages, whole, fragmented and chopped, up to what the target takes.
#include "conformance/peer.hpp"

#include <algorithm>

namespace weir::conformance {
namespace {

constexpr std::size_t mib = 1024 * 1024;

std::string letters(std::size_t n) {
    std::string s(n, ' ');
    for (std::size_t i = 0; i != n; ++i) s[i] = static_cast<char>('a' + i % 26);
    return s;
}

std::string in_pieces(int op, std::string_view payload, std::size_t piece) {
    std::string out;
    for (std::size_t at = 0; at < payload.size(); at += piece) {
        bool const last = at + piece >= payload.size();
        out += frame(at == 0 ? op : 0, payload.substr(at, piece), last);
    }
    return out;
}

TEST(large, whole_messages_of_text_and_binary) {
    std::vector<conformance_case> cases;
    for (std::size_t const size : {mib / 16, mib / 4, mib, 4 * mib, 16 * mib}) {
        auto const payload = letters(size);
        cases.push_back({"text", text(payload), {{1, payload}}});
        cases.push_back({"binary", binary(payload), {{2, payload}}});
    }
    check_all(cases);
}

TEST(large, four_mebibytes_in_pieces_of_every_size) {
    auto const payload = letters(4 * mib);
    std::vector<conformance_case> cases;
    for (std::size_t const piece : {64U, 256U, 1024U, 4096U, 65536U, 1048576U}) {
        cases.push_back(
            {"text in " + std::to_string(piece), in_pieces(1, payload, piece), {{1, payload}}});
    }
    cases.push_back({"binary in 4096", in_pieces(2, payload, 4096), {{2, payload}}});
    check_all(cases);
}

TEST(large, a_mebibyte_chopped) {
    auto const payload = letters(mib);
    std::vector<conformance_case> cases;
    for (std::size_t const chop : {64U, 512U, 2048U, 65536U}) {
        cases.push_back(
            {"chopped " + std::to_string(chop), text(payload), {{1, payload}}, 0, chop});
    }
    check_all(cases);
}

TEST(large, more_pieces_than_bytes) {
    std::string pieces = text("", false);
    for (int i = 0; i != 100'000; ++i) pieces += more("", false);
    check({"empty pieces without end are cut off or completed",
           pieces + more("x", true),
           {{1, "x"}}});
}

TEST(large, one_byte_over_the_limit_is_refused) {
    auto const payload = letters(16 * mib + 1);
    check({"whole", binary(payload).substr(0, 4096), {}, 1009});
    check({"in pieces", in_pieces(2, payload, mib), {}, 1009});
}

TEST(large, many_messages_come_back_in_order) {
    for (std::size_t const size : {0U, 16U, 64U, 256U, 1024U}) {
        std::string all;
        std::vector<expected> answers;
        for (int i = 0; i != 1000; ++i) {
            auto payload = letters(size) + std::to_string(i);
            all += text(payload);
            answers.push_back({1, std::move(payload)});
        }
        check({"a thousand of " + std::to_string(size), all, answers});
    }
}

}  // namespace
}  // namespace weir::conformance
