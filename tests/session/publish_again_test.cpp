#include "session/answers.hpp"
#include "session/script.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

// Exactly once for publishers: what a publish that is sent again is answered.
namespace weir {
namespace {

std::string publish(std::string const& id, std::string const& payload = "1",
                    std::string const& topic = "open.a") {
    return R"({"type":"publish","topic":")" + topic + R"(","payload":)" + payload + R"(,"id":)" +
           id + '}';
}

struct publisher : script {
    publisher() {
        settings.ring.replay_frames = 1000;
        settings.ring.replay_bytes = 1'000'000;
    }
    std::size_t executed() const { return port.publishes.size(); }
    /// How often the client has been answered under that id, as far as it has not lost it again.
    std::ptrdiff_t answers(std::string const& id) const {
        return std::count_if(handled.begin(), handled.end(), [&](std::string const& text) {
            return text.find(R"("id":)" + id + ',') != std::string::npos;
        });
    }
    actions comes_back(std::size_t lost) {
        EXPECT_TRUE(port.away || detaches());
        return resumes(hello_again(handled.size() - lost));
    }
};

TEST(publish_again, answered_is_answered_the_same) {
    publisher s;
    s.open();
    s.says(publish("1"));
    s.published(0, at_position(9));
    for (int i = 0; i != 3; ++i) {
        EXPECT_EQ(s.says(publish("1")), actions{ok("1", '{' + at_offset(9) + '}')});
    }
    EXPECT_EQ(s.executed(), 1U);
}

TEST(publish_again, running_waits_for_the_one_answer) {
    publisher s;
    s.open();
    s.says(publish("1"));
    EXPECT_EQ(s.says(publish("1")), actions{});
    EXPECT_EQ(s.published(0, at_position(9)), actions{ok("1", '{' + at_offset(9) + '}')});
    EXPECT_EQ(s.executed(), 1U);
}

TEST(publish_again, after_a_resume_running_is_not_executed) {
    publisher s;
    s.open();
    s.says(publish("1"));
    s.comes_back(0);
    EXPECT_EQ(s.says(publish("1")), actions{});
    EXPECT_EQ(s.published(0, at_position(9)), actions{ok("1", '{' + at_offset(9) + '}')});
    EXPECT_EQ(s.executed(), 1U);
    EXPECT_EQ(s.answers("1"), 1);
}

TEST(publish_again, after_a_resume_an_answer_that_was_lost_is_replayed_once) {
    for (bool const while_away : {false, true}) {
        publisher s;
        s.open();
        s.says(publish("1"));
        if (!while_away) s.published(0, at_position(9));
        ASSERT_TRUE(s.detaches());
        if (while_away) s.published(0, at_position(9));
        EXPECT_EQ(s.comes_back(while_away ? 0 : 1), actions{"welcome"});
        EXPECT_EQ(s.says(publish("1")), actions{});
        EXPECT_EQ(s.executed(), 1U);
        EXPECT_EQ(s.answers("1"), 1);
        EXPECT_EQ(s.says(publish("1")), actions{ok("1", '{' + at_offset(9) + '}')})
            << "that one was no part of coming back";
    }
}

TEST(publish_again, after_a_resume_what_never_came_is_executed) {
    publisher s;
    s.open();
    s.says(publish("1"));
    s.published(0, at_position(9));
    s.comes_back(0);
    EXPECT_EQ(s.says(publish("2")), actions{"publish open.a"});
    EXPECT_EQ(s.published(1, at_position(10)), actions{ok("2", '{' + at_offset(10) + '}')});
}

TEST(publish_again, a_received_answer_frees_its_id) {
    publisher s;
    s.open();
    s.says(publish("1"));
    s.published(0, at_position(9));
    s.says(R"({"type":"received","count":1})");
    EXPECT_EQ(s.says(publish("1")), actions{"publish open.a"});

    publisher t;
    t.open();
    t.says(publish("1"));
    t.published(0, at_position(9));
    t.comes_back(0);  // its count is a receipt, too
    EXPECT_EQ(t.says(publish("1", "2")), actions{"publish open.a"});
}

/// A repeat may be held up on its way in while more is sent than the ring keeps.
TEST(publish_again, is_not_executed_though_its_answer_has_left_the_ring) {
    publisher s;
    s.settings.ring.replay_frames = 2;
    s.open();
    s.says(publish("1"));
    s.published(0, at_position(9));
    s.sends_numbered(1);
    EXPECT_EQ(s.says(publish("1")).size(), 1U);
    s.sends_numbered(1);
    s.says(publish("1"));
    EXPECT_EQ(s.executed(), 1U);
}

TEST(publish_again, other_bytes_under_an_id_that_is_not_received_are_a_conflict) {
    std::string const conflict = error(
        "1", "conflict", "that id names another message, whose answer is not received", not_stored);
    for (std::string const& other :
         {publish("1", "2"), publish("1", "1", "open.b"),
          std::string(R"({"type":"publish","topic":"open.a","payload":1,"id":1,"event":"e"})"),
          std::string(R"({"type":"publish","topic":"open.a","payload":1,"id":1,"key":"k"})"),
          std::string(R"({"type":"publish","topic":"open.a","payload":1,"id":1,"dedupe":"d"})"),
          std::string(R"({"type":"publish","topic":"open.a","payload":1,"id":1,"volatile":true})"),
          std::string(R"({"type":"publish","topic":"open.a","payload":1,"id":1,"echo":false})")}) {
        SCOPED_TRACE(other);
        publisher s;
        s.open();
        s.says(publish("1"));
        EXPECT_EQ(s.says(other), actions{conflict}) << "running";
        s.published(0, at_position(9));
        EXPECT_EQ(s.says(other), actions{conflict}) << "answered";
        s.comes_back(2);
        EXPECT_EQ(s.says(other), actions{conflict}) << "replayed";
        EXPECT_EQ(s.executed(), 1U);
        s.says(R"({"type":"received","count":)" + std::to_string(s.handled.size()) + '}');
        EXPECT_EQ(s.says(other).size(), 1U);
        EXPECT_EQ(s.executed(), 2U);
    }
}

TEST(publish_again, a_string_and_a_number_are_two_ids) {
    publisher s;
    s.open();
    s.says(publish("1"));
    EXPECT_EQ(s.says(publish("\"1\"", "2")), actions{"publish open.a"});
}

TEST(publish_again, what_failed_may_be_tried_again) {
    publisher s;
    s.open();
    s.says(publish("1"));
    s.published(0, fault{errc::unavailable, "later"});
    EXPECT_EQ(s.says(publish("1")), actions{"publish open.a"});
    EXPECT_EQ(s.published(1, at_position(9)), actions{ok("1", '{' + at_offset(9) + '}')});
    s.says(R"({"type":"received","count":1})");
    EXPECT_EQ(s.says(publish("1")), actions{ok("1", '{' + at_offset(9) + '}')})
        << "only the refusal was received";
    EXPECT_EQ(s.executed(), 2U);
}

TEST(publish_again, after_a_resume_a_failure_that_was_lost_is_the_answer) {
    publisher s;
    s.open();
    s.says(publish("1"));
    s.published(0, fault{errc::unavailable, "later"});
    s.comes_back(1);
    EXPECT_EQ(s.says(publish("1")), actions{});
    EXPECT_EQ(s.answers("1"), 1);
    EXPECT_EQ(s.executed(), 1U);
    EXPECT_EQ(s.says(publish("1")), actions{"publish open.a"}) << "it knows, and tries again";
}

TEST(publish_again, after_a_resume_a_refusal_that_was_lost_is_the_answer) {
    publisher s;
    s.open();
    EXPECT_EQ(s.says(publish("1", "1", "news.a")).size(), 1U);
    ASSERT_TRUE(s.detaches());
    auto rules = script::usual_rules();
    rules.at(3).publish = {right::anyone};
    s.rules_are(rules);
    EXPECT_EQ(s.comes_back(1), actions{"welcome"});
    EXPECT_EQ(s.says(publish("1", "1", "news.a")), actions{})
        << "it was told that nothing is stored, and nothing may be";
    EXPECT_EQ(s.executed(), 0U);
    EXPECT_EQ(s.answers("1"), 1);
}

TEST(publish_again, what_the_rate_refused_is_not_executed_behind_its_answer) {
    publisher s;
    s.settings.messages_per_second = 1;
    s.open();
    s.says(R"({"type":"ping"})");
    EXPECT_EQ(s.says(publish("1")).size(), 1U);
    EXPECT_EQ(s.executed(), 0U);
    s.comes_back(1);
    EXPECT_EQ(s.says(publish("1")), actions{});
    EXPECT_EQ(s.executed(), 0U);
    EXPECT_EQ(s.answers("1"), 1);
    s.passes(milliseconds(5000));
    s.says(R"({"type":"received","count":1})");
    EXPECT_EQ(s.says(publish("1")), actions{"publish open.a"}) << "it knows, and tries again";
}

/// What is sent again all at once after a resume may be more than the rate.
TEST(publish_again, the_rate_does_not_deny_what_was_stored) {
    publisher s;
    s.settings.messages_per_second = 1;
    s.open();
    s.says(publish("1"));
    s.passes(milliseconds(5000));
    s.says(publish("2"));
    s.comes_back(0);
    for (int i = 0; i != 5; ++i) s.says(R"({"type":"ping"})");
    auto const count = s.handled.size();
    EXPECT_EQ(s.says(publish("1")), actions{}) << "it is running";
    EXPECT_EQ(s.published(0, at_position(9)), actions{ok("1", '{' + at_offset(9) + '}')});
    EXPECT_EQ(s.says(publish("1")), actions{ok("1", '{' + at_offset(9) + '}')});
    EXPECT_EQ(s.handled.size(), count + 2);
    EXPECT_EQ(s.executed(), 2U);
}

TEST(publish_again, a_right_that_was_lost_does_not_deny_what_was_stored) {
    publisher s;
    s.open();
    s.says(publish("1"));
    s.published(0, at_position(9));
    s.says(publish("2"));
    s.rules_are({});
    EXPECT_EQ(s.says(publish("1")), actions{ok("1", '{' + at_offset(9) + '}')});
    s.comes_back(2);
    EXPECT_EQ(s.says(publish("1")), actions{});
    EXPECT_EQ(s.says(publish("2")), actions{});
    EXPECT_EQ(s.published(1, at_position(10)), actions{ok("2", '{' + at_offset(10) + '}')});
    EXPECT_EQ(s.says(publish("3")).front().find(R"(send {"type":"error","id":3)"), 0U);
}

TEST(publish_again, without_an_id_everything_is_new) {
    publisher s;
    s.open();
    for (int i = 0; i != 3; ++i) s.says(R"({"type":"publish","topic":"open.a","payload":1})");
    EXPECT_EQ(s.executed(), 3U);
}

}  // namespace
}  // namespace weir
