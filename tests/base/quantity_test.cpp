#include <weir/base/quantity.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace weir {
namespace {

TEST(parse_bytes, sizes) {
    struct row {
        std::string_view text;
        std::uint64_t bytes;
    };
    for (row const& r : {
             row{"0", 0},
             row{"1", 1},
             row{"500", 500},
             row{"0KiB", 0},
             row{"64KiB", 65536},
             row{"2MiB", 2097152},
             row{"1GiB", 1073741824},
             row{"10kB", 10000},
             row{"3MB", 3000000},
             row{"007", 7},
             row{"9223372036854775807", 9223372036854775807U},
             row{"8589934591GiB", 9223372035781033984U},
         }) {
        auto const read = parse_bytes(r.text);
        ASSERT_TRUE(read.has_value()) << r.text;
        EXPECT_EQ(*read, r.bytes) << r.text;
    }
}

TEST(parse_bytes, refuses_the_rest_and_says_what_it_wants) {
    for (std::string_view const text : {"",
                                        " ",
                                        "KiB",
                                        "-1",
                                        "+1",
                                        "1 KiB",
                                        " 1",
                                        "1 ",
                                        "1.5MiB",
                                        "1e3",
                                        "0x10",
                                        "64kib",
                                        "64KB",
                                        "64K",
                                        "1TiB",
                                        "1B",
                                        "9223372036854775808",
                                        "8589934592GiB",
                                        "99999999999999999999",
                                        "1KiBKiB",
                                        "1,000"}) {
        auto const read = parse_bytes(text);
        ASSERT_FALSE(read.has_value()) << text;
        EXPECT_EQ(read.error().code, errc::bad_request);
        EXPECT_EQ(read.error().message, '"' + std::string(text) + "\" is not a size such as 64KiB");
    }
}

TEST(format_bytes, writes_the_shortest_exact_form) {
    EXPECT_EQ(format_bytes(0), "0");
    EXPECT_EQ(format_bytes(1), "1");
    EXPECT_EQ(format_bytes(1000), "1000");
    EXPECT_EQ(format_bytes(1023), "1023");
    EXPECT_EQ(format_bytes(1024), "1KiB");
    EXPECT_EQ(format_bytes(65536), "64KiB");
    EXPECT_EQ(format_bytes(1536 * 1024), "1536KiB");
    EXPECT_EQ(format_bytes(1 << 20), "1MiB");
    EXPECT_EQ(format_bytes(std::uint64_t{3} << 30), "3GiB");
}

TEST(parse_duration, times) {
    struct row {
        std::string_view text;
        std::int64_t ms;
    };
    for (row const& r : {
             row{"0", 0},
             row{"0s", 0},
             row{"0d", 0},
             row{"250ms", 250},
             row{"10s", 10'000},
             row{"2m", 120'000},
             row{"24h", 86'400'000},
             row{"7d", 604'800'000},
             row{"9223372036854775807ms", std::numeric_limits<std::int64_t>::max()},
         }) {
        auto const read = parse_duration(r.text);
        ASSERT_TRUE(read.has_value()) << r.text;
        EXPECT_EQ(read->count(), r.ms) << r.text;
    }
}

TEST(parse_duration, refuses_the_rest_and_says_what_it_wants) {
    for (std::string_view const text :
         {"", "5", "1000", "s", "-1s", "1.5s", "1h30m", "10 s", "10S", "10sec", "1us", "1w",
          "9223372036854775808ms", "106751991168d", "99999999999999999999s"}) {
        auto const read = parse_duration(text);
        ASSERT_FALSE(read.has_value()) << text;
        EXPECT_EQ(read.error().message,
                  '"' + std::string(text) + "\" is not a duration such as 10s, 2m or 250ms");
    }
}

TEST(format_duration, writes_the_shortest_exact_form) {
    using std::chrono::milliseconds;
    EXPECT_EQ(format_duration(milliseconds(0)), "0s");
    EXPECT_EQ(format_duration(milliseconds(1)), "1ms");
    EXPECT_EQ(format_duration(milliseconds(1500)), "1500ms");
    EXPECT_EQ(format_duration(milliseconds(10'000)), "10s");
    EXPECT_EQ(format_duration(milliseconds(90'000)), "90s");
    EXPECT_EQ(format_duration(milliseconds(120'000)), "2m");
    EXPECT_EQ(format_duration(milliseconds(86'400'000)), "1d");
    EXPECT_EQ(format_duration(milliseconds(90'000'000)), "25h");
    EXPECT_EQ(format_duration(milliseconds(-1500)), "-1500ms");
}

TEST(quantity, reads_back_what_it_writes) {
    for (std::uint64_t n = 1; n < std::uint64_t{1} << 62; n = n * 3 + 1) {
        for (std::uint64_t const near : {n - 1, n, n * 1000 / 7, n & ~std::uint64_t{1023}}) {
            if (near > std::uint64_t{1} << 62) continue;
            EXPECT_EQ(parse_bytes(format_bytes(near)).value(), near);
            auto const d = std::chrono::milliseconds(static_cast<std::int64_t>(near));
            EXPECT_EQ(parse_duration(format_duration(d)).value(), d);
        }
    }
}

}  // namespace
}  // namespace weir
