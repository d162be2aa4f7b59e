#include "session/script.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace weir {
namespace {

class recorder final : public lifecycle_listener {
public:
    void connected(session_id const&, std::string_view user) override {
        log.push_back("connected " + std::string(user));
    }
    void disconnected(session_id const&, std::string_view user) override {
        log.push_back("disconnected " + std::string(user));
    }
    void occupied(std::string_view) override {}
    void vacated(std::string_view) override {}
    std::vector<std::string> log;
};

class lifecycle : public testing::Test {
protected:
    lifecycle() { s_.env.lifecycle = &told_; }
    script s_;
    recorder told_;
};

TEST_F(lifecycle, a_session_begins_with_its_welcome_and_ends_once) {
    s_.connect();
    EXPECT_TRUE(told_.log.empty());
    s_.says(R"({"type":"hello","payload":{"token":"ann"}})");
    EXPECT_EQ(told_.log, std::vector<std::string>{"connected ann"});
    s_.session().close(close_reason::disconnected);
    s_.session().close(close_reason::disconnected);
    EXPECT_FALSE(s_.detaches());
    s_.session().end();
    EXPECT_EQ(told_.log, (std::vector<std::string>{"connected ann", "disconnected ann"}));
}

TEST_F(lifecycle, one_that_was_never_welcomed_does_neither) {
    s_.connect_as("nonsense");
    s_.session().end();
    EXPECT_TRUE(told_.log.empty());
    script late;
    late.env.lifecycle = &told_;
    late.connect();
    late.passes(late.settings.hello_timeout);
    late.session().end();
    EXPECT_TRUE(told_.log.empty());
}

TEST_F(lifecycle, a_resume_is_not_another_session) {
    s_.open();
    ASSERT_TRUE(s_.detaches());
    EXPECT_EQ(s_.resumes(s_.hello_again()), actions{"welcome"});
    EXPECT_EQ(told_.log, std::vector<std::string>{"connected "});
    ASSERT_TRUE(s_.detaches());
    s_.passes(s_.settings.resume_window);
    EXPECT_EQ(told_.log, (std::vector<std::string>{"connected ", "disconnected "}));
}

}  // namespace
}  // namespace weir
