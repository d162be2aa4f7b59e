#include "bench/history_checker.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::bench {
namespace {

using kind = history_checker::kind;
using testing::HasSubstr;

/// Two clients of `keyed`, whose messages have keys, and of `log`; 0 publishes, some of it without
/// echo.
class history_keys_test : public testing::Test {
protected:
    history_checker checker{{.topics = {"keyed", "log"},
                             .seats = {{0, 1}, {0, 1}},
                             .keyed = {true, false},
                             .presence = {false, true},
                             .echo_off = true,
                             .resume_window = milliseconds(10'000)}};
    seat const publisher{0, 0}, reader{1, 0}, log_publisher{0, 1}, log_reader{1, 1};

    static subscribe_answer at(std::uint64_t offset) {
        subscribe_answer a;
        a.at = place{"E", offset};
        return a;
    }
    static subscribe_answer state(std::uint64_t offset, std::uint64_t messages) {
        auto a = at(offset);
        a.state = messages;
        return a;
    }
    static subscribe_answer conflating(std::uint64_t offset, bool again = false) {
        auto a = at(offset);
        a.conflating = true;
        a.again = again;
        return a;
    }
    static std::string payload(std::uint64_t number) { return payload_of(0, number, 1, 60); }
    /// Publish `number` is at the same offset.
    void message(seat s, std::uint64_t offset, std::string key = {}) {
        auto const text = payload(offset);
        checker.took(s, {.offset = offset, .key = std::move(key), .payload = text});
    }
    void publishes(std::uint64_t number, std::string key, bool echo = true, bool removal = false) {
        checker.publishes(0, number, {std::move(key), 1, echo, removal});
    }
    void acknowledged(std::uint64_t number, std::uint32_t topic = 0) {
        checker.acknowledged(0, number, topic, {"E", number});
    }
    void expect(kind what, char const* text) {
        ASSERT_EQ(checker.found(), 1U);
        EXPECT_EQ(to_string(checker.findings()[0].what), to_string(what));
        EXPECT_THAT(checker.findings()[0].text, HasSubstr(text));
    }
    /// Of the first finding of a kind.
    std::string text_of(kind what) const {
        for (auto const& f : checker.findings()) {
            if (f.what == what) return f.text;
        }
        return {};
    }
    void expect_clean() {
        EXPECT_TRUE(checker.clean());
        for (auto const& f : checker.findings()) ADD_FAILURE() << f.text;
    }
};

TEST_F(history_keys_test, takes_jumps_for_no_loss_where_it_conflates) {
    checker.subscribed(reader, conflating(0), {});
    message(reader, 3, "a");
    message(reader, 2, "b");
    message(reader, 9, "a");
    EXPECT_FALSE(checker.caught_up(1));  // log is not subscribed yet
    expect_clean();
    message(reader, 8, "a");
    expect(kind::key_order, "offset 8: key a came after offset 9");
}

TEST_F(history_keys_test, finds_the_newest_of_a_key_missing) {
    checker.subscribed(reader, conflating(0), {});
    for (std::uint64_t n = 1; n != 4; ++n) publishes(n, n == 3 ? "b" : "a");
    message(reader, 1, "a");
    acknowledged(1);
    acknowledged(2);
    acknowledged(3);
    checker.gap(reader, {.from = 3, .to = 3, .reason = "detached"});
    checker.finish();
    EXPECT_EQ(checker.found(kind::stale_key), 1U);
    EXPECT_THAT(text_of(kind::stale_key), HasSubstr("offset 2: the newest of key a, but 1 was"));
}

TEST_F(history_keys_test, counts_what_was_promised_of_a_state) {
    checker.subscribed(reader, state(9, 2), {});
    message(reader, 4, "a");
    EXPECT_FALSE(checker.caught_up(1));
    message(reader, 9, "b");
    message(reader, 10, "a");
    expect_clean();
    message(reader, 12, "a");
    checker.trim();
    checker.finish();
    EXPECT_EQ(checker.found(kind::hole), 1U);  // and from then on every message
}

TEST_F(history_keys_test, wants_the_newest_of_each_key_when_fewer_come_than_were_promised) {
    checker.subscribed(reader, state(9, 3), {});
    message(reader, 4, "a");
    message(reader, 10, "b");  // it changed while the state was sent
    expect_clean();
    publishes(8, "c");
    acknowledged(8);
    checker.finish();
    EXPECT_THAT(text_of(kind::stale_key), HasSubstr("offset 8: the newest of key c, but nothing"));
}

TEST_F(history_keys_test, wants_a_state_in_order) {
    checker.subscribed(reader, state(9, 3), {});
    message(reader, 4, "a");
    message(reader, 3, "b");
    expect(kind::promise, "offset 3: the state as of 9 is not in order, 4 came before");
}

TEST_F(history_keys_test, believes_a_position_only_with_the_newest_of_each_key) {
    checker.subscribed(reader, conflating(0), {});
    publishes(1, "a");
    publishes(2, "b");
    acknowledged(1);
    acknowledged(2);
    checker.positioned(reader, {"E", 0});
    message(reader, 1, "a");
    checker.positioned(reader, {"E", 1});
    expect_clean();
    checker.positioned(reader, {"E", 2});
    expect(kind::stale_key, "offset 2: the position, but the newest of key b at 2 had not come");
}

TEST_F(history_keys_test, lets_it_come_again_where_it_conflates_no_longer) {
    checker.subscribed(reader, conflating(0), {});
    message(reader, 5, "a");
    auto answer = at(6);
    answer.recovered = true;
    answer.receipt = subscribe_answer::recovery{3, 6};
    checker.subscribed(reader, answer, place{"E", 2});
    for (std::uint64_t n = 3; n != 8; ++n) message(reader, n, "a");
    expect_clean();
    message(reader, 7, "a");
    EXPECT_EQ(checker.found(kind::repeated), 1U);
}

TEST_F(history_keys_test, lets_what_a_client_has_come_again_after_a_lost_session) {
    checker.subscribed(reader, conflating(0), {});
    message(reader, 5, "a");
    checker.subscribed(reader, conflating(6), place{"E", 2});
    message(reader, 3, "a");
    message(reader, 5, "a");
    message(reader, 6, "a");
    message(reader, 7, "b");
    expect_clean();
    message(reader, 6, "a");
    message(reader, 7, "b");
    EXPECT_EQ(checker.found(kind::key_order), 1U);
}

TEST_F(history_keys_test, finds_a_promise_that_is_not_kept_at_all) {
    checker.subscribed(reader, state(9, 1), {});
    checker.finish();
    EXPECT_GE(checker.found(kind::missing_tail), 1U);
}

TEST_F(history_keys_test, finds_its_own_key_missing_in_a_state) {
    publishes(1, "a", false);
    acknowledged(1);
    checker.subscribed(publisher, state(1, 0), {});
    checker.finish();
    EXPECT_EQ(checker.found(kind::stale_key), 1U);
}

TEST_F(history_keys_test, switches_to_the_order_of_the_topic_at_the_position) {
    checker.subscribed(reader, conflating(0), {});
    message(reader, 5, "a");
    auto live = at(7);
    live.again = true;
    checker.subscribed(reader, live, {});
    message(reader, 4, "b");  // it waited for its turn
    message(reader, 8, "a");
    message(reader, 9, "b");
    expect_clean();
    message(reader, 8, "a");
    EXPECT_GE(checker.found(), 1U);
}

TEST_F(history_keys_test, finds_a_replay_that_was_not_asked_for) {
    checker.subscribed(reader, state(0, 0), {});
    auto again = state(5, 2);
    again.again = true;
    checker.subscribed(reader, again, {});
    expect(kind::promise, "answered without replay");
}

TEST_F(history_keys_test, takes_no_own_publish_without_echo_for_a_hole) {
    checker.subscribed(log_publisher, at(0), {});
    checker.subscribed(log_reader, at(0), {});
    publishes(1, "");
    publishes(2, "", false);
    publishes(3, "");
    message(log_publisher, 1);
    message(log_publisher, 3);
    for (std::uint64_t n = 1; n != 4; ++n) message(log_reader, n);
    checker.trim();
    expect_clean();
    message(log_reader, 5);
    checker.finish();
    EXPECT_EQ(checker.found(kind::hole), 1U);
    EXPECT_THAT(text_of(kind::hole), HasSubstr("client 1, log epoch E offset 4"));
}

TEST_F(history_keys_test, compares_a_state_with_what_is_known) {
    checker.subscribed(reader, conflating(0), {});
    message(reader, 2, "a");
    checker.state_is(0, {{"a", 2}});
    expect_clean();
    checker.state_is(0, {{"a", 1}});
    expect(kind::state, "keyed: key a has offset 2, but the state has 1");
}

TEST_F(history_keys_test, wants_every_version_of_presence) {
    checker.subscribed(log_reader, at(0), {});
    checker.presence_changed(log_reader, 7);
    checker.presence_changed(log_reader, 8);
    checker.gap(log_reader, {.reason = "detached"});
    checker.presence_changed(log_reader, 12);
    expect_clean();
    message(log_reader, 1);  // that gap was none of messages
    expect_clean();
    checker.presence_changed(log_reader, 14);
    expect(kind::presence, "log: version 14 came after 12");
}

TEST_F(history_keys_test, judges_why_a_session_was_not_resumed) {
    checker.not_resumed(1, "expired", milliseconds(9'000));
    checker.not_resumed(1, "overflow", milliseconds(10));
    expect_clean();
    checker.not_resumed(1, "expired", milliseconds(5'000));
    checker.not_resumed(1, "lost", milliseconds(20'000));
    checker.not_resumed(1, "unknown", milliseconds(20'000));
    EXPECT_EQ(checker.found(kind::verdict), 3U);
    EXPECT_EQ(checker.totals().verdicts.at("expired"), 2U);
}

}  // namespace
}  // namespace weir::bench
