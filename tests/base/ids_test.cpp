#include <weir/base/ids.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <set>
#include <span>
#include <string>
#include <unordered_set>

namespace weir {
namespace {

std::string encode(std::string_view bytes) {
    return to_base64url(std::as_bytes(std::span(bytes.data(), bytes.size())));
}

TEST(base64url, vectors_of_rfc_4648_without_padding) {
    EXPECT_EQ(encode(""), "");
    EXPECT_EQ(encode("f"), "Zg");
    EXPECT_EQ(encode("fo"), "Zm8");
    EXPECT_EQ(encode("foo"), "Zm9v");
    EXPECT_EQ(encode("foob"), "Zm9vYg");
    EXPECT_EQ(encode("fooba"), "Zm9vYmE");
    EXPECT_EQ(encode("foobar"), "Zm9vYmFy");
    EXPECT_EQ(encode("\xFB\xFF\xBF"), "-_-_") << "the alphabet for names in URLs";
}

TEST(id128, reads_back_what_it_writes) {
    for (int i = 0; i != 200; ++i) {
        id128 const id = id128::random();
        std::string const text = id.text();
        EXPECT_EQ(text.size(), 22U);
        EXPECT_EQ(id128::parse(text), id) << text;
    }
    EXPECT_EQ(id128{}.text(), std::string(22, 'A'));
    EXPECT_EQ(id128::parse(std::string(22, 'A')), id128{});
}

TEST(id128, refuses_what_it_would_not_write) {
    for (std::string const& text : {
             std::string(),
             std::string(21, 'A'),
             std::string(23, 'A'),
             std::string(21, 'A') + "=",
             std::string(21, 'A') + "+",
             std::string(21, 'A') + "/",
             std::string(21, 'A') + " ",
             std::string(21, 'A') + "\xFF",
             std::string(21, 'A') + '\0',
             std::string(21, 'A') + "B",  // the same bytes in another form
             std::string(21, '_') + "_",
         }) {
        EXPECT_FALSE(id128::parse(text).has_value()) << text;
    }
}

TEST(id128, one_text_is_one_id) {
    std::string const begin(21, 'x');
    std::size_t accepted = 0;
    for (int c = 0; c != 256; ++c) {
        auto const id = id128::parse(begin + static_cast<char>(c));
        if (!id) continue;
        ++accepted;
        EXPECT_EQ(id->text(), begin + static_cast<char>(c));
    }
    EXPECT_EQ(accepted, 4U) << "two bits of the last character are used";
}

TEST(id128, random_ones_differ_and_are_not_empty) {
    std::unordered_set<id128> seen;
    for (int i = 0; i != 1000; ++i) {
        id128 const id = id128::random();
        EXPECT_FALSE(id.empty());
        EXPECT_TRUE(seen.insert(id).second);
    }
    EXPECT_TRUE(id128{}.empty());
}

TEST(id128, constant_time_comparison_sees_every_bit) {
    id128 const id = id128::random();
    EXPECT_TRUE(equal_constant_time(id, id));
    for (std::size_t bit = 0; bit != 128; ++bit) {
        id128 other = id;
        other.bytes[bit / 8] ^= std::byte{1} << (bit % 8);
        EXPECT_FALSE(equal_constant_time(id, other)) << bit;
    }
}

TEST(epoch_id, reads_back_what_it_writes) {
    for (int i = 0; i != 200; ++i) {
        epoch_id const epoch = epoch_id::random();
        EXPECT_EQ(epoch.text().size(), 11U);
        EXPECT_EQ(epoch_id::parse(epoch.text()), epoch);
    }
    EXPECT_FALSE(epoch_id::parse("").has_value());
    EXPECT_FALSE(epoch_id::parse("AAAAAAAAAA").has_value());
    EXPECT_FALSE(epoch_id::parse("AAAAAAAAAAAA").has_value());
    EXPECT_FALSE(epoch_id::parse("AAAAAAAAAA ").has_value());
    EXPECT_FALSE(epoch_id::parse("AAAAAAAAAAB").has_value());
}

TEST(random_bytes, fills_all_of_it) {
    std::array<std::byte, 4096> bytes{};
    random_bytes(bytes);
    // No part may be left as it was.
    for (std::size_t i = 0; i != bytes.size(); i += 256) {
        std::set<std::byte> const part(bytes.begin() + static_cast<std::ptrdiff_t>(i),
                                       bytes.begin() + static_cast<std::ptrdiff_t>(i + 256));
        EXPECT_GT(part.size(), 100U);
    }
    random_bytes({});
    EXPECT_NE(random_u64(), random_u64());
}

TEST(connection_id, as_text) {
    EXPECT_EQ(to_text(connection_id{0}), "0");
    EXPECT_EQ(to_text(connection_id{18446744073709551615U}), "18446744073709551615");
}

}  // namespace
}  // namespace weir
