#include "kit/line_dialect.hpp"
#include "session/script.hpp"

#include <gtest/gtest.h>

#include <string>

// Two dialects on one shard: each session keeps to its own.
namespace weir {
namespace {

constexpr dialect_id lines = 1;

/// A session that speaks lines, beside one that speaks JSON.
class two_dialects : public testing::Test {
protected:
    two_dialects() {
        s_.env.dialects[lines] = &lines_;
        s_.open();
        start();
    }
    void start() {
        port_.log.clear();
        other_ = std::make_unique<session>(s_.env, port_, session_id::random(),
                                           session::credential{}, s_.at, lines);
        port_.talk = other_.get();
        other_->start(s_.at);
    }
    actions says(std::string_view bytes, bool binary = true) {
        struct to_session final : command_sink {
            session* talk = nullptr;
            now at{};
            bool take(command const& c) override {
                talk->on_command(c, at);
                return !talk->is_closing();
            }
            bool take(command_fault const& f) override {
                talk->on_fault(f, at);
                return !talk->is_closing();
            }
            void give_up(close_reason why) override { talk->on_unreadable(why, at); }
        } sink;
        sink.talk = other_.get();
        sink.at = s_.at;
        other_->dialect().decode(bytes, binary, sink);
        return std::exchange(port_.log, {});
    }

    script s_;
    line_dialect lines_;
    fake_port port_;
    std::unique_ptr<session> other_;
};

TEST_F(two_dialects, one_without_a_hello_is_open_at_once_and_needs_no_welcome) {
    EXPECT_TRUE(other_->is_open());
    EXPECT_EQ(port_.log, actions{"opened"});
    EXPECT_EQ(&other_->dialect(), &lines_);
    EXPECT_NE(&s_.session().dialect(), &lines_);
}

TEST_F(two_dialects, one_message_may_be_several_commands_or_none) {
    EXPECT_EQ(says(""), actions{"opened"});
    EXPECT_EQ(says("SUB open.a\n\nPUB open.b {\"x\":1}\nWHAT\nPUB news.a 1\n"),
              (actions{"subscribe open.a", "publish open.b", "send ERR what is WHAT",
                       "send ERR publishing to news.a is not open to clients"}));
    EXPECT_EQ(port_.publishes.at(0).what.payload, "{\"x\":1}");
    other_->on_joined("open.a", as_answer(position{epoch_id{7}, 41}));
    EXPECT_EQ(port_.log, actions{}) << "it has no ok";
}

TEST_F(two_dialects, a_binary_message_is_the_dialects_to_judge) {
    s_.did();
    port_.log.clear();
    EXPECT_EQ(s_.says(R"({"type":"ping"})"), actions{R"(express {"type":"pong"})"});
    EXPECT_EQ(says("SUB open.a", false), actions{"close 1003 lines"});
    EXPECT_EQ(says("SUB open.a\nSUB open.b"), actions{}) << "it is closing";
}

TEST_F(two_dialects, without_numbers_nothing_is_kept_and_nothing_resumed) {
    other_->unsubscribe_by_server("open.a", {errc::forbidden, "no"});
    says("WHAT");
    ring& r = other_->frames();
    frame const* waiting[4];
    r.commit(r.peek(waiting));
    EXPECT_EQ(r.replay_frames(), 0U);
    EXPECT_FALSE(other_->detach(s_.at));
}

TEST_F(two_dialects, a_session_is_not_resumed_in_another_dialect) {
    auto const hello = s_.hello_again();
    command::resume_request what;
    auto const from = hello.find(R"("secret":")") + 10;
    std::string const secret = hello.substr(from, hello.find('"', from) - from);
    what.secret = secret;
    what.received = s_.handled.size();
    EXPECT_EQ(s_.session().may_resume(what, "", native_json), resume_result::resumed);
    EXPECT_EQ(s_.session().may_resume(what, "", lines), resume_result::lost);
}

TEST_F(two_dialects, a_close_has_the_words_of_the_dialect) {
    other_->close(close_reason::draining);
    EXPECT_EQ(port_.log.back(), "close 4200 bye");
    EXPECT_EQ(lines_.words_of(close_reason::draining).code, 3000);
    EXPECT_EQ(s_.session().dialect().words_of(close_reason::draining).code, 4200);
}

}  // namespace
}  // namespace weir
