#include "client/resuming_client_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::client_engine {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using phase = resuming_client::phase;

class resuming_client_test : public client_fixture {};

TEST_F(resuming_client_test, greets_and_subscribes) {
    connect();
    EXPECT_THAT(take_sent(),
                ElementsAre(R"({"type":"hello","payload":{"heartbeat":{"mode":"message",)"
                            R"("interval_ms":2000}}})"));
    welcome();
    EXPECT_THAT(take_sent(), ElementsAre(R"({"type":"subscribe","id":"s0.1","topic":"log.a"})",
                                         R"({"type":"subscribe","id":"s1.1","topic":"log.b"})"));
    ok_to_subscribe(1, 20);
    EXPECT_FALSE(client.subscribed_to_all());
    ok_to_subscribe(0, 10);
    EXPECT_TRUE(client.subscribed_to_all());
    message(0, 11);
    EXPECT_THAT(take_told(), ElementsAre("subscribed 1 E 20 not - -", "subscribed 0 E 10 not - -",
                                         R"(delivered 0 11 {"n":1})"));
}

TEST_F(resuming_client_test, counts_all_but_five_types) {
    open();
    EXPECT_EQ(client.counted(), 2U);
    for (auto const* type : {"ping", "pong", "goaway", "close"}) {
        get(std::string(R"({"type":")") + type + "\"}");
    }
    EXPECT_EQ(client.counted(), 2U);
    get(R"({"type":"gap","topic":"log.a","payload":{"reason":"slow","from":11,"to":12}})");
    get(R"({"type":"presence","topic":"log.a","payload":{}})");
    get(R"({"type":"novelty"})");
    EXPECT_EQ(client.counted(), 5U);
    EXPECT_THAT(take_told(), ElementsAre("gap 0 11 12 0 slow"));
}

TEST_F(resuming_client_test, says_received_each_quarter) {
    open();  // two numbered
    message(0, 11);
    EXPECT_THAT(take_sent(), IsEmpty());
    message(0, 12);
    EXPECT_THAT(take_sent(), ElementsAre(R"({"type":"received","count":4})"));
    for (int n = 13; n <= 16; ++n) message(0, n);
    EXPECT_THAT(take_sent(), ElementsAre(R"({"type":"received","count":8})"));
}

TEST_F(resuming_client_test, resumes_with_what_it_counted) {
    open();
    message(0, 11);
    lose();
    EXPECT_THAT(take_sent(),
                ElementsAre(HasSubstr(R"("resume":{"session":"S","secret":"X","received":3}})")));
    welcome(true);
    EXPECT_THAT(take_sent(), IsEmpty());
    message(0, 12);
    EXPECT_EQ(client.counted(), 4U);
    EXPECT_THAT(take_told(), ElementsAre(HasSubstr("delivered 0 11"), HasSubstr("delivered 0 12")));
}

TEST_F(resuming_client_test, subscribes_anew_with_since_where_it_cannot_resume) {
    open();
    message(0, 11);
    lose();
    take_sent();
    take_told();
    welcome(false);
    EXPECT_EQ(client.counted(), 0U);
    EXPECT_THAT(take_sent(), ElementsAre(R"({"type":"subscribe","id":"s0.2","topic":"log.a",)"
                                         R"("since":{"epoch":"E","offset":11}})",
                                         R"({"type":"subscribe","id":"s1.2","topic":"log.b",)"
                                         R"("since":{"epoch":"E","offset":20}})"));
    ok_to_subscribe(0, 15, R"(,"recovered":true,"receipt":{"from":12,"to":15})", 2);
    EXPECT_THAT(take_told(), ElementsAre("subscribed 0 E 15 whole 11 12-15"));
    message(0, 12);
    lose();  // in the middle of the recovery
    welcome(false);
    EXPECT_THAT(sent, testing::Contains(HasSubstr(R"("since":{"epoch":"E","offset":12})")));
}

TEST_F(resuming_client_test, asks_again_what_was_not_answered) {
    connect();
    welcome();
    ok_to_subscribe(0, 10);
    lose();
    take_sent();
    welcome(true);
    EXPECT_THAT(take_sent(), ElementsAre(R"({"type":"subscribe","id":"s1.1","topic":"log.b"})"));
    ok_to_subscribe(1, 20);
    ok_to_subscribe(1, 25);  // both were executed; the first counts
    EXPECT_THAT(take_told(), ElementsAre(HasSubstr("subscribed 0"), "subscribed 1 E 20 not - -"));
    EXPECT_EQ(client.counted(), 3U);
}

