#include "shard/continuity_fixture.hpp"

// A drain reaches every connection: also one that begins, or takes a session over, while it runs.
namespace weir {
namespace {

struct drain : continuity_fixture, testing::WithParamInterface<unsigned> {
    void SetUp() override { start(GetParam(), keeping()); }

    // An hour, so that nobody's time comes before the test has done its part.
    static constexpr milliseconds spread{3'600'000};

    asio::awaitable<void> begin() {
        server->stop_accepting();
        co_await server->send_away(
            {.reason = "drain", .share = 1, .spread = spread, .deadline = spread});
    }
    static asio::awaitable<void> expect_told(ws_client& c) {
        auto const told = co_await hear(c, R"({"type":"goaway")");
        EXPECT_NE(told.find(R"("reason":"drain")"), std::string::npos) << told;
        EXPECT_LE(number(told, "reconnect_after_ms"), static_cast<std::uint64_t>(spread.count()))
            << told;
    }
    /// The time of all has come.
    asio::awaitable<void> end() {
        co_await server->send_away(
            {.reason = "drain", .share = 1, .spread = milliseconds(0), .deadline = spread});
    }
    static asio::awaitable<void> expect_closed(ws_client& c) {
        EXPECT_EQ((co_await hear_close(c)).code, 4200);
    }
    static asio::awaitable<void> resume_on(ws_client& c, member const& m) {
        co_await say(c, resume_text(m, m.count));
        auto const welcome = co_await hear(c, R"({"type":"welcome")");
        EXPECT_NE(welcome.find("\"resumed\":true"), std::string::npos) << welcome;
    }
};

INSTANTIATE_TEST_SUITE_P(shards, drain, testing::Values(1U, 4U));

TEST_P(drain, reaches_a_session_that_is_taken_over_meanwhile) {
    run([](drain& f) -> asio::awaitable<void> {
        auto m = co_await f.join();
        auto const second = co_await f.client();  // upgraded, and silent until the drain runs
        co_await f.begin();
        co_await resume_on(*second, m);
        EXPECT_EQ((co_await hear_close(*m.link)).code, 4006);
        co_await expect_told(*second);
        co_await f.end();
        co_await expect_closed(*second);
        co_await f.server->finish(patience());
    }(*this));
    EXPECT_EQ(server->connections(), 0U);
}

TEST_P(drain, reaches_a_session_that_is_resumed_meanwhile) {
    run([](drain& f) -> asio::awaitable<void> {
        auto m = co_await f.join();
        m.link.reset();
        co_await f.detached(1);
        auto const second = co_await f.client();
        co_await f.begin();
        co_await resume_on(*second, m);
        co_await expect_told(*second);
        co_await f.end();
        co_await expect_closed(*second);
        co_await f.server->finish(patience());
    }(*this));
    EXPECT_EQ(server->connections(), 0U);
}

TEST_P(drain, reaches_a_session_that_begins_meanwhile) {
    run([](drain& f) -> asio::awaitable<void> {
        auto const fresh = co_await f.client();
        auto const silent = co_await f.client();
        co_await f.begin();
        co_await say(*fresh, R"({"type":"hello"})");
        co_await hear(*fresh, R"({"type":"welcome")");
        co_await expect_told(*fresh);
        co_await f.end();
        co_await expect_closed(*fresh);
        co_await expect_closed(*silent);
        co_await f.server->finish(patience());
    }(*this));
    EXPECT_EQ(server->connections(), 0U);
}

}  // namespace
}  // namespace weir
