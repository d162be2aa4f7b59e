#include "session/script.hpp"

#include <weir/message/command_copy.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <string>
#include <vector>

// Questions that an authority answers later: what waits for them, and what happens meanwhile.
namespace weir {
namespace {

position const somewhere{epoch_id{7}, 41};

/// Writes down what it is asked. It thinks about the topics that are named so, and leaves all
/// others to the rules.
class slow_authority final : public authority {
public:
    explicit slow_authority(authority& rules) : rules_(rules) {}

    decision ask(authority_question const& q) override {
        if (q.topic.find("slow") == std::string_view::npos) return rules_.ask(q);
        asked.push_back(std::string(q.topic) + ' ' + std::string(q.user));
        tickets.push_back(q.ticket);
        return {.what = verdict::pending};
    }

    std::vector<std::string> asked;
    std::vector<authority_ticket> tickets;

private:
    authority& rules_;
};

class pending : public testing::Test {
protected:
    pending() : slow_(s_.decided_by_rules()) {
        s_.env.authority = &slow_;
        s_.open(R"({"type":"hello","payload":{"token":"ann"}})");
        s_.did();
        s_.handled.clear();
    }

    actions decides(result<void> const& answer = {}) {
        s_.session().on_decided(slow_.tickets.back(), answer, s_.at);
        return s_.did();
    }
    static std::string subscribe(std::string_view topic, int id) {
        return R"({"type":"subscribe","topic":")" + std::string(topic) + R"(","id":)" +
               std::to_string(id) + '}';
    }
    static std::string publish(std::string_view topic, int id) {
        return R"({"type":"publish","topic":")" + std::string(topic) + R"(","payload":1,"id":)" +
               std::to_string(id) + '}';
    }

