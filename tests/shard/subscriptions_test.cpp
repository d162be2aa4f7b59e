// A session with more subscriptions than are looked through one by one.
#include "shard/continuity_fixture.hpp"

#include <algorithm>
#include <random>
#include <set>

namespace weir {
namespace {

struct subscriptions_fixture : continuity_fixture, testing::WithParamInterface<unsigned> {
    void SetUp() override {
        auto live = keeping();
        live->session.subscriptions_max = 1000;
        start(GetParam(), live);
    }
};

INSTANTIATE_TEST_SUITE_P(shards, subscriptions_fixture, testing::Values(1U, 2U));

TEST_P(subscriptions_fixture, each_of_many_is_found_whatever_came_and_went_before_it) {
    auto const seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    run([](subscriptions_fixture& f, unsigned with) -> asio::awaitable<void> {
        std::mt19937 random(with);
        auto m = co_await f.join();
        auto other = co_await f.join();  // so that slots move when one of them leaves
        std::set<std::string> mine;
        for (int step = 0; step != 300; ++step) {
            // Grows above the border, shrinks below it, and grows again.
            bool const grows = step < 120 || step >= 220;
            auto const topic = "log.t" + std::to_string(random() % 60);
            co_await tell(other, R"({"type":"subscribe","id":"o","topic":")" + topic + "\"}");
            co_await hear_of(other, R"({"type":"ok","id":"o")");
            if (grows || random() % 8 == 0) {
                co_await subscribe(m, topic);
                mine.insert(topic);
            } else if (!mine.empty()) {
                auto const gone =
                    *std::next(mine.begin(), static_cast<long>(random() % mine.size()));
                co_await tell(m, R"({"type":"unsubscribe","id":"u","topic":")" + gone + "\"}");
                co_await hear_of(m, R"({"type":"ok","id":"u")");
                mine.erase(gone);
            }
        }
        // What came while it was away is read for each by name, slot and ticket.
        m.link.reset();
        co_await f.detached(1);
        for (int i = 0; i != 60; ++i) {
            co_await f.server->publish(note("log.t" + std::to_string(i), "1"));
        }
        co_await f.come_back(m);
        std::multiset<std::string> heard;
        while (heard.size() < mine.size()) {
            heard.insert(field(co_await hear_of(m, R"({"type":"message")"), "topic"));
        }
        co_await tell(m, R"({"type":"history","id":"h","topic":"log.t0"})");
        EXPECT_TRUE((co_await hear_any(m)).starts_with(R"({"type":"ok","id":"h")"));
        EXPECT_EQ(std::set<std::string>(heard.begin(), heard.end()), mine);
    }(*this, seed));
}

}  // namespace
}  // namespace weir
