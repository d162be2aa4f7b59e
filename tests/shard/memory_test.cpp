#include "shard/continuity_fixture.hpp"

#include <weir/base/memory_meter.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>

namespace weir {
namespace {

constexpr std::size_t limit = std::size_t{1} << 30;

/// In this program the total is the sum of the kinds, so a test can pretend that memory is short.
class memory_budget : public continuity_fixture {
public:
    ~memory_budget() override { set_memory_limit(std::numeric_limits<std::size_t>::max()); }

    static std::shared_ptr<live_settings> bounded() {
        auto live = keeping(std::size_t{64} << 20);
        live->memory_limit = limit;
        return live;
    }
    void fill(std::size_t hundredths) {
        std::size_t const wanted = limit / 100 * hundredths;
        std::size_t const others = memory_used_exactly() - pretended_.bytes();
        pretended_.set(wanted - std::min(wanted, others));
    }
    template <class Row, class Value>
    std::uint64_t counted(Row observer::* row, Value v) const {
        std::uint64_t n = 0;
        for (auto const* o : server->observers()) n += at(o->*row, v).read();
        return n;
    }
    std::uint64_t outbox_bytes() const {
        std::uint64_t n = 0;
        for (auto const* o : server->observers()) n += o->outbox_bytes.read();
        return n;
    }
    template <class F>
    asio::awaitable<void> until(F condition) {
        asio::steady_timer look(control);
        for (auto const end = patience(); std::chrono::steady_clock::now() < end;) {
            if (condition()) co_return;
            look.expires_after(milliseconds(1));
            co_await look.async_wait(asio::use_awaitable);
        }
        throw std::runtime_error("it never came");
    }

    memory_units<memory_kind::queues> pretended_;
};

TEST_F(memory_budget, publishes_are_refused_last) {
    start(2, bounded());
    run([](memory_budget& f) -> asio::awaitable<void> {
        auto m = co_await f.join();
        std::string const publish = R"({"type":"publish","id":"p","topic":"log.a","payload":1})";
        f.fill(91);
        co_await tell(m, publish);
        EXPECT_TRUE((co_await hear(*m.link, "{")).starts_with(R"({"type":"ok","id":"p")"));
        f.fill(93);
        co_await tell(m, R"({"type":"publish","id":"q","topic":"log.a","payload":1})");
        auto const answer = co_await hear(*m.link, "{");
        EXPECT_EQ(field(answer, "code"), "unavailable") << answer;
        EXPECT_EQ(field(answer, "outcome"), "not_stored") << answer;
        EXPECT_EQ(field(answer, "retry_after_ms"), "1000") << answer;
        auto const refused = co_await f.server->publish(note("log.a", "1"));
        EXPECT_FALSE(refused.has_value());
        EXPECT_EQ(refused.error().stored, outcome::not_stored);
        auto again = note("log.a", "1");
        again.dedupe = "d";
        auto const unsure = co_await f.server->publish(std::move(again));
        EXPECT_EQ(unsure.error().stored, outcome::unknown) << "it may have been stored before";
        EXPECT_EQ(f.counted(&observer::memory_steps, memory_step::publishes), 3U);
        f.fill(50);
        auto const taken = co_await f.server->publish(note("log.a", "1"));
        EXPECT_TRUE(taken.has_value());
        EXPECT_EQ(taken.value().offset, 2U) << "what was refused has no place";
    }(*this));
}

TEST_F(memory_budget, handshakes_are_refused_and_readiness_says_so) {
    start(2, bounded());
    run([](memory_budget& f) -> asio::awaitable<void> {
        auto m = co_await f.join();
        EXPECT_FALSE(f.server->short_of_memory());
        f.fill(81);
        EXPECT_TRUE(f.server->short_of_memory());
        auto const url = "ws://127.0.0.1:" + std::to_string(f.server->port()) + "/v1/ws";
        auto const opened = co_await ws_client::connect(url, {}, patience());
        EXPECT_FALSE(opened.has_value());
        EXPECT_EQ(f.counted(&observer::refused, handshake_refusal::memory), 1U);
        co_await tell(m, R"({"type":"ping","id":"a"})");
        EXPECT_FALSE((co_await hear(*m.link, R"({"type":"pong")")).empty());
        f.fill(74);
        EXPECT_FALSE(f.server->short_of_memory());
        auto const later = co_await f.join();
        EXPECT_FALSE(later.session.empty());
    }(*this));
}

TEST_F(memory_budget, detached_sessions_end_and_are_told) {
    start(2, bounded());
    run([](memory_budget& f) -> asio::awaitable<void> {
        auto m = co_await f.join();
        co_await subscribe(m, "log.a");
        m.link.reset();
        co_await f.detached(1);
        f.fill(76);
        co_await f.detached(0);
        EXPECT_EQ(f.counted(&observer::memory_steps, memory_step::detached), 1U);
        f.fill(50);
        auto const welcome = co_await f.come_back(m);
        EXPECT_EQ(field(welcome, "resumed"), "false") << welcome;
        EXPECT_EQ(field(welcome, "reason"), "expired") << welcome;
    }(*this));
}

TEST_F(memory_budget, what_is_kept_for_a_replay_goes_before_the_connection) {
    start(2, bounded());
    run([](memory_budget& f) -> asio::awaitable<void> {
        auto m = co_await f.join();
        co_await subscribe(m, "plain.a");
        std::string const large = '"' + std::string(100'000, 'x') + '"';
        for (int i = 0; i != 10; ++i) {
            EXPECT_TRUE((co_await f.server->publish(note("plain.a", large))).has_value());
            EXPECT_FALSE((co_await hear_of(m, R"({"type":"message")")).empty());
        }
        auto const kept = [&f] {
            std::uint64_t n = 0;
            for (auto const* o : f.server->observers()) n += o->replay_bytes.read();
            return n;
        };
        EXPECT_GT(kept(), 1'000'000U);
        f.fill(86);
        co_await f.until([&] { return kept() < 4096; });
        co_await tell(m, R"({"type":"ping","id":"a"})");
        EXPECT_FALSE((co_await hear_of(m, R"({"type":"pong")")).empty());
        f.fill(50);
        m.link.reset();
        co_await f.detached(1);
        m.count = 1;
        auto const welcome = co_await f.come_back(m);
        EXPECT_EQ(field(welcome, "reason"), "overflow") << welcome;
    }(*this));
}

TEST_F(memory_budget, the_connection_that_holds_the_most_is_closed) {
    start(2, bounded());
    run([](memory_budget& f) -> asio::awaitable<void> {
        auto stalled = co_await f.join();
        co_await subscribe(stalled, "plain.a");
        auto bystander = co_await f.join();
        std::string const large = '"' + std::string(100'000, 'x') + '"';
        while (f.outbox_bytes() < 10'000'000) {
            EXPECT_TRUE((co_await f.server->publish(note("plain.a", large))).has_value());
        }
        f.fill(86);
        co_await f.until([&f] { return f.outbox_bytes() < 4096; });
        EXPECT_EQ(f.counted(&observer::memory_steps, memory_step::consumers), 1U);
        co_await tell(bystander, R"({"type":"ping","id":"a"})");
        EXPECT_FALSE((co_await hear(*bystander.link, R"({"type":"pong")")).empty());
        EXPECT_EQ((co_await hear_close(*stalled.link)).code, 4104);
        f.fill(50);
        stalled.link.reset();
        auto const welcome = co_await f.come_back(stalled);
        EXPECT_EQ(field(welcome, "reason"), "overflow") << welcome;
    }(*this));
}

}  // namespace
}  // namespace weir