    script s_;
    slow_authority slow_;
};

result<void> const no = fault{errc::forbidden, "no"};
std::string const refused_1 =
    R"(send {"type":"error","id":1,"payload":{"code":"forbidden","message":"no"}})";

TEST_F(pending, a_command_is_executed_when_the_answer_comes) {
    EXPECT_EQ(s_.says(subscribe("open.slow", 1)), actions{});
    EXPECT_EQ(slow_.asked, std::vector<std::string>{"open.slow ann"});
    EXPECT_EQ(decides(), actions{"subscribe open.slow"});
    EXPECT_EQ(s_.says(publish("open.a", 2)), actions{"publish open.a"}) << "nothing waits now";
}

TEST_F(pending, or_refused) {
    EXPECT_EQ(s_.says(subscribe("open.slow", 1)), actions{});
    EXPECT_EQ(decides(no), actions{refused_1});
    EXPECT_EQ(s_.says(publish("open.slow", 2)), actions{});
    EXPECT_EQ(
        decides(no),
        actions{
            R"(send {"type":"error","id":2,"payload":{"code":"forbidden","message":"no","outcome":"not_stored"}})"});
}

TEST_F(pending, holds_back_what_was_sent_behind_it_in_order) {
    EXPECT_EQ(s_.says(subscribe("open.slow", 1)), actions{});
    EXPECT_EQ(s_.says(publish("open.a", 2)), actions{});
    EXPECT_EQ(s_.says(publish("open.slow2", 3)), actions{});
    EXPECT_EQ(s_.says(publish("open.b", 4)), actions{});
    EXPECT_EQ(slow_.asked.size(), 1U) << "one question at a time";
    EXPECT_EQ(decides(), (actions{"subscribe open.slow", "publish open.a"}));
    EXPECT_EQ(slow_.asked.back(), "open.slow2 ann");
    EXPECT_EQ(s_.says(publish("open.c", 5)), actions{});
    EXPECT_EQ(decides(), (actions{"publish open.slow2", "publish open.b", "publish open.c"}));
    EXPECT_EQ(s_.port.publishes.at(2).what.payload, "1");
}

TEST_F(pending, but_not_heartbeats_receipts_and_other_sessions) {
    EXPECT_EQ(s_.says(subscribe("open.slow", 1)), actions{});
    EXPECT_EQ(s_.says(R"({"type":"ping","id":"p"})"),
              actions{R"(express {"type":"pong","id":"p"})"});
    EXPECT_EQ(s_.says(R"({"type":"received","count":0,"id":2})"),
              actions{R"(send {"type":"ok","id":2})"});
    fake_port port;
    session other(s_.env, port, session_id::random(), {}, s_.at);
    command c;
    c.type = command_type::subscribe;
    c.topic = "open.a";
    other.on_command(c, s_.at);
    EXPECT_EQ(port.log, (actions{"welcome", "opened", "subscribe open.a"}));
}

TEST_F(pending, is_bounded_in_commands) {
    s_.settings.held.commands = 2;
    s_.says(subscribe("open.slow", 1));
    EXPECT_EQ(s_.says(publish("open.a", 2)), actions{});
    EXPECT_EQ(s_.says(publish("open.b", 3)), actions{});
    EXPECT_EQ(
        s_.says(publish("open.c", 4)),
        actions{
            R"(send {"type":"error","id":4,"payload":{"code":"unavailable","message":"too many commands wait for a decision","retry_after_ms":1000,"outcome":"not_stored"}})"});
    EXPECT_EQ(decides(), (actions{"subscribe open.slow", "publish open.a", "publish open.b"}));
}

TEST_F(pending, is_bounded_in_bytes) {
    s_.settings.held.bytes = 100;
    s_.says(subscribe("open.slow", 1));
    std::string const large =
        R"({"type":"publish","topic":"open.a","payload":")" + std::string(200, 'x') + R"("})";
    EXPECT_EQ(s_.says(large), actions{});
    EXPECT_EQ(s_.says(large).size(), 1U) << "refused";
    EXPECT_EQ(decides(), (actions{"subscribe open.slow", "publish open.a"}));
}

TEST_F(pending, asks_for_one_name_after_the_other) {
    EXPECT_EQ(s_.says(R"({"type":"sync","topics":["log.a","log.slow1","log.slow2"],"id":1})"),
              actions{});
    EXPECT_EQ(slow_.asked.back(), "log.slow1 ann");
    EXPECT_EQ(decides(), actions{});
    EXPECT_EQ(slow_.asked.back(), "log.slow2 ann");
    EXPECT_EQ(decides(),
              (actions{"read state log.a", "read state log.slow1", "read state log.slow2"}));
    EXPECT_EQ(slow_.asked.size(), 2U) << "none is asked twice";
}

TEST_F(pending, an_answer_while_the_client_is_away_waits_for_its_resume) {
    s_.says(publish("open.slow", 1));
    s_.says(publish("open.a", 2));
    ASSERT_TRUE(s_.detaches());
    EXPECT_EQ(decides(), actions{});
    EXPECT_EQ(s_.resumes(s_.hello_again(0), "ann"),
              (actions{"welcome", "publish open.slow", "publish open.a"}));
    EXPECT_EQ(s_.published(0, somewhere).size(), 1U);
}

TEST_F(pending, an_answer_after_the_resume_goes_on_there) {
    s_.says(publish("open.slow", 1));
    ASSERT_TRUE(s_.detaches());
    EXPECT_EQ(s_.resumes(s_.hello_again(0), "ann"), actions{"welcome"});
    // The client has no answer, and says it again.
    EXPECT_EQ(s_.says(publish("open.slow", 1)), actions{});
    EXPECT_EQ(s_.says(publish("open.a", 2)), actions{});
    auto const first = decides();
    EXPECT_EQ(first, (actions{"publish open.slow", "publish open.a"})) << "once";
    EXPECT_EQ(s_.published(0, somewhere).size(), 1U);
}

TEST_F(pending, subscriptions_are_looked_at_again_after_a_resume) {
    for (bool const stays : {true, false}) {
        s_.says(subscribe("open.slow", 1));
        decides();
        s_.joins("open.slow", somewhere);
        ASSERT_TRUE(s_.detaches());
        EXPECT_EQ(s_.resumes(s_.hello_again(), "ann"), actions{"welcome"});
        EXPECT_TRUE(s_.port.subscribed("open.slow"));
        EXPECT_EQ(decides(stays ? result<void>{} : no).size(), stays ? 0U : 2U);
        EXPECT_EQ(s_.port.subscribed("open.slow"), stays);
    }
}

TEST_F(pending, an_answer_that_nobody_waits_for_changes_nothing) {
    s_.says(subscribe("open.slow", 1));
    EXPECT_EQ(decides().size(), 1U);
    EXPECT_EQ(decides(no), actions{}) << "a second time";
    s_.says(publish("open.slow", 2));
    s_.session().close(close_reason::disconnected);
    s_.did();
    EXPECT_EQ(decides(), actions{}) << "the session has ended";
}

TEST_F(pending, the_end_of_the_time_to_resume_ends_what_waits) {
    s_.says(publish("open.slow", 1));
    s_.says(publish("open.a", 2));
    ASSERT_TRUE(s_.detaches());
    EXPECT_EQ(s_.passes(s_.settings.resume_window).size(), 1U);
    EXPECT_EQ(decides(), actions{});
    EXPECT_TRUE(s_.port.publishes.empty());
}

/// What may come between the steps of a pipelined batch. Whatever it is, each command is executed
/// at most once and in order, and none before the answer.
TEST(pending_steps, at_every_step_something_may_come_between) {
    std::vector<std::string> const batch = {
        R"({"type":"publish","topic":"open.slow1","payload":1,"id":1})",
        R"({"type":"publish","topic":"open.a","payload":2,"id":2})",
        R"({"type":"publish","topic":"open.slow2","payload":3,"id":3})",
        R"({"type":"publish","topic":"open.b","payload":4,"id":4})"};
    enum class event { cut, token_end, server_close, stay_away };
    for (event const what : {event::cut, event::token_end, event::server_close, event::stay_away}) {
        for (std::size_t step = 0; step != 7; ++step) {
            script s;
            slow_authority slow(s.decided_by_rules());
            s.env.authority = &slow;
            s.open(R"({"type":"hello","payload":{"token":"short"}})");
            s.did();
            s.handled.clear();
            bool over = false;
            std::size_t said = 0;
            std::size_t decided = 0;
            auto const resume = [&] {
                if (what == event::token_end) s.at.wall += 60'000;
                auto const came = s.resumes(s.hello_again(0), "ann");
                over = came.empty() || came.front() != "welcome";
                // No answer was received: all that was said is said again.
                for (std::size_t i = 0; i != said && !over; ++i) s.says(batch[i]);
            };
            auto const disturb = [&] {
                if (what == event::token_end) s.passes(seconds(61));
                if (what == event::server_close) s.session().close(close_reason::draining);
                if (what == event::stay_away) s.session().close(close_reason::disconnected);
                s.did();
                over = !s.detaches();
                if (!over) resume();
            };
            std::size_t const steps = batch.size() + 2;
            for (std::size_t i = 0; i != steps + 1; ++i) {
                if (i == step) disturb();
                if (over) break;
                if (i < batch.size()) {
                    s.says(batch[i]);
                    ++said;
                } else if (decided != slow.tickets.size()) {
                    s.session().on_decided(slow.tickets.at(decided++), {}, s.at);
                }
            }
            while (!over && decided != slow.tickets.size()) {
                s.session().on_decided(slow.tickets.at(decided++), {}, s.at);
            }
            for (auto const ticket : slow.tickets) s.session().on_decided(ticket, {}, s.at);
            std::vector<std::string> executed;
            for (auto const& p : s.port.publishes) executed.push_back(p.what.payload);
            bool const whole = what != event::stay_away;
            EXPECT_EQ(over, !whole);
            if (whole) {
                EXPECT_EQ(executed, (std::vector<std::string>{"1", "2", "3", "4"}))
                    << static_cast<int>(what) << " at " << step;
            } else {
                EXPECT_TRUE(std::is_sorted(executed.begin(), executed.end()));
            }
        }
    }
}

TEST(command_copy, outlives_what_it_was_read_from) {
    std::string text = "topicpayloadidone";
    std::string_view const all = text;
    command c;
    c.type = command_type::sync;
    c.topic = all.substr(0, 5);
    c.payload = all.substr(5, 7);
    c.id = all.substr(12, 2);
    std::vector<std::string_view> const names = {all.substr(14)};
    c.topics = names;
    c.since = since_position{all.substr(0, 3), 9};
    command_copy first(c);
    command_copy const copy = std::move(first);
    std::fill(text.begin(), text.end(), 'x');
    EXPECT_EQ(copy.get().topic, "topic");
    EXPECT_EQ(copy.get().payload, "payload");
    EXPECT_EQ(copy.get().id, request_id("id"));
    EXPECT_EQ(copy.get().since->epoch, "top");
    ASSERT_EQ(copy.get().topics->size(), 1U);
    EXPECT_EQ(copy.get().topics->front(), "one");
    EXPECT_EQ(copy.get().key.data(), nullptr);
    EXPECT_EQ(copy.bytes(), 20U);
}

}  // namespace
}  // namespace weir
