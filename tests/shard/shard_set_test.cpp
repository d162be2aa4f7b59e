#include "shard/server_fixture.hpp"

#include <set>
#include <vector>

namespace weir {
namespace {

using clients = std::vector<std::unique_ptr<ws_client>>;

struct shard_set_fixture : server_fixture, testing::WithParamInterface<unsigned> {
    void SetUp() override { start(GetParam()); }

    asio::awaitable<clients> followers(std::size_t count, std::string topic) {
        clients all;
        for (std::size_t i = 0; i != count; ++i) {
            all.push_back(co_await client(i % 2 == 0));
            co_await follow(*all.back(), topic);
        }
        co_return all;
    }
};

INSTANTIATE_TEST_SUITE_P(shards, shard_set_fixture, testing::Values(1U, 2U, 4U));

TEST_P(shard_set_fixture, everybody_sees_one_order_whatever_their_shard) {
    static constexpr int each = 100;
    run([](shard_set_fixture& f) -> asio::awaitable<void> {
        auto readers = co_await f.followers(8, "one.order");
        clients writers;
        for (int w = 0; w != 3; ++w) writers.push_back(co_await f.client());
        for (int i = 0; i != each; ++i) {
            for (std::size_t w = 0; w != writers.size(); ++w) {
                auto const payload = std::to_string(w * 1000 + static_cast<std::size_t>(i));
                co_await say(*writers[w], publish_text("one.order", payload));
            }
            co_await f.server->publish(note("one.order", std::to_string(3000 + i)));
        }
        std::vector<std::vector<int>> seen(readers.size());
        for (std::size_t r = 0; r != readers.size(); ++r) {
            for (int i = 0; i != 4 * each; ++i) {
                auto const text = co_await hear(*readers[r], R"({"type":"message")");
                EXPECT_NE(text.find("\"offset\":" + std::to_string(i + 1) + ","), std::string::npos)
                    << text;
                seen[r].push_back(std::stoi(payload_of(text)));
            }
        }
        for (auto const& order : seen) EXPECT_EQ(order, seen.front());
        std::array<int, 4> next{0, 1000, 2000, 3000};
        for (int const value : seen.front()) {
            EXPECT_EQ(value, next[static_cast<std::size_t>(value / 1000)]++) << "a writer's order";
        }
    }(*this));
}

TEST_P(shard_set_fixture, joins_and_leaves_race_with_messages_and_lose_none_between) {
    run([](shard_set_fixture& f) -> asio::awaitable<void> {
        auto const writer = co_await f.client();
        auto const c = co_await f.client();
        std::uint64_t published = 0;
        for (int round = 0; round != 40; ++round) {
            co_await follow(*c, "races");
            for (int i = 0; i != 5; ++i) {
                co_await say(*writer, publish_text("races", std::to_string(++published)));
            }
            // From the first one that comes, in a row to the last of the round.
            std::uint64_t at = 0;
            while (at != published) {
                auto const text = co_await hear(*c, R"({"type":"message")");
                auto const got = std::stoull(payload_of(text));
                if (at != 0) EXPECT_EQ(got, at + 1);
                at = got;
            }
            co_await say(*c, R"({"type":"unsubscribe","id":2,"topic":"races"})");
            co_await hear(*c, R"({"type":"ok","id":2)");
        }
    }(*this));
}

TEST_P(shard_set_fixture, the_control_thread_reaches_sessions_on_every_shard) {
    run([](shard_set_fixture& f) -> asio::awaitable<void> {
        auto all = co_await f.followers(8, "seen");
        auto const listed = co_await f.server->connections(0, 100, "");
        EXPECT_EQ(listed.size(), all.size());
        EXPECT_EQ(f.server->connections(), all.size());
        std::set<std::uint64_t> numbers;
        for (connection_facts const& c : listed) {
            EXPECT_TRUE(numbers.insert(c.connection).second);
            EXPECT_TRUE(c.open);
            EXPECT_EQ(c.subscriptions, 1U);
            session_target const one{.session = c.session, .user = {}};
            EXPECT_EQ(co_await f.server->send(one, "e", R"({"x":1})"), 1U);
            auto const facts = co_await f.server->connection(c.session);
            EXPECT_EQ(facts.value().topics, std::vector<std::string>{"seen"});
        }
        for (auto const& c : all) {
            auto const text = co_await hear(*c, R"({"type":"message","topic":"$session.)");
            EXPECT_EQ(payload_of(text), R"({"x":1})");
        }
        auto const page = co_await f.server->connections(listed[2].connection, 3, "");
        EXPECT_EQ(page.size(), 3U);
        EXPECT_EQ(page.front().connection, listed[3].connection);
        auto const topic = co_await f.server->topic("seen");
        EXPECT_EQ(topic.value().value().subscribers, all.size());
        auto const unseen = co_await f.server->topic("unseen");
        EXPECT_FALSE(unseen.value().has_value());

        session_target const first{.session = listed[0].session, .user = {}};
        EXPECT_EQ(co_await f.server->subscribe(first, "given"), 1U);
        EXPECT_EQ(co_await f.server->disconnect(first, close_reason::revoked, "why"), 1U);
        int closed = 0;
        for (auto const& c : all) {
            // Whoever it was: exactly one.
            co_await say(*c, R"({"type":"ping","id":9})");
            auto const next = co_await c->receive(patience());
            if (!next) continue;
            if (auto const* end = std::get_if<ws_client::closed>(&*next)) {
                EXPECT_EQ(end->code, 4004);
                EXPECT_EQ(end->text, "why");
                ++closed;
            }
        }
        EXPECT_EQ(closed, 1);
    }(*this));
}

TEST_P(shard_set_fixture, topics_are_listed_in_order_over_all_homes) {
    run([](shard_set_fixture& f) -> asio::awaitable<void> {
        for (char const* name : {"t.b", "t.a", "t.d", "t.c"}) {
            EXPECT_TRUE((co_await f.server->publish(note(name, "1"))).has_value());
        }
        auto const answer = co_await f.server->topics("t.a", 2);
        auto const& page = answer.value();
        EXPECT_EQ(page.size(), 2U);
        EXPECT_EQ(page[0].name, "t.b");
        EXPECT_EQ(page[1].name, "t.c");
        EXPECT_EQ(page[0].at.offset, 1U);
    }(*this));
}

TEST_P(shard_set_fixture, leaving_is_spread_and_told) {
    run([](shard_set_fixture& f) -> asio::awaitable<void> {
        auto all = co_await f.followers(6, "leaving");
        auto const told = co_await f.server->send_away(
            {.reason = "test", .share = 1, .spread = seconds(1), .deadline = seconds(5)});
        EXPECT_EQ(told, all.size());
        f.server->stop_accepting();
        for (auto const& c : all) {
            auto const text = co_await hear(*c, R"({"type":"goaway")");
            EXPECT_NE(text.find(R"("deadline_ms":5000)"), std::string::npos) << text;
            EXPECT_EQ((co_await hear_close(*c)).code, 4200);
        }
        co_await f.server->finish(patience());
        EXPECT_EQ(f.server->connections(), 0U);
    }(*this));
}

TEST_P(shard_set_fixture, ends_with_clients_still_there) {
    run([](shard_set_fixture& f) -> asio::awaitable<void> {
        auto all = co_await f.followers(6, "cut");
        f.server.reset();
        for (auto const& c : all) {
            auto const end = co_await hear_close(*c);
            EXPECT_EQ(end.code, 1006);
        }
    }(*this));
}

TEST_P(shard_set_fixture, new_rules_apply_while_messages_pass) {
    run([](shard_set_fixture& f) -> asio::awaitable<void> {
        auto all = co_await f.followers(4, "rules");
        auto closed = everything_allowed();
        closed->rules = rule_set({{"**", {right::nobody}, {right::nobody}}});
        f.server->apply(closed);
        for (auto const& c : all) {
            std::string answer;
            do {  // ends: each shard gets its mail
                co_await say(*c, R"({"type":"publish","id":5,"topic":"rules","payload":1})");
                auto const next = co_await c->receive(patience());
                answer = std::get<std::string>(next.value());
            } while (!answer.starts_with(R"({"type":"error","id":5)"));
            EXPECT_NE(answer.find("forbidden"), std::string::npos);
        }
    }(*this));
}

}  // namespace
}  // namespace weir
