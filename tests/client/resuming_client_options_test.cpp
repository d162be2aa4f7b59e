#include "client/resuming_client_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::client_engine {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class client_options_test : public client_fixture {};

/// Resumes with less than it handled.
class rewinding_client_test : public client_fixture {
protected:
    rewinding_client_test()
        : client_fixture({.number = 3, .topics = {0, 1}, .seed = 5, .token = "T", .rewind = true}) {
    }
    std::uint64_t received_of_hello() {
        auto const text = take_sent().at(0);
        EXPECT_THAT(text, HasSubstr(R"("token":"T")"));
        return std::stoull(text.substr(text.find("received") + 10));
    }
};

TEST_F(rewinding_client_test, counts_nothing_twice_that_comes_again) {
    open();
    std::uint64_t rewound = 0;
    for (int round = 0; round != 20; ++round) {
        int const next = 11 + 2 * round;
        message(0, next);
        message(0, next + 1);
        auto const counted = client.counted();
        take_sent();
        lose();
        auto const received = received_of_hello();
        ASSERT_LE(received, counted);
        rewound += counted - received;
        take_told();
        welcome(true, 1000);
        for (auto n = received; n != counted; ++n) {
            // Messages 1 and 2 of the session are the answers to the subscribes.
            n == 0   ? ok_to_subscribe(0, 10)
            : n == 1 ? ok_to_subscribe(1, 20)
                     : message(0, static_cast<int>(n) + 9);
        }
        EXPECT_EQ(client.counted(), counted);
        EXPECT_THAT(take_told(), IsEmpty());
    }
    EXPECT_GT(rewound, 0U);
}

TEST_F(rewinding_client_test, notices_another_text_at_a_number) {
    open();
    for (int round = 0; round != 50; ++round) {
        message(0, 11 + round);
        lose();
        if (received_of_hello() == client.counted()) {
            welcome(true, 1000);
            continue;
        }
        welcome(true, 1000);
        take_told();
        message(1, 99);
        EXPECT_THAT(take_told(), ElementsAre(HasSubstr("was sent again with another text")));
        return;
    }
    FAIL() << "it never rewound";
}

TEST_F(client_options_test, replaces_the_options_of_a_subscription) {
    open();
    client.set_options(0, R"(,"rate":5)");
    EXPECT_TRUE(client.asking(0));
    EXPECT_THAT(take_sent(),
                ElementsAre(R"({"type":"subscribe","id":"s0.2","topic":"log.a","rate":5})"));
    message(0, 11);
    EXPECT_THAT(take_told(), ElementsAre(R"(delivered 0 11 {"n":1})"));
    lose();
    take_sent();
    welcome(true);
    EXPECT_THAT(take_sent(),
                ElementsAre(R"({"type":"subscribe","id":"s0.2","topic":"log.a","rate":5})"));
    ok_to_subscribe(0, 11, {}, 2);
    EXPECT_FALSE(client.asking(0));
    ok_to_subscribe(0, 11, {}, 2);  // the question was sent twice
    ok_to_subscribe(0, 10, {}, 1);  // and an older one
    EXPECT_THAT(take_told(), ElementsAre("subscribed 0 E 11 not - -"));
    lose();
    take_sent();
    welcome();
    EXPECT_THAT(take_sent(), ElementsAre(R"({"type":"subscribe","id":"s0.3","topic":"log.a",)"
                                         R"("since":{"epoch":"E","offset":11},"rate":5})",
                                         R"({"type":"subscribe","id":"s1.2","topic":"log.b",)"
                                         R"("since":{"epoch":"E","offset":20}})"));
}

TEST_F(client_options_test, comes_back_with_the_position_of_a_conflating_subscription) {
    connect();
    welcome();
    ok_to_subscribe(0, 10, R"(,"recovered":false,"conflating":true)");
    ok_to_subscribe(1, 20);
    message(0, 15);
    get(R"({"type":"gap","topic":"log.a","payload":{"reason":"slow","from":16,"to":17}})");
    lose();
    take_sent();
    welcome();
    EXPECT_THAT(take_sent(), testing::Contains(HasSubstr(R"("since":{"epoch":"E","offset":10})")));
    ok_to_subscribe(0, 20, R"(,"receipt":{"from":11,"to":20},"conflating":true)", 2);
    get(R"({"type":"position","topic":"log.a","payload":{"epoch":"E","offset":12}})");
    message(0, 21);
    auto const counted = client.counted();
    lose();
    take_sent();
    welcome();
    EXPECT_EQ(counted, 3U);  // the position has a number, too
    EXPECT_THAT(take_sent(), testing::Contains(HasSubstr(R"("since":{"epoch":"E","offset":12})")));
}

TEST_F(client_options_test, repeats_a_request_until_it_is_answered) {
    open();
    client.request("7", R"(,"type":"sync")");
    EXPECT_THAT(take_sent(), ElementsAre(R"({"id":"q7","type":"sync"})"));
    lose();
    take_sent();
    welcome();
    EXPECT_THAT(take_sent(), testing::Contains(R"({"id":"q7","type":"sync"})"));
    get(R"({"type":"ok","id":"q7","payload":{"topics":{}}})");
    get(R"({"type":"ok","id":"q7","payload":{"topics":{}}})");
    EXPECT_THAT(take_told(), ElementsAre(R"(answered 7 {"topics":{}})"));
    lose();
    take_sent();
    welcome();
    EXPECT_THAT(take_sent(), testing::Not(testing::Contains(HasSubstr("sync"))));
}

TEST_F(client_options_test, says_how_long_the_server_was_silent) {
    reports_verdicts = true;
    open();
    auto const heard = now;
    now += 3s;
    client.lost({}, now);
    connect();
    auto const silent = std::chrono::duration_cast<milliseconds>(now - heard);
    welcome();
    EXPECT_THAT(take_told(),
                testing::Contains("not resumed expired " + std::to_string(silent.count())));
}

}  // namespace
}  // namespace weir::client_engine
