#include "shard/continuity_fixture.hpp"

// Limits are those of the live settings, wherever a connection comes from; and what a session is
// worth after its connection broke a rule.
namespace weir {
namespace {

struct connection_limits : continuity_fixture, testing::WithParamInterface<unsigned> {
    static std::shared_ptr<live_settings> with_messages_of(std::size_t bytes) {
        auto live = keeping();
        live->session.message_bytes = bytes;
        return live;
    }
    static std::string publish_of(std::size_t bytes) {
        return R"({"type":"publish","id":"p)" + std::to_string(bytes) +
               R"(","topic":"plain.a","payload":")" + std::string(bytes, 'x') + "\"}";
    }
    static asio::awaitable<void> expect_accepted(ws_client& c, std::size_t bytes) {
        co_await say(c, publish_of(bytes));
        auto const answer = co_await hear(c, R"({"type":"ok","id":"p)" + std::to_string(bytes));
        EXPECT_FALSE(answer.empty());
    }
    static asio::awaitable<void> expect_too_large(ws_client& c, std::size_t bytes) {
        co_await say(c, publish_of(bytes));
        auto const end = co_await hear_close(c);
        EXPECT_EQ(end.code, 1009);
    }
    std::uint64_t limited(limit_kind what) const {
        std::uint64_t n = 0;
        for (auto const* o : server->observers()) n += at(o->limited, what).read();
        return n;
    }
};

// With four shards most connections land on another shard than their session's.
INSTANTIATE_TEST_SUITE_P(shards, connection_limits, testing::Values(1U, 4U));

TEST_P(connection_limits, hold_after_a_resume) {
    start(GetParam(), with_messages_of(4096));
    run([](connection_limits& f) -> asio::awaitable<void> {
        for (int i = 0; i != 4; ++i) {
            auto m = co_await f.join();
            m.link.reset();
            co_await f.detached(1);
            auto const welcome = co_await f.come_back(m);
            EXPECT_NE(welcome.find("\"resumed\":true"), std::string::npos) << welcome;
            co_await expect_accepted(*m.link, 4000);
            co_await expect_too_large(*m.link, 5000);
        }
        f.server->apply(with_messages_of(512 * 1024));
        co_await f.server->connections(0, 1, {});  // answered when each shard has applied it
        for (std::uint64_t i = 0; i != 4; ++i) {
            auto m = co_await f.join();
            m.link.reset();
            co_await f.detached(i + 1);  // those of the rounds before wait, too
            co_await f.come_back(m);
            co_await expect_accepted(*m.link, 100'000);
        }
    }(*this));
}

TEST_P(connection_limits, hold_after_a_resume_that_was_refused) {
    start(GetParam(), with_messages_of(512 * 1024));
    run([](connection_limits& f) -> asio::awaitable<void> {
        for (int i = 0; i != 4; ++i) {
            auto m = co_await f.join();
            m.secret = std::string(22, 'A');
            auto const old = std::move(m.link);
            auto const welcome = co_await f.come_back(m);
            EXPECT_NE(welcome.find("\"resumed\":false"), std::string::npos) << welcome;
            co_await expect_accepted(*m.link, 100'000);
            co_await expect_too_large(*m.link, 600'000);
        }
    }(*this));
}

TEST_P(connection_limits, follow_a_reload_on_connections_that_are_there) {
    start(GetParam(), with_messages_of(64 * 1024));
    run([](connection_limits& f) -> asio::awaitable<void> {
        auto m = co_await f.join();
        co_await expect_accepted(*m.link, 50'000);
        f.server->apply(with_messages_of(512 * 1024));
        co_await f.server->connections(0, 1, {});  // answered when each shard has applied it
        co_await expect_accepted(*m.link, 100'000);
        f.server->apply(with_messages_of(1024));  // may wait for the end of the one before
        for (int code = 0; code == 0;) {
            co_await say(*m.link, std::string(2000, ' '));
            auto const next = co_await m.link->receive(patience());
            auto const* const end = next ? std::get_if<ws_client::closed>(&*next) : nullptr;
            if (end == nullptr) continue;
            code = end->code;
            EXPECT_EQ(code, 1009);
        }
    }(*this));
    EXPECT_EQ(limited(limit_kind::message_bytes), 1U);
}

TEST_P(connection_limits, who_breaks_one_cannot_resume_the_session) {
    start(GetParam(), with_messages_of(4096));
    run([](connection_limits& f) -> asio::awaitable<void> {
        struct fault {
            std::string text;
            int code;
        };
        for (auto const& [text, code] :
             {fault{std::string(5000, ' '), 1009}, fault{"\xff", 1007}}) {
            auto m = co_await f.join();
            co_await tell(m, text);
            auto const end = co_await hear_close(*m.link);
            EXPECT_EQ(end.code, code);
            // Before and after the connection is gone.
            auto const old = std::move(m.link);
            for (int i = 0; i != 4; ++i) {
                auto const welcome = co_await f.come_back(m);
                EXPECT_NE(welcome.find("\"resumed\":false"), std::string::npos) << welcome;
            }
        }
    }(*this));
    EXPECT_EQ(limited(limit_kind::message_bytes), 1U);
}

}  // namespace
}  // namespace weir
