#include "session/answers.hpp"
#include "session/script.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <functional>
#include <string>
#include <vector>

namespace weir {
namespace {

using texts = std::vector<std::string>;

/// A script whose session can be resumed from far back.
struct resumable : script {
    explicit resumable(bool anonymous = true) : script(anonymous) {
        settings.ring.replay_frames = 100;
        settings.ring.replay_bytes = 100'000;
    }
    nlohmann::json welcome() const {
        return nlohmann::json::parse(port.last_welcome).at("payload");
    }
    void gives(std::string const& text) {
        ASSERT_EQ(session().frames().push(make_frame("", text, true)), enqueued::queued);
        did();
    }
};

TEST(resume, gives_again_what_was_not_handled_and_then_what_was_collected) {
    resumable s;
    s.open();
    for (char const* const text : {"1", "2", "3"}) s.gives(text);
    auto const before = s.welcome();
    ASSERT_TRUE(s.detaches());
    s.gives("4");
    EXPECT_EQ(s.handled, (texts{"1", "2", "3"}));
    EXPECT_EQ(s.resumes(s.hello_again(1)), actions{"welcome"}) << "it is indexed already";
    EXPECT_EQ(s.handled, (texts{"1", "2", "3", "4"}));
    EXPECT_EQ(s.session().frames().received(), 1U);
    auto const after = s.welcome();
    EXPECT_EQ(after.at("session"), before.at("session"));
    EXPECT_EQ(after.at("secret"), before.at("secret"));
    EXPECT_EQ(after.at("resumed"), true);
    EXPECT_FALSE(after.contains("reason"));
    EXPECT_EQ(at(s.counts.resumes, resume_result::resumed).read(), 1U);
}

TEST(resume, welcome_goes_first_and_the_answer_to_hello_last) {
    resumable s;
    s.open();
    s.gives("1");
    ASSERT_TRUE(s.detaches());
    s.gives("2");
    s.reads = false;
    std::string hello = s.hello_again(0);
    hello.insert(1, R"("id":"h",)");
    EXPECT_EQ(s.resumes(hello), (actions{"welcome", ok("\"h\"")}));
    std::vector<frame const*> waiting(9);
    waiting.resize(s.session().frames().peek(waiting));
    ASSERT_EQ(waiting.size(), 4U);
    EXPECT_FALSE(waiting[0]->numbered());
    EXPECT_EQ(waiting[1]->body(), "1");
    EXPECT_EQ(waiting[2]->body(), "2");
    EXPECT_EQ("send " + std::string(waiting[3]->body()), ok("\"h\""));
}

/// What is done to a session whose connection is gone, and what a hello is told then.
TEST(resume, is_refused_with_the_reason) {
    struct row {
        char const* name;
        char const* token;  ///< whose the session is
        std::function<actions(resumable&)> comes_back;
        char const* verdict;
    };
    auto const with_secret = [](resumable& s, std::string const& secret) {
        std::string hello = s.hello_again();
        std::string const real = s.welcome().at("secret");
        hello.replace(hello.find(real), real.size(), secret);
        return s.resumes(hello);
    };
    for (row const& r : std::vector<row>{
             {"another secret", "",
              [&](resumable& s) { return with_secret(s, id128::random().text()); }, "secret"},
             {"no secret at all", "", [&](resumable& s) { return with_secret(s, ""); }, "secret"},
             {"the session's name as secret", "",
              [&](resumable& s) { return with_secret(s, s.welcome().at("session")); }, "secret"},
             {"another user", "ben", [](resumable& s) { return s.resumes(s.hello_again(), "ann"); },
              "user"},
             {"nobody, of a user's", "ann", [](resumable& s) { return s.resumes(s.hello_again()); },
              "user"},
             {"a user, of nobody's", "",
              [](resumable& s) { return s.resumes(s.hello_again(3, R"(,"token":"ann")")); },
              "user"},
             {"more than was sent", "",
              [](resumable& s) { return s.resumes(s.hello_again(s.handled.size() + 1)); }, "lost"},
             {"far more", "",
              [](resumable& s) { return s.resumes(s.hello_again(9'007'199'254'740'991)); }, "lost"},
             {"less than it has confirmed", "",
              [](resumable& s) { return s.resumes(s.hello_again(1)); }, "overflow"},
             {"overflow", "",
              [](resumable& s) {
                  s.session().ruin(resume_result::overflow);
                  return s.resumes(s.hello_again());
              },
              "overflow"},
             {"evicted", "",
              [](resumable& s) {
                  s.session().ruin(resume_result::expired);
                  return s.resumes(s.hello_again());
              },
              "expired"},
             {"ended", "",
              [](resumable& s) {
                  s.session().end();
                  return s.resumes(s.hello_again());
              },
              "expired"},
             {"too late", "",
              [](resumable& s) {
                  EXPECT_EQ(s.passes(s.settings.resume_window).size(), 1U);
                  return s.resumes(s.hello_again());
              },
              "expired"},
             {"ruined, and the secret is wrong", "",
              [&](resumable& s) {
                  s.session().ruin(resume_result::overflow);
                  return with_secret(s, id128::random().text());
              },
              "secret"},
         }) {
        SCOPED_TRACE(r.name);
        resumable s;
        std::string const token = r.token;
        s.open(token.empty() ? R"({"type":"hello"})"
                             : R"({"type":"hello","payload":{"token":")" + token + R"("}})");
        for (int i = 0; i != 5; ++i) s.gives("x");
        s.says(R"({"type":"received","count":2})");
        ASSERT_TRUE(s.detaches());
        std::string const verdict = r.verdict;
        EXPECT_EQ(r.comes_back(s), actions{"refused " + verdict});
        EXPECT_EQ(at(s.counts.resumes, resume_result::resumed).read(), 0U);
        if (verdict == "expired" || s.session().is_ruined()) continue;
        EXPECT_EQ(s.resumes(s.hello_again(2), token), actions{"welcome"})
            << "a wrong try harms nobody";
        EXPECT_EQ(s.handled.size(), 5U);
    }
}

TEST(resume, nothing_is_kept_beyond_the_bounds) {
    resumable s;
    s.settings.ring.replay_frames = 4;
    s.open();
    s.sends_numbered(10);
    ASSERT_TRUE(s.detaches());
    EXPECT_EQ(s.resumes(s.hello_again(5)), actions{"refused overflow"});
    EXPECT_EQ(s.resumes(s.hello_again(6)), actions{"welcome"});
}

TEST(resume, is_for_a_session_that_has_begun) {
    resumable s;
    s.open();
    std::string const hello = s.hello_again();
    s.connect();
    EXPECT_FALSE(s.detaches());
    EXPECT_EQ(s.resumes(hello), actions{"refused secret"});
}

TEST(resume, has_its_time) {
    resumable s;
    s.settings.resume_window = milliseconds(5000);
    session& talk = s.open();
    ASSERT_TRUE(s.detaches());
    EXPECT_FALSE(talk.is_open());
    EXPECT_FALSE(talk.is_closing());
    EXPECT_TRUE(talk.is_alive());
    EXPECT_EQ(s.passes(milliseconds(4999)), actions{});
    EXPECT_EQ(s.resumes(s.hello_again()), actions{"welcome"});
    EXPECT_EQ(s.passes(milliseconds(5000)), actions{}) << "that was the old connection's";
    ASSERT_TRUE(s.detaches());
    EXPECT_EQ(s.passes(milliseconds(4999)), actions{});
    EXPECT_EQ(s.passes(milliseconds(1)), actions{"close 4203 continuity lost"});
    EXPECT_FALSE(talk.is_alive());
    EXPECT_EQ(talk.deadline(), never);
}

TEST(resume, is_not_for_a_server_that_keeps_nothing) {
    resumable s;
    s.settings.resume_window = milliseconds(0);
    s.open();
    EXPECT_EQ(s.resumes(s.hello_again()), actions{"refused expired"})
        << "not even before its connection is gone: no publish is remembered";
    EXPECT_TRUE(s.session().is_open());
    EXPECT_FALSE(s.detaches());
    EXPECT_EQ(s.resumes(s.hello_again()), actions{"refused expired"});
}

TEST(resume, may_come_before_the_old_connection_is_known_to_be_gone) {
    resumable s;
    session& talk = s.open();
    s.gives("1");
    EXPECT_EQ(s.resumes(s.hello_again(0)), actions{"welcome"});
    EXPECT_EQ(s.handled, texts{"1"});
    EXPECT_TRUE(talk.is_open());
    EXPECT_EQ(s.says(R"({"type":"ping"})"), actions{R"(express {"type":"pong"})"});
}

TEST(resume, may_come_while_the_old_connection_is_being_closed) {
    resumable s;
    session& talk = s.open();
    talk.close(close_reason::draining);
    EXPECT_EQ(s.did().size(), 1U);
    EXPECT_EQ(s.says(R"({"type":"ping"})"), actions{});
    EXPECT_EQ(s.resumes(s.hello_again()), actions{"welcome"});
    EXPECT_EQ(s.says(R"({"type":"ping"})"), actions{R"(express {"type":"pong"})"});
}

TEST(resume, again_and_again) {
    resumable s;
    s.open();
    for (int i = 1; i != 30; ++i) {
        s.gives(std::to_string(i));
        if (i % 3 != 0) {
            ASSERT_TRUE(s.detaches());
        }
        auto const lost = s.handled.size() - s.session().frames().received();
        ASSERT_EQ(s.resumes(s.hello_again(s.handled.size() - lost / 2)), actions{"welcome"}) << i;
        ASSERT_EQ(s.handled.size(), static_cast<std::size_t>(i));
        EXPECT_EQ(s.handled.back(), std::to_string(i));
    }
}

TEST(resume, a_connection_that_was_handed_over_is_done) {
    resumable s;
    session& talk = s.connect();
    s.port.on_resume = [&](auto const&) -> std::optional<resume_result> {
        (void)talk.hand_over();
        return std::nullopt;
    };
    std::string const wanted = id128::random().text();
    EXPECT_EQ(s.says(R"({"type":"hello","id":1,"payload":{"resume":{"session":")" + wanted +
                     R"(","secret":")" + wanted + R"(","received":0}}})"),
              actions{"resume " + wanted});
    EXPECT_EQ(talk.deadline(), never);
    EXPECT_TRUE(talk.is_closing());
    EXPECT_EQ(s.says(R"({"type":"ping","id":2})"), actions{});
    talk.on_tick(s.at);
    talk.on_unreadable(close_reason::unsupported_data, s.at);
    talk.close(close_reason::disconnected);
    EXPECT_EQ(s.did(), actions{});
    EXPECT_FALSE(s.detaches());
}

TEST(resume, that_was_refused_elsewhere_is_not_asked_for_again) {
    resumable s;
    s.connect();
    s.session().refuse_resume(resume_result::overflow);
    EXPECT_EQ(s.says(R"({"type":"hello","payload":{"resume":{"session":"a","secret":"b",)"
                     R"("received":0}}})"),
              (actions{"welcome", "opened"}));
    EXPECT_EQ(s.welcome().at("reason"), "overflow");
    EXPECT_EQ(at(s.counts.resumes, resume_result::overflow).read(), 1U);
}

}  // namespace
}  // namespace weir
