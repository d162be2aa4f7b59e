#include <weir/ws/extension.hpp>

#include <gtest/gtest.h>

#include <string>

namespace weir::ws {
namespace {

constexpr std::string_view both =
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

std::string describe_terms(std::optional<deflate_terms> const& terms) {
    if (!terms) return "none";
    auto const side = [](int bits, context c) {
        return std::to_string(bits) + (c == context::kept ? " kept" : "");
    };
    return side(terms->server_bits, terms->server_context) + '/' +
           side(terms->client_bits, terms->client_context);
}

std::string answered(std::string_view offered, deflate_policy const& policy = {}) {
    auto const answer = answer_extensions(offered, policy);
    EXPECT_EQ(answer.header.empty(), !answer.deflate);
    if (!answer.well_formed) {
        EXPECT_FALSE(answer.deflate);
        return "malformed";
    }
    return describe_terms(answer.deflate);
}

TEST(answer_extensions, what_is_agreed) {
    struct row {
        std::string_view offered;
        std::string_view expected;  ///< server bits / client bits
    };
    constexpr row rows[] = {
        {"", "none"},
        {"  ", "none"},
        {",", "none"},
        {"permessage-deflate", "15/15"},
        {"  permessage-deflate\t", "15/15"},
        {"permessage-deflate; client_max_window_bits", "15/15"},  // Chrome, Firefox
        {"permessage-deflate;client_max_window_bits=10", "15/10"},
        {"permessage-deflate; client_max_window_bits = 8", "15/8"},
        {"permessage-deflate; server_no_context_takeover; client_no_context_takeover", "15/15"},
        {"permessage-deflate; server_max_window_bits=9", "9/15"},
        {"permessage-deflate; server_max_window_bits=15; client_max_window_bits=15", "15/15"},
        {"permessage-deflate; server_max_window_bits=\"12\"", "12/15"},
        {"permessage-deflate; server_max_window_bits=\"\\1\\2\"", "12/15"},
        {"other", "none"},
        {"other; a=b; c=\"d\"; e, permessage-deflate", "15/15"},
        {"permessage-deflated, x-webkit-deflate-frame", "none"},
        {", ,permessage-deflate,,", "15/15"},
        // Declined, so the next offer counts.
        {"permessage-deflate; server_max_window_bits=8", "none"},
        {"permessage-deflate; server_max_window_bits=8, permessage-deflate", "15/15"},
        {"permessage-deflate; unknown, permessage-deflate; server_max_window_bits=10", "10/15"},
        {"permessage-deflate; unknown=1", "none"},
        {"permessage-deflate; server_max_window_bits", "none"},
        {"permessage-deflate; server_max_window_bits=7", "none"},
        {"permessage-deflate; server_max_window_bits=16", "none"},
        {"permessage-deflate; server_max_window_bits=010", "none"},
        {"permessage-deflate; server_max_window_bits=10x", "none"},
        {"permessage-deflate; server_max_window_bits=1000000000000", "none"},
        {"permessage-deflate; client_max_window_bits=7", "none"},
        {"permessage-deflate; client_max_window_bits=16", "none"},
        {"permessage-deflate; server_no_context_takeover=1", "none"},
        {"permessage-deflate; client_no_context_takeover=true", "none"},
        {"permessage-deflate; server_no_context_takeover; server_no_context_takeover", "none"},
        {"permessage-deflate; client_no_context_takeover; client_no_context_takeover", "none"},
        {"permessage-deflate; server_max_window_bits=10; server_max_window_bits=10", "none"},
        {"permessage-deflate; client_max_window_bits; client_max_window_bits", "none"},
        {"permessage-deflate; client_max_window_bits=9; client_max_window_bits", "none"},
        // The first that can be honoured is taken (RFC 7692 section 5.1: the client's order).
        {"permessage-deflate; server_max_window_bits=10, permessage-deflate", "10/15"},
        // Not the grammar of RFC 6455 section 9.1.
        {";", "malformed"},
        {"permessage-deflate;", "malformed"},
        {"permessage-deflate; ;client_max_window_bits", "malformed"},
        {"permessage-deflate; client_max_window_bits=", "malformed"},
        {"permessage-deflate; =9", "malformed"},
        {"permessage-deflate; a=\"\"", "malformed"},
        {"permessage-deflate; a=\"", "malformed"},
        {"permessage-deflate; a=\"9", "malformed"},
        {"permessage-deflate; a=\"9\\", "malformed"},
        {"permessage-deflate; a=\"9 9\"", "malformed"},
        {"permessage-deflate; a=\"9\"9", "malformed"},
        {"permessage-deflate client_max_window_bits", "malformed"},
        {"permessage-deflate; a b", "malformed"},
        {"permessage-deflate, (comment)", "malformed"},
        {"permessage-deflate=1", "malformed"},
        {"\x80", "malformed"},
        {std::string_view("a\0b", 3), "malformed"},
    };
    for (row const& r : rows) EXPECT_EQ(answered(r.offered), r.expected) << r.offered;
}

TEST(answer_extensions, every_window) {
    for (int bits = 9; bits <= 15; ++bits) {
        std::string const n = std::to_string(bits);
        auto const answer = answer_extensions("permessage-deflate; server_max_window_bits=" + n);
        ASSERT_TRUE(answer.deflate);
        EXPECT_EQ(answer.deflate->server_bits, bits);
        EXPECT_EQ(answer.header, std::string(both) + "; server_max_window_bits=" + n);
    }
}

TEST(answer_extensions, always_states_that_nothing_is_taken_over) {
    for (std::string_view offered :
         {"permessage-deflate", "permessage-deflate; client_max_window_bits",
          "permessage-deflate; server_no_context_takeover",
          "permessage-deflate; client_max_window_bits=9"}) {
        EXPECT_EQ(answer_extensions(offered).header, both) << offered;
    }
}

TEST(answer_extensions, policies) {
    EXPECT_EQ(answered("permessage-deflate", {.enabled = false}), "none");
    EXPECT_EQ(answered("permessage-deflate;", {.enabled = false}), "malformed");
    EXPECT_EQ(answered("permessage-deflate; server_max_window_bits=8", {.server_bits_min = 8}),
              "8/15");

    deflate_policy const keeping{.server_context = context::kept, .client_context = context::kept};
    struct row {
        std::string_view offered;
        std::string_view header;
        std::string_view terms;
    };
    constexpr row rows[] = {
        {"permessage-deflate", "permessage-deflate", "15 kept/15 kept"},
        {"permessage-deflate; server_no_context_takeover",
         "permessage-deflate; server_no_context_takeover", "15/15 kept"},
        {"permessage-deflate; client_no_context_takeover",
         "permessage-deflate; client_no_context_takeover", "15 kept/15"},
        {"permessage-deflate; server_max_window_bits=11; client_max_window_bits=12",
         "permessage-deflate; server_max_window_bits=11", "11 kept/12 kept"},
    };
    for (row const& r : rows) {
        auto const answer = answer_extensions(r.offered, keeping);
        EXPECT_EQ(answer.header, r.header) << r.offered;
        EXPECT_EQ(describe_terms(answer.deflate), r.terms) << r.offered;
    }
}

TEST(answer_extensions, is_bounded) {
    std::string many = "a";
    for (int i = 0; i != 31; ++i) many += ",a";
    EXPECT_EQ(answered(many), "none");
    EXPECT_EQ(answered(many + ",a"), "malformed");
    std::string parameters = "a";
    for (int i = 0; i != 16; ++i) parameters += ";b";
    EXPECT_EQ(answered(parameters), "none");
    EXPECT_EQ(answered(parameters + ";b"), "malformed");
    EXPECT_EQ(answered(std::string(extensions_bytes_max, 'a')), "none");
    EXPECT_EQ(answered(std::string(extensions_bytes_max + 1, 'a')), "malformed");
}

TEST(offer_extensions, says_what_is_wanted) {
    EXPECT_EQ(offer_extensions({}), std::string(both) + "; client_max_window_bits");
    EXPECT_EQ(offer_extensions({.server_context = context::kept, .client_context = context::kept}),
              "permessage-deflate; client_max_window_bits");
    EXPECT_EQ(offer_extensions({.server_bits = 9}),
              std::string(both) + "; server_max_window_bits=9; client_max_window_bits");
}

TEST(check_extensions, what_a_server_may_answer) {
    constexpr deflate_offer plain{};
    constexpr deflate_offer keeping{.server_context = context::kept,
                                    .client_context = context::kept};
    constexpr deflate_offer narrow{.server_bits = 10};
    struct row {
        std::string answered;
        std::optional<deflate_offer> offer;
        std::string_view expected;
    };
    row const rows[] = {
        {"", plain, "none"},
        {"", std::nullopt, "none"},
        {std::string(both), plain, "15/15"},
        {"permessage-deflate; server_no_context_takeover", plain, "15/15"},
        {std::string(both) + "; server_max_window_bits=12", plain, "12/15"},
        {std::string(both) + "; client_max_window_bits=8", plain, "15/8"},
        {std::string(both) + "; server_max_window_bits=10", narrow, "10/15"},
        {std::string(both) + "; server_max_window_bits=9", narrow, "9/15"},
        {"permessage-deflate", keeping, "15 kept/15 kept"},
        {std::string(both), keeping, "15/15"},
        {"permessage-deflate; client_no_context_takeover", keeping, "15 kept/15"},
        {"permessage-deflate", std::nullopt, "fail"},
        {"other", plain, "fail"},
        {"permessage-deflate", plain, "fail"},  // asked for server_no_context_takeover
        {std::string(both), narrow, "fail"},    // asked for a window of 10
        {std::string(both) + "; server_max_window_bits=11", narrow, "fail"},
        {std::string(both) + "; client_max_window_bits", plain, "fail"},
        {std::string(both) + "; client_max_window_bits=16", plain, "fail"},
        {std::string(both) + "; unknown", plain, "fail"},
        {std::string(both) + "; server_no_context_takeover", plain, "fail"},
        {std::string(both) + ", " + std::string(both), plain, "fail"},
        {std::string(both) + ", other", plain, "fail"},
        {std::string(both) + ";", plain, "fail"},
    };
    for (row const& r : rows) {
        auto const verdict = check_extensions(r.answered, r.offer);
        EXPECT_EQ(verdict.acceptable ? describe_terms(verdict.deflate) : "fail", r.expected)
            << r.answered;
    }
}

TEST(check_extensions, our_answers_suit_our_offers) {
    for (context server : {context::per_message, context::kept}) {
        for (context client : {context::per_message, context::kept}) {
            for (int bits = 9; bits <= 15; ++bits) {
                deflate_offer const offer{server, client, bits};
                for (deflate_policy const& policy :
                     {deflate_policy{}, deflate_policy{.server_context = context::kept,
                                                       .client_context = context::kept}}) {
                    auto const answer = answer_extensions(offer_extensions(offer), policy);
                    ASSERT_TRUE(answer.deflate);
                    auto const verdict = check_extensions(answer.header, offer);
                    EXPECT_TRUE(verdict.acceptable) << answer.header;
                    EXPECT_EQ(verdict.deflate, answer.deflate) << answer.header;
                }
            }
        }
    }
}

}  // namespace
}  // namespace weir::ws
