#include "bench/history_checker.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace weir::bench {
namespace {

using kind = history_checker::kind;
using testing::HasSubstr;

/// Three clients of the topics `a` and `b`; 0 publishes.
class history_checker_test : public testing::Test {
protected:
    history_checker checker{{.topics = {"a", "b"}, .seats = {{0, 1}, {0, 1}, {0}}}};

    void SetUp() override {
        for (seat const s : {seat{0, 0}, seat{0, 1}, seat{1, 0}, seat{1, 1}, seat{2, 0}}) {
            checker.subscribed(s, at("E", 0), {});
        }
    }
    static subscribe_answer at(std::string epoch, std::uint64_t offset) {
        return {.at = place{std::move(epoch), offset}, .recovered = false, .receipt = {}};
    }
    static subscribe_answer recovered(std::uint64_t head, std::uint64_t from, std::uint64_t to,
                                      std::optional<declared_loss> missing = {}) {
        return {.at = place{"E", head},
                .recovered = !missing,
                .receipt = subscribe_answer::recovery{from, to, std::move(missing)}};
    }
    static std::string payload(std::uint64_t number, std::uint32_t publisher = 0) {
        return payload_of(publisher, number, 1, 60);
    }
    /// Message `number` of publisher 0 at the same offset.
    void message(seat s, std::uint64_t offset) { checker.delivered(s, offset, payload(offset)); }
    void messages(seat s, std::uint64_t from, std::uint64_t to) {
        for (auto n = from; n <= to; ++n) message(s, n);
    }
    void acknowledged(std::uint64_t number, std::uint64_t offset, std::uint32_t topic = 0) {
        checker.acknowledged(0, number, topic, {"E", offset});
    }
    void expect(kind what, char const* text) {
        EXPECT_EQ(checker.found(), 1U);
        ASSERT_FALSE(checker.findings().empty());
        EXPECT_EQ(to_string(checker.findings()[0].what), to_string(what));
        EXPECT_THAT(checker.findings()[0].text, HasSubstr(text));
    }
    void expect_clean() {
        EXPECT_TRUE(checker.clean());
        for (auto const& f : checker.findings()) ADD_FAILURE() << f.text;
    }
    seat const first{0, 0}, second{1, 0}, third{2, 0};
};

TEST_F(history_checker_test, is_content_with_one_order_for_all) {
    for (seat const s : {first, second, third}) messages(s, 1, 50);
    for (std::uint64_t n = 1; n <= 50; ++n) acknowledged(n, n);
    EXPECT_TRUE(checker.caught_up());
    checker.finish();
    expect_clean();
    EXPECT_EQ(checker.totals().delivered, 150U);
    EXPECT_EQ(checker.totals().acknowledged, 50U);
    EXPECT_EQ(checker.kept(), 0U);
}

TEST_F(history_checker_test, finds_a_hole) {
    messages(third, 1, 3);
    message(third, 6);
    expect(kind::hole, "client 2, a epoch E offset 4: 4 to 5 never came");
    EXPECT_THAT(checker.findings()[0].text, HasSubstr("message 3 of a, message 6 of a"));
}

TEST_F(history_checker_test, finds_a_repeated_one) {
    messages(first, 1, 3);
    message(first, 3);
    expect(kind::repeated, "offset 3: came again after 3");
}

TEST_F(history_checker_test, finds_a_reordered_one) {
    messages(first, 1, 2);
    message(first, 4);
    EXPECT_EQ(checker.found(kind::hole), 1U);
    message(first, 3);
    EXPECT_EQ(checker.found(kind::reordered), 1U);
    EXPECT_EQ(checker.found(), 2U);
}

TEST_F(history_checker_test, finds_two_messages_at_one_offset) {
    message(first, 1);
    checker.delivered(second, 1, payload(2));
    expect(kind::differs, "client 1, a epoch E offset 1");
}

TEST_F(history_checker_test, finds_a_message_that_nobody_published) {
    checker.delivered(first, 1, R"({"other":1})");
    expect(kind::differs, "nobody published");
}

TEST_F(history_checker_test, finds_a_publish_at_two_offsets) {
    checker.delivered(first, 1, payload(7));
    checker.delivered(first, 2, payload(7));
    expect(kind::executed_twice, "publish 7 of 0 at a offset 2: and at a offset 1");
}

TEST_F(history_checker_test, finds_a_publish_in_two_topics_and_long_after) {
    checker.delivered(first, 1, payload(7));
    checker.delivered({0, 1}, 1, payload(7));
    EXPECT_EQ(checker.found(kind::executed_twice), 1U);
    for (std::uint64_t n = 8; n <= 5000; ++n) checker.delivered(first, n - 6, payload(n));
    checker.delivered(first, 4995, payload(7));
    EXPECT_EQ(checker.found(kind::executed_twice), 2U);
    EXPECT_EQ(checker.found(), 2U);
}

TEST_F(history_checker_test, finds_an_acknowledged_one_elsewhere) {
    checker.delivered(first, 1, payload(7));
    acknowledged(7, 2);
    expect(kind::not_there, "publish 7 of 0, acknowledged at a offset 2, but is at a offset 1");
}

TEST_F(history_checker_test, finds_another_one_where_one_was_acknowledged) {
    acknowledged(7, 1);
    checker.delivered(first, 1, payload(8));
    expect(kind::not_there, "was acknowledged for publish 7 of 0, but is 8 of 0");
}

TEST_F(history_checker_test, finds_an_acknowledgement_of_what_everybody_saw_differently) {
    for (seat const s : {first, second, third}) messages(s, 1, 3);
    checker.trim();
    acknowledged(9, 2);
    expect(kind::not_there, "where everybody got something else");
}

TEST_F(history_checker_test, finds_an_acknowledged_one_that_never_comes) {
    for (seat const s : {first, second}) messages(s, 1, 3);
    messages(third, 1, 2);
    acknowledged(3, 3);
    EXPECT_FALSE(checker.caught_up());
    checker.finish();
    expect(kind::missing_tail, "client 2, a epoch E offset 2");
}

TEST_F(history_checker_test, finds_one_that_was_refused) {
    checker.refused(0, 1);
    message(first, 1);
    expect(kind::refused_stored, "publish 1 of 0 at a offset 1");
    message(first, 2);
    checker.refused(0, 2);
    EXPECT_EQ(checker.found(kind::refused_stored), 2U);
}

TEST_F(history_checker_test, finds_publishes_in_the_wrong_order) {
    for (seat const s : {first, second, third}) {
        checker.delivered(s, 1, payload(2));
        checker.delivered(s, 2, payload(1));
    }
    acknowledged(2, 1);
    acknowledged(1, 2);
    checker.finish();
    expect(kind::publisher_order, "publish 1 of 0 comes after 2 in a");
}

TEST_F(history_checker_test, lets_an_unknown_one_come_late) {
    checker.unknown(0, 1);
    for (seat const s : {first, second, third}) {
        checker.delivered(s, 1, payload(2));
        checker.delivered(s, 2, payload(1));
    }
    acknowledged(2, 1);
    checker.finish();
    expect_clean();
}

TEST_F(history_checker_test, takes_a_gap_for_what_it_says) {
    messages(first, 1, 3);
    checker.gap(first, {.from = 4, .to = 6, .reason = "trimmed"});
    messages(first, 7, 8);
    checker.gap(first, {.reason = "detached"});
    message(first, 12);
    checker.gap(first, {.count = 3, .reason = "slow"});
    message(first, 16);
    expect_clean();
    EXPECT_EQ(checker.totals().declared_lost, 3U + 3 + 3);
}

TEST_F(history_checker_test, finds_gaps_that_are_not_true) {
    struct row {
        kind what;
        std::function<void()> history;
    };
    for (auto const& [what, history] : std::vector<row>{
             {kind::contradiction,  // claims what was delivered
              [&] {
                  messages(first, 1, 5);
                  checker.gap(first, {.from = 4, .to = 6, .reason = "slow"});
              }},
             {kind::contradiction,  // delivered all the same
              [&] {
                  messages(first, 1, 3);
                  checker.gap(first, {.from = 4, .to = 6, .reason = "slow"});
                  message(first, 6);
              }},
             {kind::contradiction,  // ends before it begins
              [&] { checker.gap(first, {.from = 4, .to = 3, .reason = "slow"}); }},
             {kind::contradiction,  // counts wrongly
              [&] {
                  messages(first, 1, 3);
                  checker.gap(first, {.count = 2, .reason = "slow"});
                  message(first, 8);
              }},
             {kind::hole,  // leaves something out
              [&] {
                  messages(first, 1, 3);
                  checker.gap(first, {.from = 5, .to = 6, .reason = "slow"});
              }},
             {kind::hole,  // too short
              [&] {
                  messages(first, 1, 3);
                  checker.gap(first, {.from = 4, .to = 5, .reason = "slow"});
                  message(first, 8);
              }},
             {kind::epoch, [&] { checker.gap(first, {.reason = "epoch"}); }},
         }) {
        checker = history_checker({.topics = {"a", "b"}, .seats = {{0, 1}, {0, 1}, {0}}});
        SetUp();
        history();
        expect(what, "client 0, a ");
    }
}

TEST_F(history_checker_test, follows_a_recovery) {
    messages(first, 1, 3);
    checker.subscribed(first, recovered(6, 4, 6), place{"E", 3});
    messages(first, 4, 8);
    checker.subscribed(first, recovered(12, 9, 12, declared_loss{.from = 9, .to = 10}),
                       place{"E", 8});
    messages(first, 11, 12);
    checker.subscribed(first, recovered(12, 13, 12), place{"E", 12});
    message(first, 13);
    checker.subscribed(first, at("E", 20), place{"E", 13});  // recovered: false
    message(first, 21);
    expect_clean();
    EXPECT_EQ(checker.totals().declared_lost, 2U + 7);
}

TEST_F(history_checker_test, finds_recoveries_that_are_not_true) {
    messages(first, 1, 3);
    checker.subscribed(first, recovered(6, 4, 6), place{"E", 3});
    message(first, 5);
    expect(kind::hole, "offset 4: 4 to 4 never came");

    messages(second, 1, 3);
    checker.subscribed(second, recovered(9, 6, 9), place{"E", 3});
    EXPECT_EQ(checker.found(kind::hole), 2U);

    messages(third, 1, 3);
    checker.subscribed(third, recovered(9, 4, 7), place{"E", 3});
    EXPECT_EQ(checker.found(kind::hole), 3U);
    checker.subscribed(third, recovered(9, 3, 9, declared_loss{.from = 3, .to = 5}), place{"E", 3});
    EXPECT_EQ(checker.found(kind::contradiction), 1U);
}

TEST_F(history_checker_test, finds_a_position_behind_what_was_delivered) {
    messages(first, 1, 5);
    checker.subscribed(first, at("E", 4), place{"E", 5});
    expect(kind::contradiction, "the newest message, said the answer, but 5 was delivered");
}

TEST_F(history_checker_test, finds_another_epoch_unless_it_may_be) {
    messages(first, 1, 5);
    checker.subscribed(first, at("F", 0), place{"E", 5});
    expect(kind::epoch, "another epoch than before, F");

    history_checker lenient({.topics = {"a"}, .seats = {{0}}, .epochs_change = true});
    lenient.subscribed({0, 0}, at("E", 0), {});
    lenient.delivered({0, 0}, 1, payload(1));
    lenient.subscribed({0, 0}, at("F", 0), place{"E", 1});
    lenient.delivered({0, 0}, 1, payload(2));
    // What is missing is of the old epoch: the receipt has no range for it, and 1 to 2 follow.
    lenient.subscribed(
        {0, 0},
        {.at = place{"G", 2},
         .recovered = false,
         .receipt =
             subscribe_answer::recovery{
                 .from = 1,
                 .to = 2,
                 .missing = declared_loss{.from = 0, .to = 0, .count = 0, .reason = "epoch"}}},
        place{"F", 1});
    lenient.delivered({0, 0}, 1, payload(3));
    lenient.delivered({0, 0}, 2, payload(4));
    EXPECT_TRUE(lenient.clean());
    EXPECT_EQ(lenient.totals().gaps, 1U);
    lenient.delivered({0, 0}, 4, payload(6));
    EXPECT_EQ(lenient.found(kind::hole), 1U);
}

TEST_F(history_checker_test, knows_who_is_behind_another_fleet) {
    messages(first, 1, 3);
    messages(second, 1, 3);
    messages(third, 1, 2);
    checker.mark();
    EXPECT_FALSE(checker.past_mark());
    message(third, 3);
    EXPECT_TRUE(checker.past_mark());
    EXPECT_TRUE(checker.caught_up());
    checker.head_of(0, {"E", 4});
    EXPECT_FALSE(checker.caught_up());
    EXPECT_TRUE(checker.past_mark());
    for (seat const s : {first, second, third}) message(s, 4);
    EXPECT_TRUE(checker.caught_up());
}

TEST_F(history_checker_test, keeps_only_what_somebody_has_not_passed) {
    for (std::uint64_t n = 1; n <= 100'000; ++n) {
        for (seat const s : {first, second, third}) message(s, n);
        acknowledged(n, n);
        if (n % 1000 == 0) checker.trim();
        EXPECT_LE(checker.kept(), 1000U);
    }
    expect_clean();
    messages(first, 100'001, 100'100);
    checker.trim();
    EXPECT_EQ(checker.kept(), 100U);
}

TEST_F(history_checker_test, tells_what_the_client_made_no_sense_of) {
    checker.happened(1, witness::event::resumed, 17);
    checker.broken(1, "an ok that answers nothing");
    expect(kind::protocol, "client 1, an ok that answers nothing; before:");
    EXPECT_THAT(checker.findings()[0].text, HasSubstr("resumed at 17"));
    for (int i = 0; i != 100; ++i) checker.broken(1, "again");
    EXPECT_EQ(checker.found(), 101U);
    EXPECT_EQ(checker.findings().size(), 20U);
}

TEST(witness_test, reads_the_payload_it_wrote) {
    auto const text = payload_of(12, 345, 6'000'000'000, 100);
    EXPECT_EQ(text.size(), 100U);
    auto const marks = read_payload(text);
    ASSERT_TRUE(marks);
    EXPECT_EQ(marks->publisher, 12U);
    EXPECT_EQ(marks->number, 345U);
    EXPECT_EQ(marks->nanoseconds, 6'000'000'000);
    EXPECT_FALSE(read_payload("{\"p\":1}"));
    EXPECT_FALSE(read_payload(""));
}

}  // namespace
}  // namespace weir::bench
