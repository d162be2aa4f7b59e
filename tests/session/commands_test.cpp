#include "session/answers.hpp"
#include "session/script.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace weir {
namespace {

TEST(received, says_how_far_the_client_is) {
    script s;
    s.settings.ring.replay_frames = 10;
    s.settings.ring.replay_bytes = 1000;
    s.open();
    s.sends_numbered(5);
    EXPECT_EQ(s.session().frames().replay_frames(), 5U);
    EXPECT_EQ(s.says(R"({"type":"received","count":3})"), actions{});
    EXPECT_EQ(s.session().frames().received(), 3U);
    EXPECT_EQ(s.session().frames().replay_frames(), 2U);
    EXPECT_EQ(s.says(R"({"type":"received","count":2})"), actions{});
    EXPECT_EQ(s.session().frames().received(), 3U);
    EXPECT_EQ(s.says(R"({"type":"received","count":5,"id":1})"), actions{ok("1")});
    EXPECT_EQ(s.says(R"({"type":"received","count":7})"),
              actions{error("", "bad_request", "received counts 7 messages, but 6 were sent")})
        << "the ok was the sixth";
    EXPECT_EQ(s.says(R"({"type":"received","count":18446744073709551615,"id":2})").size(), 1U);
}

TEST(ping, is_answered_by_a_pong_that_is_not_numbered) {
    script s;
    s.open();
    EXPECT_EQ(s.says(R"({"type":"ping","id":"a"})"),
              actions{R"(express {"type":"pong","id":"a"})"});
    EXPECT_EQ(s.says(R"({"type":"ping"})"), actions{R"(express {"type":"pong"})"});
    EXPECT_EQ(s.says(R"({"type":"pong"})"), actions{});
    EXPECT_EQ(s.says(R"({"type":"pong","id":3})"), actions{ok("3")});
}

TEST(unsupported, names_the_type) {
    struct row {
        char const* text;
        char const* message;
    };
    for (row const& r : std::vector<row>{
             {R"({"id":1,"type":"auth","token":"t"})", "this server does not support \\\"auth\\\""},
             {R"({"id":1,"type":"call","method":"m"})",
              "this server does not support \\\"call\\\""},
             {R"({"id":1,"type":"welcome"})", "unknown type \\\"welcome\\\""},
             {R"({"id":1,"type":""})", "unknown type \\\"\\\""},
         }) {
        SCOPED_TRACE(r.text);
        script s;
        s.open();
        EXPECT_EQ(s.says(r.text), actions{error("1", "unsupported", r.message)});
        EXPECT_EQ(at(s.counts.errors, errc::unsupported).read(), 1U);
    }
}

TEST(unsupported, a_long_name_is_cut_between_characters) {
    script s;
    s.open();
    std::string name;
    for (int i = 0; i != 100; ++i) name += "ß";
    std::string shown;
    for (int i = 0; i != 32; ++i) shown += "ß";
    EXPECT_EQ(
        s.says(R"({"id":1,"type":"x)" + name + "\"}"),
        actions{error("1", "unsupported", "unknown type \\\"x" + shown.substr(0, 62) + "…\\\"")});
}

}  // namespace
}  // namespace weir