TEST_F(resuming_client_test, sends_unanswered_publishes_again_and_the_same) {
    open();
    client.publish(1, 0, R"({"n":1})");
    client.publish(2, 1, R"({"n":2})");
    auto const before = take_sent();
    EXPECT_THAT(before[0], R"({"type":"publish","id":1,"topic":"log.a","payload":{"n":1}})");
    get(R"({"type":"ok","id":1,"payload":{"position":{"epoch":"E","offset":11}}})");
    lose();
    take_sent();
    welcome(true);
    EXPECT_THAT(take_sent(), ElementsAre(before[1]));
    get(R"({"type":"ok","id":2,"payload":{"position":{"epoch":"E","offset":21}}})");
    get(R"({"type":"ok","id":2,"payload":{"position":{"epoch":"E","offset":21}}})");
    EXPECT_EQ(client.unanswered(), 0U);
    EXPECT_THAT(take_told(), ElementsAre("acknowledged 1 0 E 11", "acknowledged 2 1 E 21"));
    get(R"({"type":"ok","id":2,"payload":{"position":{"epoch":"E","offset":22}}})");
    EXPECT_THAT(take_told(),
                ElementsAre("broken publish 2 was answered with offset 21 and then with 22"));
    get(R"({"type":"ok","id":1,"payload":{"position":{"epoch":"E","offset":11}}})");
    EXPECT_THAT(take_told(), ElementsAre(HasSubstr("answered twice")));
}

TEST_F(resuming_client_test, gives_publishes_of_a_lost_session_up) {
    open();
    client.publish(1, 0, "1");
    lose();
    welcome(false);
    EXPECT_THAT(take_told(), ElementsAre("unknown 1"));
    EXPECT_EQ(client.unanswered(), 0U);
}

TEST_F(resuming_client_test, tells_errors_by_their_outcome) {
    open();
    for (int n = 1; n <= 3; ++n) client.publish(static_cast<std::uint64_t>(n), 0, "1");
    get(R"({"type":"error","id":1,"payload":{"code":"rate_limited","message":"",)"
        R"("outcome":"not_stored"}})");
    get(R"({"type":"error","id":2,"payload":{"code":"timeout","message":"","outcome":"unknown"}})");
    EXPECT_THAT(take_told(), ElementsAre("refused 1", "unknown 2"));
    get(R"({"type":"error","id":3,"payload":{"code":"conflict","message":"",)"
        R"("outcome":"not_stored"}})");
    EXPECT_THAT(take_told(), ElementsAre(HasSubstr("broken error"), "refused 3"));
    get(R"({"type":"error","payload":{"code":"bad_request","message":""}})");
    EXPECT_THAT(take_told(), ElementsAre(HasSubstr("broken error")));
}

TEST_F(resuming_client_test, asks_later_where_a_subscribe_is_refused_for_now) {
    connect();
    welcome();
    take_sent();
    get(R"({"type":"error","id":"s0.1","payload":{"code":"unavailable","message":"",)"
        R"("retry_after_ms":300}})");
    EXPECT_EQ(client.due(), now + 300ms);
    now = client.due();
    EXPECT_FALSE(client.tick(now));
    EXPECT_THAT(take_sent(), ElementsAre(HasSubstr(R"("id":"s0.2","topic":"log.a")")));
}

TEST_F(resuming_client_test, backs_off_as_the_protocol_says) {
    for (int const most : {1, 2, 4, 8, 16, 30, 30}) {
        connect();
        client.lost({}, now);
        EXPECT_EQ(client.at(), phase::away);
        EXPECT_LE(client.due() - now, seconds(most));
    }
    connect();
    client.lost({.status = 503, .retry_after = 7000ms}, now);
    EXPECT_GE(client.due() - now, 7s);
    connect();
    client.lost({.code = std::uint16_t{4200}}, now);
    EXPECT_LE(client.due() - now, 1s);
    EXPECT_THAT(take_told(), IsEmpty());
    connect();
    client.lost({.code = std::uint16_t{4001}}, now);
    EXPECT_EQ(client.at(), phase::done);
    EXPECT_THAT(take_told(), ElementsAre(HasSubstr("closed with 4001")));
}

TEST_F(resuming_client_test, spreads_its_returns_over_the_whole_wait) {
    mono_time::duration least = 1h, most = 0s;
    for (std::uint64_t seed = 0; seed != 200; ++seed) {
        resuming_client other({.topics = {}, .names = &names, .seed = seed},
                              static_cast<client_link&>(*this), static_cast<witness&>(*this));
        ASSERT_TRUE(other.tick(now));
        other.lost({}, now);
        least = std::min(least, other.due() - now);
        most = std::max(most, other.due() - now);
    }
    EXPECT_LT(least, 50ms);
    EXPECT_GT(most, 950ms);
    EXPECT_LE(most, 1s);
}

TEST_F(resuming_client_test, never_resumes_a_session_that_was_resumed_elsewhere) {
    open();
    client.lost({.code = std::uint16_t{4006}}, now);
    connect();
    EXPECT_THAT(take_sent(), ElementsAre(Not(HasSubstr("resume"))));
}

