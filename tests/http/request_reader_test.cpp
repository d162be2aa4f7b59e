#include "http/request_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace weir::http {
namespace {

using namespace std::string_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using step = request_reader::step;

struct outcome_of_reading {
    int status = 0;  ///< 0: accepted
    std::string text;
    std::optional<request> whole;
    std::string rest;
    bool incomplete = false;
};

/// Feeds `bytes` in pieces of `piece` bytes to a fresh reader.
outcome_of_reading read_in_pieces(std::string const& bytes, std::size_t piece,
                                  limits const& bounds = {}, std::size_t body_max = 1000) {
    request_reader reader(bounds);
    std::string held;
    for (std::size_t at = 0; at < bytes.size();) {
        auto const n = std::min(piece, bytes.size() - at);
        held.append(bytes, at, n);
        at += n;
        for (bool again = true; again;) {
            auto const p = reader.read(held);
            held.erase(0, p.used);
            again = p.at == step::head;
            if (again) reader.allow_body(body_max);
            if (p.at == step::failed) {
                return {reader.fault().status, std::string(reader.fault().text), {}, held, false};
            }
            if (p.at == step::done) {
                return {0, "", reader.message(), held + bytes.substr(at), false};
            }
        }
    }
    return {0, "", {}, held, true};
}

outcome_of_reading read(std::string const& bytes) {
    return read_in_pieces(bytes, bytes.size());
}

std::string get(std::string const& lines) {
    return "GET / HTTP/1.1\r\nHost: a\r\n" + lines + "\r\n";
}
std::string post(std::string const& lines, std::string const& body) {
    return "POST / HTTP/1.1\r\nHost: a\r\n" + lines + "\r\n" + body;
}

TEST(request_reader, takes_a_request_apart) {
    auto const got = read(
        "POST /v1/a%20b/?x=1&y=%2f+&x=2 HTTP/1.1\r\nHost: example.com:8080\r\n"
        "X-Two:  first \r\nx-two: second\r\nEmpty:\r\nContent-Length: 5\r\n\r\nhelloGET /");
    ASSERT_TRUE(got.whole);
    request const& r = *got.whole;
    EXPECT_EQ(r.verb, method::post);
    EXPECT_EQ(r.method_text, "POST");
    EXPECT_EQ(r.target, "/v1/a%20b/?x=1&y=%2f+&x=2");
    EXPECT_EQ(r.path, "/v1/a%20b/");
    EXPECT_THAT(r.segments, ElementsAre("v1", "a b", ""));
    EXPECT_EQ(r.query_value("x"), "1");
    EXPECT_EQ(r.query_value("y"), "/ ");
    EXPECT_EQ(r.query_value("z"), std::nullopt);
    EXPECT_EQ(r.minor_version, 1);
    EXPECT_EQ(r.header("X-TWO"), "first");
    EXPECT_EQ(r.joined("x-two"), "first, second");
    EXPECT_EQ(r.count("x-two"), 2U);
    EXPECT_TRUE(r.has("empty"));
    EXPECT_EQ(r.header("empty"), "");
    EXPECT_EQ(r.body, "hello");
    EXPECT_EQ(got.rest, "GET /");
}

TEST(request_reader, knows_methods) {
    EXPECT_EQ(read("DELETE / HTTP/1.1\r\nHost: a\r\n\r\n").whole->verb, method::delete_);
    EXPECT_EQ(read("get / HTTP/1.1\r\nHost: a\r\n\r\n").whole->verb, method::other);
    EXPECT_EQ(read("BREW / HTTP/1.1\r\nHost: a\r\n\r\n").whole->method_text, "BREW");
}

TEST(request_reader, takes_chunks) {
    auto const got = read(post("Transfer-Encoding: Chunked\r\n",
                               "5\r\nhello\r\nA;name=\"v;\"\r\n, stranger\r\n0\r\n"
                               "Content-Length: 3\r\n\r\nrest"s));
    // A trailer that claims a length is refused rather than dropped.
    EXPECT_EQ(got.status, 400);

    auto const fine =
        read(post("Transfer-Encoding: chunked\r\n",
                  "5\r\nhello\r\n3;n=\"v;\"\r\n, x\r\n000\r\nTrailer: t\r\n\r\nrest"));
    ASSERT_TRUE(fine.whole);
    EXPECT_EQ(fine.whole->body, "hello, x");
    EXPECT_FALSE(fine.whole->has("trailer"));
    EXPECT_EQ(fine.rest, "rest");
}

TEST(request_reader, forgives_one_empty_line_in_front) {
    EXPECT_TRUE(read("\r\n" + get("")).whole);
    EXPECT_EQ(read("\r\n\r\n" + get("")).status, 400);
}

TEST(request_reader, takes_absolute_form_of_its_own_host_only) {
    auto const absolute = [](std::string const& target) {
        return read("GET " + target + " HTTP/1.1\r\nHost: Example.com:81\r\n\r\n");
    };
    EXPECT_EQ(absolute("http://example.com:81/a?b=c").whole->target, "/a?b=c");
    EXPECT_EQ(absolute("HTTPS://example.com:81").whole->path, "/");
    EXPECT_EQ(absolute("http://example.com:81?b=c").whole->query_value("b"), "c");
    EXPECT_EQ(absolute("http://example.com/a").status, 400);
    EXPECT_EQ(absolute("http://x@example.com:81/a").status, 400);
    EXPECT_EQ(absolute("http:///a").status, 400);
    EXPECT_EQ(absolute("ftp://example.com:81/a").status, 400);
}

struct refused_case {
    char const* name;
    std::string bytes;
    int status;
};
void PrintTo(refused_case const& c, std::ostream* out) {
    *out << c.name;
}

class request_reader_refuses : public testing::TestWithParam<refused_case> {};

TEST_P(request_reader_refuses, however_it_is_cut) {
    auto const& c = GetParam();
    for (std::size_t const piece : {c.bytes.size(), std::size_t{1}, std::size_t{7}}) {
        auto const got = read_in_pieces(c.bytes, piece);
        EXPECT_EQ(got.status, c.status) << "in pieces of " << piece << ": " << got.text;
        EXPECT_FALSE(got.status != 0 && got.text.empty());
    }
}

std::string const chunked = "Transfer-Encoding: chunked\r\n";

INSTANTIATE_TEST_SUITE_P(
    smuggling, request_reader_refuses,
    testing::Values(
        refused_case{"length_and_coding", post("Content-Length: 5\r\n" + chunked, "0\r\n\r\n"),
                     400},
        refused_case{"coding_and_length", post(chunked + "Content-Length: 5\r\n", "0\r\n\r\n"),
                     400},
        refused_case{"two_lengths", post("Content-Length: 5\r\ncontent-length: 6\r\n", "hello"),
                     400},
        refused_case{"same_length_twice",
                     post("Content-Length: 5\r\nContent-Length: 5\r\n", "hello"), 400},
        refused_case{"list_of_lengths", post("Content-Length: 5, 5\r\n", "hello"), 400},
        refused_case{"signed_length", post("Content-Length: +5\r\n", "hello"), 400},
        refused_case{"negative_length", post("Content-Length: -5\r\n", "hello"), 400},
        refused_case{"hex_length", post("Content-Length: 0x5\r\n", "hello"), 400},
        refused_case{"empty_length", post("Content-Length:\r\n", ""), 400},
        refused_case{"length_of_64_bits", post("Content-Length: 18446744073709551621\r\n", "hello"),
                     400},
        refused_case{"spaced_length", post("Content-Length: 5 5\r\n", "hello"), 400},
        refused_case{"two_codings", post(chunked + chunked, "0\r\n\r\n"), 400},
        refused_case{"coding_list", post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), 501},
        refused_case{"chunked_not_last", post("Transfer-Encoding: chunked, gzip\r\n", "0\r\n\r\n"),
                     501},
        refused_case{"chunked_twice", post("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n"),
                     501},
        refused_case{"identity", post("Transfer-Encoding: identity\r\n", ""), 501},
        refused_case{"unknown_coding", post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), 501},
        refused_case{"quoted_coding", post("Transfer-Encoding: \"chunked\"\r\n", "0\r\n\r\n"), 501},
        refused_case{"vertical_tab_coding", post("Transfer-Encoding: \vchunked\r\n", "0\r\n\r\n"),
                     400},
        refused_case{"coding_in_http_1_0",
                     "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
        refused_case{"space_before_colon", post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"),
                     400},
        refused_case{"tab_before_colon", get("Content-Length\t: 0\r\n"), 400},
        refused_case{"space_in_name", get("Content Length: 0\r\n"), 400},
        refused_case{"folded_line", get("A: b\r\n c\r\n"), 400},
        refused_case{"folded_with_tab", get("A: b\r\n\tc\r\n"), 400},
        refused_case{"folded_first_line", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400},
        refused_case{"folded_coding", post("Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n"), 400},
        refused_case{"bare_lf", "GET / HTTP/1.1\nHost: a\n\n", 400},
        refused_case{"bare_lf_in_header", get("A: b\nC: d\r\n"), 400},
        refused_case{"bare_lf_at_the_end", "GET / HTTP/1.1\r\nHost: a\r\n\n", 400},
        refused_case{"bare_cr_in_header", get("A: b\rC: d\r\n"), 400},
        refused_case{"double_cr", get("A: b\r\r\n"), 400},
        refused_case{"bare_cr_in_request_line", "GET / \rHTTP/1.1\r\nHost: a\r\n\r\n", 400},
        refused_case{"nul_in_value", get("A: b\0c\r\n"s), 400},
        refused_case{"nul_in_name", get("A\0: b\r\n"s), 400},
        refused_case{"delete_in_value", get("A: \x7f\r\n"), 400},
        refused_case{"no_colon", get("A\r\n"), 400},
        refused_case{"empty_name", get(": b\r\n"), 400},
        refused_case{"name_with_umlaut", get("\xc3\xa4: b\r\n"), 400},
        refused_case{"no_host", "GET / HTTP/1.1\r\n\r\n", 400},
        refused_case{"two_hosts", get("Host: b\r\n"), 400},
        refused_case{"same_host_twice", get("Host: a\r\n"), 400},
        refused_case{"empty_host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400},
        refused_case{"host_with_path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
        refused_case{"host_with_user", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400},
        refused_case{"host_list", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400}),
    [](auto const& tested) { return tested.param.name; });

INSTANTIATE_TEST_SUITE_P(
    chunks, request_reader_refuses,
    testing::Values(
        refused_case{"no_digits", post(chunked, "\r\nhello\r\n0\r\n\r\n"), 400},
        refused_case{"not_hex", post(chunked, "g\r\nhello\r\n0\r\n\r\n"), 400},
        refused_case{"prefix", post(chunked, "0x5\r\nhello\r\n0\r\n\r\n"), 400},
        refused_case{"sign", post(chunked, "-5\r\nhello\r\n0\r\n\r\n"), 400},
        refused_case{"space_in_front", post(chunked, " 5\r\nhello\r\n0\r\n\r\n"), 400},
        refused_case{"space_behind", post(chunked, "5 \r\nhello\r\n0\r\n\r\n"), 400},
        refused_case{"too_short", post(chunked, "4\r\nhello\r\n0\r\n\r\n"), 400},
        refused_case{"too_long", post(chunked, "6\r\nhello\r\n0\r\n\r\n"), 400},
        refused_case{"bare_lf", post(chunked, "5\nhello\n0\n\n\r\n\r\n"), 400},
        refused_case{"bare_cr", post(chunked, "5\rX\r\nhello\r\n0\r\n\r\n"), 400},
        refused_case{"lf_in_extension", post(chunked, "5;a\nb\r\nhello\r\n0\r\n\r\n"), 400},
        refused_case{"nul_in_extension", post(chunked, "5;a\0\r\nhello\r\n0\r\n\r\n"s), 400},
        refused_case{"overflow", post(chunked, "FFFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n"), 400},
        refused_case{"negative_as_unsigned", post(chunked, "FFFFFFFFFFFFFFFF\r\nhello\r\n"), 413},
        refused_case{"larger_than_allowed", post(chunked, "3e9\r\n"), 413},
        refused_case{"folded_trailer", post(chunked, "0\r\nA: b\r\n c\r\n\r\n"), 400},
        refused_case{"coding_in_trailer", post(chunked, "0\r\n" + chunked + "\r\n"), 400}),
    [](auto const& tested) { return tested.param.name; });

INSTANTIATE_TEST_SUITE_P(
    request_lines, request_reader_refuses,
    testing::Values(refused_case{"http_0_9", "GET /\r\n\r\n", 400},
                    refused_case{"http_2", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505},
                    refused_case{"http_2_preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
                    refused_case{"http_1_2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505},
                    refused_case{"no_version", "GET / \r\nHost: a\r\n\r\n", 400},
                    refused_case{"lower_case_version", "GET / http/1.1\r\nHost: a\r\n\r\n", 400},
                    refused_case{"long_version", "GET / HTTP/1.10\r\nHost: a\r\n\r\n", 400},
                    refused_case{"two_spaces", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
                    refused_case{"space_in_target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
                    refused_case{"tab", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
                    refused_case{"space_in_front", " GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
                    refused_case{"space_behind", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400},
                    refused_case{"fragment", "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
                    refused_case{"bad_escape", "GET /%g0 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
                    refused_case{"cut_escape", "GET /%2 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
                    refused_case{"nul_escape", "GET /a%00b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
                    refused_case{"nul_escape_in_query", "GET /?a=%00 HTTP/1.1\r\nHost: a\r\n\r\n",
                                 400},
                    refused_case{"raw_umlaut", "GET /\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
                    refused_case{"asterisk", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 400},
                    refused_case{"authority_form", "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
                    refused_case{"relative", "GET a HTTP/1.1\r\nHost: a\r\n\r\n", 400},
                    refused_case{"tls_hello", "\x16\x03\x01\x02"s, 400},
                    refused_case{"endless_method", std::string(40, 'A'), 400}),
    [](auto const& tested) { return tested.param.name; });

TEST(request_reader, does_not_wait_for_the_end_of_garbage) {
    EXPECT_EQ(read("\x16").status, 400);
    EXPECT_EQ(read("GE{").status, 400);
    EXPECT_TRUE(read("G").incomplete);
    EXPECT_TRUE(read("\r").incomplete);
}

TEST(request_reader, bounds_the_head) {
    limits const bounds{.header_bytes = 200, .target_bytes = 50, .headers = 4};
    auto const read_at_once = [&](std::string const& s) {
        return read_in_pieces(s, s.size(), bounds);
    };
    auto const in_bytes = [&](std::string const& s) { return read_in_pieces(s, 1, bounds); };

    auto const target = [](std::size_t n) {
        return "GET /" + std::string(n - 1, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n";
    };
    EXPECT_TRUE(read_at_once(target(50)).whole);
    EXPECT_TRUE(in_bytes(target(50)).whole);
    EXPECT_EQ(read_at_once(target(51)).status, 414);
    EXPECT_EQ(in_bytes("GET /" + std::string(120, 'a')).status, 414);

    auto const fill = get("A: " + std::string(200 - get("A: \r\n").size(), 'a') + "\r\n");
    ASSERT_EQ(fill.size(), 200U);
    EXPECT_TRUE(read_at_once(fill).whole);
    EXPECT_TRUE(in_bytes(fill).whole);
    auto const over = get("A: " + std::string(201 - get("A: \r\n").size(), 'a') + "\r\n");
    EXPECT_EQ(read_at_once(over).status, 431);
    EXPECT_EQ(in_bytes(over).status, 431);
    EXPECT_EQ(in_bytes(get("A: b\r\n") + std::string(200, 'a')).status, 0) << "ends with its head";

    EXPECT_TRUE(read_at_once(get("A: b\r\nA: b\r\nA: b\r\n")).whole);
    EXPECT_EQ(read_at_once(get("A: b\r\nA: b\r\nA: b\r\nA: b\r\n")).status, 431);
}

TEST(request_reader, bounds_the_body_before_it_comes) {
    EXPECT_TRUE(read(post("Content-Length: 1000\r\n", std::string(1000, 'x'))).whole);
    EXPECT_EQ(read(post("Content-Length: 1001\r\n", "")).status, 413);
    EXPECT_EQ(read(post("Content-Length: 999999999999999999\r\n", "")).status, 413);
    EXPECT_TRUE(read(post(chunked, "3e8\r\n" + std::string(1000, 'x') + "\r\n0\r\n\r\n")).whole);
    EXPECT_EQ(read(post(chunked, "1\r\nx\r\n3e8\r\n" + std::string(1000, 'x'))).status, 413);
}

TEST(request_reader, bounds_what_chunks_have_around_them) {
    auto const endless = read_in_pieces(post(chunked, "5;" + std::string(20'000, 'a')), 100);
    EXPECT_EQ(endless.status, 400);
    EXPECT_LT(endless.rest.size(), 10'000U);

    std::string many;
    for (int i = 0; i != 500; ++i) many += "1;extension=0123456789\r\nx\r\n";
    EXPECT_EQ(read_in_pieces(post(chunked, many), 100).status, 400);

    auto const trailers = read_in_pieces(post(chunked, "0\r\nA: " + std::string(20'000, 'a')), 100);
    EXPECT_EQ(trailers.status, 400);
}

TEST(request_reader, reads_the_same_however_it_is_cut) {
    auto const bytes =
        post(chunked + "A: b\r\n", "5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nT: u\r\n\r\n");
    for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
        auto const got = read_in_pieces(bytes, piece);
        ASSERT_TRUE(got.whole) << piece;
        EXPECT_EQ(got.whole->body, "hello world");
        EXPECT_EQ(got.whole->headers.size(), 3U);
        EXPECT_EQ(got.rest, "");
    }
}

struct keep_alive_case {
    char const* head;
    bool keep;
};
class request_reader_keep_alive : public testing::TestWithParam<keep_alive_case> {};

TEST_P(request_reader_keep_alive, follows_version_and_connection) {
    std::string const head = GetParam().head;
    request_reader reader({});
    ASSERT_EQ(reader.read(head).at, step::head);
    EXPECT_EQ(reader.keep_alive(), GetParam().keep);
}

INSTANTIATE_TEST_SUITE_P(
    table, request_reader_keep_alive,
    testing::Values(
        keep_alive_case{"GET / HTTP/1.1\r\nHost: a\r\n\r\n", true},
        keep_alive_case{"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", false},
        keep_alive_case{"GET / HTTP/1.1\r\nHost: a\r\nConnection: TE, Close\r\n\r\n", false},
        keep_alive_case{"GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n"
                        "Connection: close\r\n\r\n",
                        false},
        keep_alive_case{"GET / HTTP/1.0\r\n\r\n", false},
        keep_alive_case{"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true}));

}  // namespace
}  // namespace weir::http
