#include "session/script.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace weir {
namespace {

using step = std::function<void(script&)>;

position const somewhere{epoch_id{7}, 41};

step says(std::string text) {
    return [text](script& s) {
        if (!s.port.away) s.says(text);
    };
}

/// A life of a session with something of everything in it.
std::vector<step> life() {
    return {
        says(R"({"type":"hello","id":1,"payload":{"token":"ann"}})"),
        says(R"({"type":"subscribe","topic":"open.a","id":2})"),
        says(R"({"type":"subscribe","topic":"open.b","id":3})"),
        says(R"({"type":"subscribe","topic":"open.a"})"),
        says(R"({"type":"publish","topic":"open.a","payload":1,"id":4})"),
        says(R"({"type":"publish","topic":"open.a","payload":1})"),
        [](script& s) { s.session().on_joined("open.a", as_answer(somewhere)); },
        says(R"({"type":"unsubscribe","topic":"open.b","id":5})"),
        [](script& s) {
            for (auto const& p : s.port.publishes) s.session().on_published(p.ticket, somewhere);
        },
        says(R"({"type":"ping","id":6})"),
        says(R"({"type":"history","topic":"log.a","id":8})"),
        says(R"({"type":"sync","topics":["log.a","log.b"],"id":9})"),
        says(R"({"type":"presence","topic":"log.a","id":10})"),
        [](script& s) {
            for (auto const& r : s.port.reads) s.session().on_read(r.ticket, log_page{}, s.at);
        },
        says(R"({"type":"received","count":0})"),
        says(R"({"type":"jump","id":7})"),
        says("nonsense"),
        [](script& s) { s.session().subscribe_by_server("$user.ann", s.at); },
        [](script& s) { s.session().on_joined("$user.ann", fault{errc::limit_reached, "full"}); },
        [](script& s) { s.session().go_away({"drain", milliseconds(1), milliseconds(1)}); },
        [](script& s) { s.session().unsubscribe_by_server("open.a", {errc::forbidden, "no"}); },
        [](script& s) { s.passes(milliseconds(24'000)); },
        [](script& s) { s.session().on_pong_frame(s.at); },
        [](script& s) { s.session().on_delivered(s.at); },
        says(R"({"type":"pong"})"),
    };
}

/// Everything that ends a connection, whatever the session is doing.
std::vector<std::pair<char const*, step>> ends() {
    return {
        {"server", [](script& s) { s.session().close(close_reason::disconnected); }},
        {"binary",
         [](script& s) { s.session().on_unreadable(close_reason::unsupported_data, s.at); }},
        {"silence", [](script& s) { s.passes(milliseconds(100'000)); }},
        {"errors",
         [](script& s) {
             for (int i = 0; i != 30; ++i) says("x")(s);
         }},
        {"flood",
         [](script& s) {
             for (int i = 0; i != 130; ++i) says(R"({"type":"ping"})")(s);
         }},
        {"second hello",
         [](script& s) {
             for (int i = 0; i != 30; ++i) {
                 says(R"({"type":"hello","payload":{"token":"old"}})")(s);
             }
         }},
    };
}

/// A connection whose client is told to come back: the session goes on, in the words of its port,
/// until its time is over.
void outlives_its_connection(script& s) {
    session& talk = s.session();
    EXPECT_TRUE(talk.is_alive());
    for (step const& more : life()) more(s);
    EXPECT_TRUE(talk.is_closing()) << "the client is not heard any more";
    auto const publishes = s.port.publishes.size();
    ASSERT_TRUE(s.detaches());
    EXPECT_EQ(talk.deadline(), s.at.mono + s.settings.resume_window);
    for (step const& more : life()) more(s);
    EXPECT_EQ(s.port.publishes.size(), publishes);
    EXPECT_TRUE(talk.is_alive());
    s.passes(s.settings.resume_window);
}

/// The port of the script fails the test when it is asked for what a connection that is being
/// closed, or a session that is over, does not ask.
TEST(every_step, after_the_end_nothing_is_asked_any_more) {
    auto const steps = life();
    std::size_t lived_on = 0;
    for (auto const& [name, end] : ends()) {
        for (std::size_t cut = 0; cut <= steps.size(); ++cut) {
            SCOPED_TRACE(std::string(name) + " after step " + std::to_string(cut));
            script s;
            s.settings.messages_per_second = 10;
            s.settings.errors_per_minute = 4;
            session& talk = s.connect();
            for (std::size_t i = 0; i != cut; ++i) steps[i](s);
            ASSERT_FALSE(s.port.closed);
            end(s);
            ASSERT_TRUE(s.port.closed);
            EXPECT_TRUE(talk.is_closing());
            EXPECT_FALSE(talk.is_open());
            EXPECT_EQ(talk.deadline(), never);
            if (!s.port.over) {
                ++lived_on;
                ASSERT_NO_FATAL_FAILURE(outlives_its_connection(s));
            }
            ASSERT_TRUE(s.port.over);
            EXPECT_FALSE(talk.is_alive());
            s.did();
            for (step const& more : steps) more(s);
            for (auto const& [again, another] : ends()) another(s);
            EXPECT_EQ(s.did(), actions{});
            EXPECT_FALSE(s.detaches()) << "what is over does not wait for anybody";
        }
    }
    EXPECT_EQ(lived_on, 2 * steps.size() + 1) << "silence and flood, except silence at first";
}

TEST(every_step, without_a_resume_window_the_connection_is_all) {
    auto const steps = life();
    for (auto const& [name, end] : ends()) {
        for (std::size_t cut = 0; cut <= steps.size(); ++cut) {
            script s;
            s.settings.messages_per_second = 10;
            s.settings.errors_per_minute = 4;
            s.settings.resume_window = milliseconds(0);
            s.connect();
            for (std::size_t i = 0; i != cut; ++i) steps[i](s);
            end(s);
            ASSERT_TRUE(s.port.over) << name << cut;
            s.did();
            for (step const& more : steps) more(s);
            EXPECT_EQ(s.did(), actions{});
            EXPECT_FALSE(s.detaches());
        }
    }
}

TEST(every_step, a_session_may_be_destroyed) {
    auto const steps = life();
    for (std::size_t cut = 0; cut <= steps.size(); ++cut) {
        script s;
        s.connect();
        for (std::size_t i = 0; i != cut; ++i) steps[i](s);
        s.drop();
        EXPECT_EQ(s.directory.connections(), 0U);
    }
}

}  // namespace
}  // namespace weir
