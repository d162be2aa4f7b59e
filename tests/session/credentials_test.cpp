#include "session/script.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace weir {
namespace {

constexpr char const* needed =
    "close 4001 a token is needed, in hello, Authorization: Bearer or subprotocol weir.token.TOKEN";

std::string hello(std::string_view token) {
    if (token.empty()) return R"({"type":"hello"})";
    return R"({"type":"hello","payload":{"token":")" + std::string(token) + R"("}})";
}

/// `outcome` is the user the session opens for ("" is nobody), or how it closes.
struct row {
    bool anonymous;
    char const* handshake;  ///< a token, empty for none
    char const* said;       ///< in hello; empty for none
    char const* outcome;
};

TEST(credentials, decide_for_whom_a_session_opens) {
    std::vector<row> const rows = {
        {true, "", "", ""},
        {true, "", "ann", "ann"},
        {true, "ann", "", "ann"},
        {true, "ann", "ann", "ann"},
        {true, "ben", "", "ben"},
        {true, "late", "", "ann"},
        {true, "", "late", "ann"},
        {true, "short", "", "ann"},
        {true, "", "old", "close 4204 the token has expired"},
        {true, "", "junk", "close 4001 the token's signature is wrong"},
        {true, "ann", "ben", "close 4001 the tokens of handshake and hello differ"},
        {true, "ann", "ann-again", "close 4001 the tokens of handshake and hello differ"},
        {true, "ann", "junk", "close 4001 the token's signature is wrong"},
        {true, "ann", "old", "close 4204 the token has expired"},
        {false, "", "", needed},
        {false, "", "ann", "ann"},
        {false, "ann", "", "ann"},
        {false, "ann", "ann", "ann"},
        {false, "", "old", "close 4204 the token has expired"},
        {false, "", "junk", "close 4001 the token's signature is wrong"},
        {false, "ann", "ben", "close 4001 the tokens of handshake and hello differ"},
    };
    for (row const& r : rows) {
        SCOPED_TRACE(std::string(r.anonymous ? "anonymous, " : "") + r.handshake + " + " + r.said);
        script s(r.anonymous);
        if (*r.handshake != '\0') {
            s.connect_as(r.handshake);
        } else {
            s.connect();
        }
        EXPECT_EQ(s.did(), actions{});
        actions const done = s.says(hello(r.said));
        std::string const outcome = r.outcome;
        if (outcome.starts_with("close")) {
            EXPECT_EQ(done, actions{outcome});
            EXPECT_TRUE(s.session().is_closing());
        } else {
            EXPECT_EQ(done, (actions{"welcome", "opened"}));
            EXPECT_EQ(s.session().user(), outcome);
        }
    }
}

TEST(credentials, of_the_handshake_count_for_an_implied_hello) {
    script s(false);
    s.connect_as("ann");
    EXPECT_EQ(s.says(R"({"type":"subscribe","topic":"inbox.ann"})"),
              (actions{"welcome", "opened", "subscribe inbox.ann"}));

    script without(false);
    without.connect();
    EXPECT_EQ(without.says(R"({"type":"subscribe","topic":"open.a","id":1})"), actions{needed});
}

TEST(credentials, refused_at_the_handshake_close_at_once) {
    struct refusal {
        char const* token;
        char const* outcome;
    };
    for (refusal const& r : std::vector<refusal>{
             {"old", "close 4204 the token has expired"},
             {"junk", "close 4001 the token's signature is wrong"},
         }) {
        SCOPED_TRACE(r.token);
        script s;
        s.connect_as(r.token);
        EXPECT_EQ(s.did(), actions{r.outcome});

        // An owner that does not start a session has the same from its first call.
        for (int first = 0; first != 3; ++first) {
            script t;
            session talk(t.env, t.port, session_id::random(),
                         {std::nullopt, t.tokens.verify(r.token, 0).error()}, t.at);
            EXPECT_LE(talk.deadline(), t.at.mono);
            if (first == 0) talk.on_tick(t.at);
            if (first == 1) talk.on_unreadable(close_reason::unsupported_data, t.at);
            if (first == 2) talk.on_fault({}, t.at);
            EXPECT_EQ(t.did(), actions{r.outcome});
        }
    }
}

TEST(credentials, are_not_taken_where_there_is_nobody_to_check_them) {
    script s;
    s.env.verifier = nullptr;
    s.connect();
    EXPECT_EQ(s.says(hello("ann")), actions{"close 4001 this server takes no tokens"});
}

TEST(credentials, that_end_before_the_hello_are_too_late) {
    script s;
    s.settings.hello_timeout = seconds(90);
    s.connect_as("short");
    s.passes(milliseconds(60'000));
    EXPECT_EQ(s.says(hello("")), actions{"close 4204 token expired"});
}

TEST(credentials, a_user_has_so_many_connections) {
    script s;  // at most three of one user
    std::vector<std::unique_ptr<session>> others;
    for (int i = 0; i != 3; ++i) {
        s.connect_as("ann");
        EXPECT_EQ(s.says(hello("")), (actions{"welcome", "opened"}));
        others.push_back(std::make_unique<session>(s.env, s.port, session_id::random(),
                                                   session::credential{script::who("ben"), {}},
                                                   s.at));
        s.drop();
    }
    for (auto const& other : others) {
        command first;
        first.type = command_type::ping;
        other->on_command(first, s.at);
        EXPECT_TRUE(other->is_open());
    }
    s.did();
    s.connect_as("ben");
    EXPECT_EQ(s.says(hello("")),
              actions{"close 4102 too many connections of this user; retry after 5 s"});
    EXPECT_EQ(at(s.counts.limited, limit_kind::connections_per_user).read(), 1U);

    s.port.closed = false;
    s.connect();  // nobody is not one user
    EXPECT_EQ(s.says(hello("")), (actions{"welcome", "opened"}));
    others.pop_back();
    s.connect_as("ben");
    EXPECT_EQ(s.says(hello("")), (actions{"welcome", "opened"}));
}

}  // namespace
}  // namespace weir
