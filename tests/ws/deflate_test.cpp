#include "ws/seed.hpp"

#include <weir/ws/deflate.hpp>

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <zlib.h>

namespace weir::ws {
namespace {

using namespace std::string_literals;
using enum inflate_status;

std::string inflated(std::string_view payload, std::size_t limit = 65536) {
    inflater inflating;
    auto const result = inflating.inflate(payload, limit);
    switch (result.status) {
        case ok:
            return "ok " + std::string(result.text);
        case too_large:
            return "too large";
        case corrupt:
            return "corrupt";
    }
    return "?";
}

TEST(inflater, payloads_of_the_rfc_and_their_relatives) {
    struct row {
        char const* name;
        std::string payload;
        std::string expected;
    };
    row const rows[] = {
        {"7.2.3.1 one block", "\xf2\x48\xcd\xc9\xc9\x07\x00"s, "ok Hello"},
        {"7.2.3.3 stored block", "\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"s, "ok Hello"},
        {"7.2.3.4 BFINAL", "\xf3\x48\xcd\xc9\xc9\x07\x00\x00"s, "ok Hello"},
        {"BFINAL without the padding byte", "\xf3\x48\xcd\xc9\xc9\x07\x00"s, "ok Hello"},
        {"7.2.3.5 two blocks", "\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"s, "ok Hello"},
        {"BFINAL twice",
         "\xf3\x48\xcd\xc9\xc9\x07\x00"s + "\xf3\x48\xcd\xc9\xc9\x07\x00"s + "\x00"s,
         "ok HelloHello"},
        {"BFINAL, then a block that refers to it",
         "\xf3\x48\xcd\xc9\xc9\x07\x00"s + "\xf2\x00\x11\x00\x00"s, "ok HelloHello"},
        {"7.2.3.6 empty", "\x00"s, "ok "},
        {"empty fixed block", "\x02\x00"s, "ok "},
        {"no byte at all", "", "ok "},
        {"tail not removed", "\xf2\x48\xcd\xc9\xc9\x07\x00\x00\x00\xff\xff"s, "ok Hello"},
        {"tail not removed, and another block", "\xf2\x48\xcd\xc9\xc9\x07\x00\x00\x00\xff\xff\x00"s,
         "ok Hello"},
        {"refers to before the message (7.2.3.2)", "\xf2\x00\x11\x00\x00"s, "corrupt"},
        {"reserved block type", "\x07"s, "corrupt"},
        {"bad stored length", "\x00\x05\x00\x05\x00\x48\x65\x6c\x6c\x6f\x00"s, "corrupt"},
        {"garbage behind", "\xf2\x48\xcd\xc9\xc9\x07\x00\xff\xff"s, "corrupt"},
        {"garbage behind BFINAL", "\xf3\x48\xcd\xc9\xc9\x07\x00\xff\xff"s, "corrupt"},
        {"ends in a code", "\xf2\x48\xcd\xc9"s, "corrupt"},
        {"ends in a stored block", "\x00\x05\x00\xfa\xff\x48"s, "corrupt"},
        {"stored block that would swallow the tail", "\x00\x09\x00\xf6\xff\x48\x65\x6c\x6c\x6f"s,
         "corrupt"},
        {"gzip", "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"s, "corrupt"},
    };
    for (row const& r : rows) EXPECT_EQ(inflated(r.payload), r.expected) << r.name;
}

TEST(inflater, kept_context_refers_to_the_message_before) {
    // RFC 7692 section 7.2.3.2.
    inflater inflating(context::kept);
    EXPECT_EQ(inflating.inflate("\xf2\x48\xcd\xc9\xc9\x07\x00"s, 100).text, "Hello");
    EXPECT_EQ(inflating.inflate("\xf2\x00\x11\x00\x00"s, 100).text, "Hello");
    EXPECT_EQ(inflating.inflate(""s, 100).status, ok);
    EXPECT_EQ(inflating.inflate("\x00"s, 100).text, "");
    EXPECT_EQ(inflating.inflate("\xf2\x00\x11\x00\x00"s, 100).text, "Hello");
    EXPECT_EQ(inflating.inflate("\xf3\x48\xcd\xc9\xc9\x07\x00"s, 100).text, "Hello");
    EXPECT_EQ(inflating.inflate("\xf2\x00\x11\x00\x00"s, 100).text, "Hello");
}

TEST(inflater, shared_by_connections_gives_none_the_window_of_another) {
    inflater inflating;
    EXPECT_EQ(inflating.inflate("\xf2\x48\xcd\xc9\xc9\x07\x00"s, 100).text, "Hello");
    EXPECT_EQ(inflating.inflate("\xf2\x00\x11\x00\x00"s, 100).status, corrupt);
    EXPECT_EQ(inflating.inflate("\xf2\x48\xcd\xc9"s, 100).status, corrupt);
    EXPECT_EQ(inflating.inflate("\xf2\x48\xcd\xc9\xc9\x07\x00"s, 4).status, too_large);
    EXPECT_EQ(inflating.inflate("\xf2\x48\xcd\xc9\xc9\x07\x00"s, 100).text, "Hello");
    EXPECT_EQ(inflating.inflate("\xf3\x48\xcd\xc9\xc9\x07\x00"s, 100).text, "Hello");
    EXPECT_EQ(inflating.inflate("\xf2\x00\x11\x00\x00"s, 100).status, corrupt);
    inflating.release();
    EXPECT_EQ(inflating.inflate("\xf2\x48\xcd\xc9\xc9\x07\x00"s, 100).text, "Hello");
}

TEST(inflater, the_limit_is_exact) {
    deflater deflating;
    for (std::size_t size : {1U, 2U, 100U, 4095U, 4096U, 4097U, 65535U, 65536U, 65537U, 1000000U}) {
        std::string const text(size, 'x');
        std::string const packed(deflating.deflate(text));
        EXPECT_EQ(inflated(packed, size), "ok " + text);
        EXPECT_EQ(inflated(packed, size + 1), "ok " + text);
        EXPECT_EQ(inflated(packed, size - 1), "too large");
    }
    EXPECT_EQ(inflated("\x00"s, 0), "ok ");
    EXPECT_EQ(inflated("\xf2\x48\xcd\xc9\xc9\x07\x00"s, 0), "too large");
}

TEST(inflater, bombs_stop_at_the_limit) {
    deflater deflating({.level = 9});
    std::string const zeros(16 << 20, '\0');
    std::string bomb(deflating.deflate(zeros));
    EXPECT_EQ(inflated(bomb), "too large");
    // What is wrong behind the limit is never reached.
    bomb.resize(bomb.size() / 2);
    bomb += "\xff\xff\xff\xff";
    EXPECT_EQ(inflated(bomb), "too large");
    // The smallest blocks there are: all work, no output.
    std::string blocks;
    for (int i = 0; i != 32768; ++i) blocks += "\x03\x00"s;
    EXPECT_EQ(inflated(blocks), "ok ");
}

TEST(inflater, a_cut_payload_is_corrupt_or_a_beginning) {
    deflater deflating;
    std::string text;
    for (int i = 0; i != 300; ++i) text += "line " + std::to_string(i * i) + '\n';
    std::string const packed(deflating.deflate(text));
    inflater inflating;
    for (std::size_t n = 0; n != packed.size(); ++n) {
        auto const result = inflating.inflate(std::string_view(packed).substr(0, n), 65536);
        if (result.status == ok) {
            EXPECT_TRUE(text.starts_with(result.text) && result.text.size() < text.size()) << n;
        }
    }
}

/// Inflates with a window of exactly `bits`: a byte of output at a time leaves zlib nothing but
/// its window to look back into.
std::string inflate_narrow(std::string_view payload, int bits) {
    z_stream z{};
    EXPECT_EQ(inflateInit2(&z, -bits), Z_OK);
    std::string in(payload);
    in.append("\x00\x00\xff\xff", 4);
    z.next_in = reinterpret_cast<Bytef*>(in.data());
    z.avail_in = static_cast<uInt>(in.size());
    std::string out;
    for (;;) {
        char c = 0;
        z.next_out = reinterpret_cast<Bytef*>(&c);
        z.avail_out = 1;
        int const rc = inflate(&z, Z_SYNC_FLUSH);
        if (z.avail_out == 0) out.push_back(c);
        if (rc != Z_OK || (z.avail_out != 0 && z.avail_in == 0)) break;
    }
    inflateEnd(&z);
    return out;
}

/// Text whose parts come again at distances on both sides of every window size.
std::string echoing_text(random_source& random) {
    std::string text;
    while (text.size() < 70000) {
        std::size_t const back =
            std::min<std::size_t>(text.size(), std::size_t{1} << pick(random, 16));
        if (back > 40 && pick(random, 2) != 0) {
            text += text.substr(text.size() - back, 30 + pick(random, 10));
        } else {
            for (int i = 0; i != 60; ++i) text.push_back(static_cast<char>(pick(random, 255)));
            text.append(pick(random, 30), 'r');
        }
    }
    return text;
}

TEST(deflater, stays_within_each_window) {
    SCOPED_TRACE(seed_trace());
    random_source random(test_seed());
    std::string const text = echoing_text(random);
    for (int bits = window_bits_min; bits <= window_bits_max; ++bits) {
        for (context keeping : {context::per_message, context::kept}) {
            deflater deflating({.window_bits = bits, .keeping = keeping});
            std::string const packed(deflating.deflate(text));
            EXPECT_LT(packed.size(), text.size()) << bits;
            EXPECT_EQ(inflate_narrow(packed, bits), text) << bits;
            EXPECT_EQ(inflated(packed, text.size()), "ok " + text) << bits;
        }
    }
}

TEST(deflater, roundtrips_at_every_level) {
    SCOPED_TRACE(seed_trace());
    random_source random(test_seed() + 1);
    inflater inflating;
    for (int level = 1; level <= 9; ++level) {
        deflater deflating({.level = level});
        for (int round = 0; round != 40; ++round) {
            std::string text(pick(random, 3000), '\0');
            std::size_t const letters = pick(random, 255);
            for (char& c : text) c = static_cast<char>(pick(random, letters));
            std::string_view const packed = deflating.deflate(text);
            ASSERT_FALSE(packed.empty());
            auto const result = inflating.inflate(packed, text.size());
            ASSERT_EQ(result.status, ok);
            ASSERT_EQ(result.text, text);
        }
    }
}

TEST(deflater, without_takeover_equal_messages_are_equal_bytes) {
    deflater deflating;
    std::string const first(deflating.deflate("the same for every subscriber"));
    EXPECT_EQ(deflating.deflate("something else"), deflater{}.deflate("something else"));
    EXPECT_EQ(deflating.deflate("the same for every subscriber"), first);
    deflating.release();
    EXPECT_EQ(deflating.deflate("the same for every subscriber"), first);
}

TEST(deflater, with_takeover_a_repeated_message_is_short) {
    deflater deflating({.keeping = context::kept});
    inflater inflating(context::kept);
    std::string const text = "a sentence that will be said again and again, word for word";
    std::size_t first = 0;
    for (int i = 0; i != 50; ++i) {
        std::string_view const packed = deflating.deflate(text);
        if (i == 0) {
            first = packed.size();
        } else {
            EXPECT_LT(packed.size(), first / 3);
        }
        EXPECT_EQ(inflating.inflate(packed, 1000).text, text);
        EXPECT_EQ(inflating.inflate(deflating.deflate(""), 1000).text, "");
    }
}

TEST(deflater, an_empty_message_is_one_byte) {
    deflater deflating;
    EXPECT_EQ(deflating.deflate(""), "\x00"s);
}

TEST(deflater, a_large_message_and_incompressible_ones) {
    SCOPED_TRACE(seed_trace());
    random_source random(test_seed() + 2);
    std::string noise(3 << 20, '\0');
    for (std::size_t i = 0; i + 8 <= noise.size(); i += 8) {
        std::uint64_t const word = random();
        std::memcpy(&noise[i], &word, 8);
    }
    deflater deflating({.level = 1});
    std::string const packed(deflating.deflate(noise));
    EXPECT_LE(packed.size(), noise.size() + noise.size() / 8 + 64);
    EXPECT_EQ(inflated(packed, noise.size()), "ok " + noise);
}

TEST(deflater_death, refuses_settings_that_are_none) {
    EXPECT_DEATH(deflater({.window_bits = 7}), "");
    EXPECT_DEATH(deflater({.window_bits = 16}), "");
    EXPECT_DEATH(deflater({.level = 0}), "");
    EXPECT_DEATH(deflater({.level = 10}), "");
}

}  // namespace
}  // namespace weir::ws