TEST_F(resuming_client_test, leaves_a_server_that_says_nothing) {
    open();
    get(R"({"type":"ping"})");
    EXPECT_THAT(take_sent(), ElementsAre(R"({"type":"pong"})"));
    EXPECT_EQ(client.due(), now + 3s);
    now += 2s;
    message(0, 11);
    now += 1s;
    EXPECT_FALSE(client.tick(now));
    EXPECT_EQ(client.at(), phase::open);
    now += 2s;
    EXPECT_FALSE(client.tick(now));
    EXPECT_EQ(client.at(), phase::away);
    EXPECT_THAT(take_sent(), ElementsAre("drop"));
}

TEST_F(resuming_client_test, leaves_a_server_that_does_not_welcome_it) {
    connect();
    take_sent();
    now += 10s;
    EXPECT_FALSE(client.tick(now));
    EXPECT_EQ(client.at(), phase::away);
    EXPECT_THAT(take_sent(), ElementsAre("drop"));
}

TEST_F(resuming_client_test, goes_away_when_asked_to) {
    open();
    get(R"({"type":"goaway","payload":{"reason":"drain","reconnect_after_ms":500,)"
        R"("deadline_ms":30000}})");
    now += 500ms;
    EXPECT_FALSE(client.tick(now));
    EXPECT_EQ(client.at(), phase::away);
    EXPECT_LE(client.due() - now, 1s);
}

TEST_F(resuming_client_test, ends_its_session_when_it_is_through) {
    open();
    client.finish();
    EXPECT_EQ(client.at(), phase::done);
    EXPECT_EQ(client.due(), never);
    EXPECT_THAT(take_sent(), ElementsAre("leave"));
}

TEST_F(resuming_client_test, tells_what_makes_no_sense) {
    connect();
    get("{");
    message(0, 1);
    welcome(true);
    EXPECT_THAT(take_told(),
                ElementsAre(HasSubstr("not a JSON object"), HasSubstr("before the welcome"),
                            HasSubstr("not asked for"), HasSubstr("resumed another session")));
    message(1, 1);
    get(R"({"type":"message","topic":"other","offset":1,"payload":1})");
    get(R"({"type":"ok","id":"s9.1","payload":{}})");
    get(R"({"type":"unsubscribed","topic":"log.a","payload":{"code":"forbidden","message":""}})");
    EXPECT_THAT(take_told(),
                ElementsAre(HasSubstr("before ok"), HasSubstr("never subscribed"),
                            HasSubstr("answers nothing"), HasSubstr("unsubscribed from log.a")));
}

TEST_F(resuming_client_test, subscribes_with_the_options_it_was_given) {
    resuming_client with_options{{.topics = {0},
                                  .names = &names,
                                  .options = R"(,"state":true)",
                                  .first_options = R"(,"last":5)"},
                                 static_cast<client_link&>(*this),
                                 static_cast<witness&>(*this)};
    auto const connect_and_welcome = [&] {
        now = std::max(now, with_options.due());
        ASSERT_TRUE(with_options.tick(now));
        with_options.opened(now);
        take_sent();
        with_options.text(
            R"({"type":"welcome","payload":{"session":"S","secret":"X","resumed":false,"reason":"x"}})",
            now);
    };
    connect_and_welcome();
    EXPECT_THAT(
        take_sent(),
        ElementsAre(R"({"type":"subscribe","id":"s0.1","topic":"log.a","last":5,"state":true})"));
    with_options.text(
        R"({"type":"ok","id":"s0.1","payload":{"position":{"epoch":"E","offset":7}}})", now);
    with_options.lost({}, now);
    connect_and_welcome();
    EXPECT_THAT(take_sent(), ElementsAre(R"({"type":"subscribe","id":"s0.2","topic":"log.a",)"
                                         R"("since":{"epoch":"E","offset":7},"state":true})"));
}

TEST_F(resuming_client_test, leaves_an_ended_subscription_alone_when_told_to) {
    resuming_client obedient{{.topics = {0, 1}, .names = &names, .subscribe_again = false},
                             static_cast<client_link&>(*this),
                             static_cast<witness&>(*this)};
    auto const welcome_anew = [&] {
        now = std::max(now, obedient.due());
        ASSERT_TRUE(obedient.tick(now));
        obedient.opened(now);
        take_sent();
        obedient.text(
            R"({"type":"welcome","payload":{"session":"S","secret":"X","resumed":false,"reason":"x"}})",
            now);
    };
    welcome_anew();
    take_sent();
    obedient.text(
        R"({"type":"unsubscribed","topic":"log.a","payload":{"code":"forbidden","message":"x"}})",
        now);
    EXPECT_THAT(take_sent(), IsEmpty());
    obedient.lost({}, now);
    welcome_anew();
    EXPECT_THAT(take_sent(), ElementsAre(HasSubstr("log.b")));
}

}  // namespace
}  // namespace weir::client_engine
