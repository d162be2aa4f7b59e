// Paced and stateful subscriptions over sockets: what the feed decides reaches the client.
#include "shard/continuity_fixture.hpp"

#include <map>

namespace weir {
namespace {

struct paced_fixture : continuity_fixture, testing::WithParamInterface<unsigned> {
    void SetUp() override { start(GetParam(), rules(0)); }

    /// board.** keeps a history and the state by key; at `rate` a second.
    static std::shared_ptr<live_settings> rules(double rate) {
        auto live = keeping();
        topic_policy board;
        board.history = {1000, 8 << 20, milliseconds(600'000)};
        board.state = state_kind::keyed;
        board.rate = rate;
        topic_policy keyed;
        keyed.state = state_kind::keyed;
        topic_policy newest;
        newest.slow = slow_policy::conflate;
        auto const rule = [](std::string match, topic_policy p) {
            return topic_rule{std::move(match), {right::anyone}, {right::anyone}, p};
        };
        live->rules =
            rule_set({rule("board.**", board), rule("keyed.**", keyed), rule("newest.**", newest)});
        return live;
    }
    static publication keyed_note(std::string topic, std::string key, std::string payload) {
        auto p = note(std::move(topic), std::move(payload));
        p.key = std::move(key);
        return p;
    }
    static std::string publish_key(std::string const& topic, std::string const& key,
                                   std::string const& payload, std::string const& more = {}) {
        return R"({"type":"publish","topic":")" + topic + R"(","key":")" + key + R"(","payload":)" +
               payload + more + "}";
    }
};

INSTANTIATE_TEST_SUITE_P(shards, paced_fixture, testing::Values(1U, 2U));

TEST_P(paced_fixture, the_state_is_in_front_of_what_was_published_right_behind_the_subscribe) {
    run([](paced_fixture& f) -> asio::awaitable<void> {
        for (int i = 1; i <= 3; ++i) {
            co_await f.server->publish(
                keyed_note("keyed.a", "k" + std::to_string(i), std::to_string(i)));
        }
        auto m = co_await f.join();
        co_await tell(m,
                      R"({"type":"subscribe","id":"s","topic":"keyed.a","state":true,"rate":0.1})");
        co_await tell(m, publish_key("keyed.a", "k1", "4"));
        co_await tell(m, publish_key("keyed.a", "k2", "null"));
        auto const ok = co_await hear_of(m, R"({"type":"ok","id":"s")");
        EXPECT_NE(ok.find("\"conflating\":true"), std::string::npos) << ok;
        std::map<std::string, std::string> copy;
        std::map<std::string, std::uint64_t> last;
        auto const newest = [](std::map<std::string, std::uint64_t>& of, std::string const& key) {
            return of.contains(key) ? of[key] : 0;
        };
        // A low rate must not keep anything for longer than its own key's turn; the removal and
        // the new value may wait for theirs, and the subscription that drops the rate ends that.
        co_await tell(m, R"({"type":"subscribe","id":"t","topic":"keyed.a"})");
        while (newest(last, "k1") != 4 || newest(last, "k2") != 5 || newest(last, "k3") != 3) {
            auto const text = co_await hear_of(m, R"({"type":"message")");
            auto const key = field(text, "key");
            EXPECT_GT(number(text, "offset"), last[key]) << text;
            last[key] = number(text, "offset");
            copy[key] = field(text, "payload");
            if (copy[key] == "null") copy.erase(key);
        }
        EXPECT_EQ(copy, (std::map<std::string, std::string>{{"k1", "4"}, {"k3", "3"}}));
    }(*this));
}

TEST_P(paced_fixture, what_waits_goes_before_the_ok_that_drops_the_rate) {
    run([](paced_fixture& f) -> asio::awaitable<void> {
        auto m = co_await f.join();
        co_await subscribe(m, "newest.a", R"(,"rate":0.05)");
        for (int i = 1; i <= 3; ++i) {
            co_await tell(m, publish_key("newest.a", "k", std::to_string(i)));
        }
        EXPECT_EQ(field(co_await hear_any(m), "payload"), "1");
        co_await f.conflated(1);  // 2 was replaced by 3, which waits
        co_await tell(m, R"({"type":"subscribe","id":"t","topic":"newest.a"})");
        EXPECT_EQ(field(co_await hear_any(m), "payload"), "3");
        EXPECT_TRUE((co_await hear_any(m)).starts_with(R"({"type":"ok","id":"t")"));
        co_await tell(m, publish_key("newest.a", "k", "4"));
        EXPECT_EQ(field(co_await hear_any(m), "payload"), "4");
    }(*this));
}

TEST_P(paced_fixture, a_gap_outlives_a_subscribe_right_behind_the_resuming_hello) {
    run([](paced_fixture& f) -> asio::awaitable<void> {
        auto m = co_await f.join();
        co_await subscribe(m, "newest.a", R"(,"rate":5)");
        m.link.reset();
        co_await f.detached(1);
        auto p = keyed_note("newest.a", "k", "1");
        p.is_volatile = true;
        co_await f.server->publish(std::move(p));
        m.link = co_await f.client();
        co_await tell(m, resume_text(m, m.count));
        co_await tell(m, R"({"type":"subscribe","id":"t","topic":"newest.a"})");
        auto const gap = co_await hear_of(m, R"({"type":"gap")");
        EXPECT_EQ(field(gap, "reason"), "detached") << gap;
        EXPECT_EQ(number(gap, "count"), 1U) << gap;
    }(*this));
}

TEST_P(paced_fixture, a_reload_paces_those_that_are_there) {
    run([](paced_fixture& f) -> asio::awaitable<void> {
        auto m = co_await f.join();
        co_await subscribe(m, "board.a");
        f.server->apply(rules(2));
        // It reaches the shard of this client at some time; from then on not all of a key come.
        int heard = 5;
        for (int round = 0; heard == 5; ++round) {
            auto const key = "k" + std::to_string(round);
            for (int i = 1; i <= 5; ++i) {
                co_await f.server->publish(keyed_note("board.a", key, std::to_string(i)));
            }
            heard = 0;
            for (std::string last; last != "5";) {
                auto const text = co_await hear_of(m, R"({"type":"message")");
                EXPECT_EQ(field(text, "key"), key);
                last = field(text, "payload");
                ++heard;
            }
        }
        // What to come back with, once nothing waits.
        co_await hear_of(m, R"({"type":"position","topic":"board.a")");
    }(*this));
}

TEST_P(paced_fixture, what_came_while_it_was_away_is_read_from_the_log_at_its_pace) {
    run([](paced_fixture& f) -> asio::awaitable<void> {
        auto m = co_await f.join();
        co_await subscribe(m, "board.b", R"(,"rate":20)");
        m.link.reset();
        co_await f.detached(1);
        for (int i = 0; i != 90; ++i) {
            auto p = keyed_note("board.b", "k" + std::to_string(i % 30), std::to_string(i));
            p.is_volatile = true;
            co_await f.server->publish(std::move(p));
        }
        co_await f.come_back(m);
        std::map<std::string, std::string> copy;
        for (int left = 30; left != 0;) {
            auto const text = co_await hear_any(m);
            EXPECT_FALSE(text.starts_with(R"({"type":"gap")")) << text;
            if (!text.starts_with(R"({"type":"message")")) continue;
            auto& value = copy[field(text, "key")];
            value = field(text, "payload");
            if (std::stoi(value) >= 60) --left;
        }
    }(*this));
}

TEST_P(paced_fixture, the_state_has_what_a_client_published_without_echo) {
    run([](paced_fixture& f) -> asio::awaitable<void> {
        auto m = co_await f.join();
        co_await tell(m, publish_key("keyed.b", "mine", "1", R"(,"echo":false)"));
        co_await tell(m, publish_key("keyed.b", "too", "2"));
        auto const ok = co_await subscribe(m, "keyed.b", R"(,"state":true)");
        EXPECT_EQ(number(ok, "state"), 2U) << ok;
        EXPECT_EQ(field(co_await hear_any(m), "key"), "mine");
        EXPECT_EQ(field(co_await hear_any(m), "key"), "too");
    }(*this));
}

}  // namespace
}  // namespace weir
