#include "shard/continuity_fixture.hpp"

// What waits for clients and what is kept for them, as the metrics tell it.
namespace weir {
namespace {

struct gauges : continuity_fixture, testing::WithParamInterface<unsigned> {
    using gauge = single_writer observer::*;
    std::uint64_t sum(gauge which) const {
        std::uint64_t n = 0;
        for (auto const* o : server->observers()) n += (o->*which).read();
        return n;
    }
    std::uint64_t closed(close_reason why) const {
        std::uint64_t n = 0;
        for (auto const* o : server->observers()) n += at(o->closed, why).read();
        return n;
    }
    /// Until it holds; the server does not tell when.
    template <class F>
    asio::awaitable<bool> eventually(F holds) {
        asio::steady_timer look(control);
        for (auto const end = patience(); std::chrono::steady_clock::now() < end;) {
            if (holds()) co_return true;
            look.expires_after(milliseconds(1));
            co_await look.async_wait(asio::use_awaitable);
        }
        co_return false;
    }
};

INSTANTIATE_TEST_SUITE_P(shards, gauges, testing::Values(1U, 2U));

TEST_P(gauges, are_what_they_were_after_a_slow_consumer) {
    start(GetParam(), keeping(64 * 1024));
    run([](gauges& f) -> asio::awaitable<void> {
        auto slow = co_await f.join();
        co_await subscribe(slow, "plain.a");
        std::string const large = '"' + std::string(16 * 1024, 'x') + '"';
        // It does not read; the kernel's buffers are full after some megabytes.
        for (int i = 0; i != 4000 && f.closed(close_reason::slow_consumer) == 0; ++i) {
            co_await f.server->publish(note("plain.a", large));
        }
        bool const closed =
            co_await f.eventually([&] { return f.closed(close_reason::slow_consumer) == 1; });
        EXPECT_TRUE(closed);
        slow.link.reset();
        // One that is given something, receipts and all, and ends by itself.
        auto other = co_await f.join();
        co_await subscribe(other, "plain.a");
        for (int i = 0; i != 20; ++i) {
            co_await f.server->publish(note("plain.a", "1"));
            co_await hear_of(other, R"({"type":"message")");
        }
        EXPECT_GT(f.sum(&observer::replay_bytes), 0U);
        co_await tell(other, R"({"type":"received","count":)" + std::to_string(other.count) + "}");
        bool const released = co_await f.eventually([&] {
            return f.sum(&observer::replay_bytes) == 0 && f.sum(&observer::outbox_bytes) == 0;
        });
        EXPECT_TRUE(released) << f.sum(&observer::replay_bytes) << ' '
                              << f.sum(&observer::outbox_bytes);
    }(*this));
}

}  // namespace
}  // namespace weir
