#include "session/script.hpp"

#include <gtest/gtest.h>

#include <string>

namespace weir {
namespace {

position const somewhere{epoch_id{7}, 41};

TEST(server, subscribes_without_asking_the_rules_and_within_the_limit) {
    script s;
    s.settings.subscriptions_max = 2;
    session& talk = s.open();
    EXPECT_TRUE(talk.subscribe_by_server("shut", s.at));
    EXPECT_TRUE(talk.subscribe_by_server("$user.ann", s.at));
    EXPECT_EQ(s.did(), (actions{"subscribe shut by server", "subscribe $user.ann by server"}));
    EXPECT_FALSE(talk.subscribe_by_server("third", s.at));
    EXPECT_EQ(at(s.counts.limited, limit_kind::subscriptions).read(), 1U);
    EXPECT_TRUE(talk.subscribe_by_server("shut", s.at)) << "which it has already";
    EXPECT_EQ(s.did(), actions{});
    EXPECT_EQ(s.joins("shut", somewhere), actions{});
    EXPECT_EQ(s.joins("$user.ann", fault{errc::limit_reached, "full"}), actions{});
    EXPECT_EQ(at(s.counts.limited, limit_kind::topics).read(), 1U);
}

TEST(server, a_client_that_joins_a_pending_one_of_the_servers_is_answered_with_it) {
    script s;
    session& talk = s.open();
    talk.subscribe_by_server("open.a", s.at);
    EXPECT_EQ(s.did(), actions{"subscribe open.a by server"});
    EXPECT_EQ(s.says(R"({"type":"subscribe","topic":"open.a","id":1})"), actions{"change open.a"});
    EXPECT_EQ(
        s.joins("open.a", fault{errc::limit_reached, "full"}),
        actions{
            R"(send {"type":"error","id":1,"payload":{"code":"limit_reached","message":"full"}})"});
}

TEST(server, unsubscribes_and_says_why) {
    script s;
    session& talk = s.open();
    s.port.answered = &talk;
    s.says(R"({"type":"subscribe","topic":"open.a"})");
    talk.unsubscribe_by_server("open.a", {errc::forbidden, "no more"});
    EXPECT_EQ(
        s.did(),
        (actions{
            "unsubscribe open.a",
            R"(send {"type":"unsubscribed","topic":"open.a","payload":{"code":"forbidden","message":"no more"}})"}));
    talk.unsubscribe_by_server("open.a", {errc::forbidden, "no more"});
    EXPECT_EQ(s.did(), actions{});
}

TEST(server, unsubscribing_answers_those_who_wait) {
    script s;
    session& talk = s.open();
    s.says(R"({"type":"subscribe","topic":"open.a","id":1})");
    talk.unsubscribe_by_server("open.a", {errc::forbidden, "no"});
    EXPECT_EQ(
        s.did(),
        (actions{
            "unsubscribe open.a",
            R"(send {"type":"error","id":1,"payload":{"code":"forbidden","message":"no"}})",
            R"(send {"type":"unsubscribed","topic":"open.a","payload":{"code":"forbidden","message":"no"}})"}));
}

TEST(server, says_goodbye_outside_the_numbering) {
    script s;
    session& talk = s.open();
    talk.go_away({"drain", milliseconds(1500), milliseconds(30'000)});
    EXPECT_EQ(
        s.did(),
        actions{
            R"(express {"type":"goaway","payload":{"reason":"drain","reconnect_after_ms":1500,"deadline_ms":30000}})"});
    EXPECT_TRUE(talk.is_open());
}

TEST(server, closes_once_with_a_text_that_fits) {
    script s;
    session& talk = s.open();
    std::string text = "x";
    for (int i = 0; i != 100; ++i) text += "€";
    talk.close(close_reason::disconnected, text);
    EXPECT_EQ(s.did(), actions{"close 4003 " + text.substr(0, 121)});
    talk.close(close_reason::revoked);
    EXPECT_EQ(s.did(), actions{});

    script plain;
    plain.open();
    plain.session().close(close_reason::slow_consumer);
    EXPECT_EQ(plain.did(), actions{"close 4104 slow consumer"});
}

TEST(server, has_nothing_to_say_before_the_welcome) {
    script s;
    session& talk = s.connect();
    talk.subscribe_by_server("open.a", s.at);
    talk.unsubscribe_by_server("open.a", {errc::forbidden, "no"});
    talk.go_away({"drain", milliseconds(1), milliseconds(1)});
    talk.on_joined("open.a", as_answer(somewhere));
    talk.on_published(3, fault{});
    talk.on_published(2, fault{});
    EXPECT_EQ(s.did(), actions{});
}

}  // namespace
}  // namespace weir
