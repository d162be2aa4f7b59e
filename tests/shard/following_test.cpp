// How a subscription follows its topic: from the past into the present, when its client is slow,
// and when only the newest counts.
#include "shard/continuity_fixture.hpp"

#include <map>
#include <random>

namespace weir {
namespace {

struct following_fixture : continuity_fixture, testing::WithParamInterface<unsigned> {
    void SetUp() override { start(GetParam(), keeping(outbox)); }

    static constexpr std::size_t outbox = 256 * 1024;
    static constexpr std::string_view a_message = R"({"type":"message")";

    std::uint64_t sum(single_writer observer::* which) const {
        std::uint64_t n = 0;
        for (auto const* o : server->observers()) n += (o->*which).read();
        return n;
    }
    /// So much that no kernel buffer of a client that does not read can take it.
    static std::string bulky(int n) {
        return R"({"n":)" + std::to_string(n) + R"(,"fill":")" + std::string(8000, 'x') + "\"}";
    }
    /// The n of the payload.
    static std::uint64_t nth(std::string const& text) { return number(text, "n"); }
};

INSTANTIATE_TEST_SUITE_P(shards, following_fixture, testing::Values(1U, 2U, 4U));

TEST_P(following_fixture, since_brings_what_was_missed_and_says_what_is_gone) {
    run([](following_fixture& f) -> asio::awaitable<void> {
        for (int i = 1; i <= 30; ++i) {
            co_await f.server->publish(note("log.a", std::to_string(i)));
            co_await f.server->publish(note("short.a", std::to_string(i)));
        }
        auto m = co_await f.join();
        auto const first = co_await subscribe(m, "log.a", R"(,"last":1)");
        auto const epoch = field(first, "epoch");
        EXPECT_NE(first.find(R"("receipt":{"from":30,"to":30})"), std::string::npos) << first;
        EXPECT_EQ(number(co_await hear_any(m), "offset"), 30U);

        auto other = co_await f.join();
        auto const since = [](std::string const& e, int offset) {
            return R"(,"since":{"epoch":")" + e + R"(","offset":)" + std::to_string(offset) + "}";
        };
        auto const ok = co_await subscribe(other, "log.a", since(epoch, 10));
        EXPECT_NE(ok.find("\"recovered\":true"), std::string::npos) << ok;
        EXPECT_NE(ok.find(R"("receipt":{"from":11,"to":30})"), std::string::npos) << ok;
        for (std::uint64_t i = 11; i <= 30; ++i) {
            EXPECT_EQ(number(co_await hear_any(other), "offset"), i);
        }

        auto const known = field(co_await subscribe(m, "short.a"), "epoch");
        auto const partly = co_await subscribe(other, "short.a", since(known, 10));
        EXPECT_NE(partly.find("\"recovered\":false"), std::string::npos) << partly;
        EXPECT_NE(partly.find(R"("missing":{"reason":"trimmed","from":11,"to":20)"),
                  std::string::npos)
            << partly;
        for (std::uint64_t i = 21; i <= 30; ++i) {
            EXPECT_EQ(number(co_await hear_any(other), "offset"), i);
        }

        auto third = co_await f.join();
        auto const strange = co_await subscribe(third, "short.a", since("AAAAAAAAAAA", 3));
        EXPECT_NE(strange.find(R"("missing":{"reason":"epoch","from":1,"to":20,"count":20})"),
                  std::string::npos)
            << strange;
        for (std::uint64_t i = 21; i <= 30; ++i) {
            EXPECT_EQ(number(co_await hear_any(third), "offset"), i);
        }
        // And then what comes.
        co_await f.server->publish(note("short.a", "31"));
        EXPECT_EQ(number(co_await hear_any(third), "offset"), 31U);
        EXPECT_EQ(number(co_await hear_of(other, std::string(a_message)), "offset"), 31U);
    }(*this));
}

TEST_P(following_fixture, the_past_passes_into_the_present_while_publishers_run_at_full_speed) {
    run([](following_fixture& f) -> asio::awaitable<void> {
        auto writer = co_await f.join();
        auto const epoch = field(co_await subscribe(writer, "log.race"), "epoch");
        co_await tell(writer, R"({"type":"unsubscribe","topic":"log.race"})");
        std::uint64_t published = 0;
        std::vector<member> readers;
        std::vector<std::uint64_t> next;
        for (int round = 0; round != 40; ++round) {
            // What the reader starts behind is there; what follows is on its way meanwhile.
            co_await tell(writer, R"({"type":"publish","id":1,"topic":"log.race","dedupe":")" +
                                      std::to_string(round) + R"(","payload":)" +
                                      std::to_string(++published) + "}");
            co_await hear_of(writer, R"({"type":"ok","id":1)");
            co_await tell(writer,
                          R"({"type":"received","count":)" + std::to_string(writer.count) + "}");
            std::uint64_t const from = published > 300 ? published - 300 : 0;
            for (int i = 0; i != 50; ++i) {
                co_await tell(writer, publish_text("log.race", std::to_string(++published)));
            }
            readers.push_back(co_await f.join());
            co_await tell(readers.back(), R"({"type":"subscribe","id":"s","topic":"log.race",)"
                                          R"("since":{"epoch":")" +
                                              epoch + R"(","offset":)" + std::to_string(from) +
                                              "}}");
            next.push_back(from + 1);
        }
        for (std::size_t r = 0; r != readers.size(); ++r) {
            auto const ok = co_await hear_of(readers[r], R"({"type":"ok","id":"s")");
            EXPECT_EQ(ok.find("missing"), std::string::npos) << ok;
            while (next[r] <= published) {
                auto const text = co_await hear_any(readers[r]);
                EXPECT_EQ(number(text, "offset"), next[r]) << text;
                if (number(text, "offset") != next[r]) co_return;
                ++next[r];
            }
        }
    }(*this));
}

TEST_P(following_fixture, a_slow_reader_of_a_topic_with_history_lags_and_loses_nothing) {
    run([](following_fixture& f) -> asio::awaitable<void> {
        auto slow = co_await f.join();
        co_await subscribe(slow, "log.slow");
        auto fast = co_await f.join();
        co_await subscribe(fast, "log.slow");
        int const total = 900;
        for (int i = 1; i <= total; ++i) {
            co_await f.server->publish(note("log.slow", bulky(i)));
            EXPECT_EQ(nth(co_await hear_any(fast)), static_cast<std::uint64_t>(i));
        }
        EXPECT_EQ(f.sum(&observer::lagging), 1U);
        EXPECT_LE(f.sum(&observer::outbox_bytes), outbox);
        for (int i = 1; i <= total; ++i) {
            auto const text = co_await hear_any(slow);
            EXPECT_EQ(nth(text), static_cast<std::uint64_t>(i)) << text.substr(0, 200);
        }
        co_await f.server->publish(note("log.slow", R"({"n":0})"));
        EXPECT_EQ(nth(co_await hear_any(slow)), 0U);
        EXPECT_EQ(f.sum(&observer::lagging), 0U);
    }(*this));
}

TEST_P(following_fixture, what_the_log_trims_under_a_slow_reader_is_one_gap) {
    run([](following_fixture& f) -> asio::awaitable<void> {
        auto slow = co_await f.join();
        co_await subscribe(slow, "short.slow");
        std::uint64_t const total = 1500;
        for (std::uint64_t i = 1; i <= total; ++i) {
            co_await f.server->publish(note("short.slow", bulky(static_cast<int>(i))));
        }
        std::uint64_t next = 1;
        int gaps = 0;
        while (next <= total) {
            auto const text = co_await hear_any(slow);
            if (text.starts_with(R"({"type":"gap")")) {
                ++gaps;
                EXPECT_EQ(field(text, "reason"), "trimmed");
                EXPECT_EQ(number(text, "from"), next) << text;
                next = number(text, "to") + 1;
            } else {
                EXPECT_EQ(number(text, "offset"), next++) << text.substr(0, 100);
            }
        }
        EXPECT_GE(gaps, 1);
    }(*this));
}

TEST_P(following_fixture, drop_oldest_puts_the_gap_where_the_first_lost_one_was) {
    run([](following_fixture& f) -> asio::awaitable<void> {
        auto slow = co_await f.join();
        co_await subscribe(slow, "drop.a");
        std::uint64_t const total = 1500;
        for (std::uint64_t i = 1; i <= total; ++i) {
            co_await f.server->publish(note("drop.a", bulky(static_cast<int>(i))));
        }
        std::uint64_t next = 1;
        int gaps = 0;
        while (next <= total) {
            auto const text = co_await hear_any(slow);
            if (text.starts_with(R"({"type":"gap")")) {
                ++gaps;
                EXPECT_EQ(field(text, "reason"), "slow");
                EXPECT_EQ(number(text, "from"), next) << text;
                EXPECT_EQ(number(text, "count"), number(text, "to") + 1 - next) << text;
                next = number(text, "to") + 1;
            } else {
                EXPECT_EQ(number(text, "offset"), next++) << text.substr(0, 100);
            }
        }
        EXPECT_GE(gaps, 1);  // one for each time that its buffers took something
    }(*this));
}

TEST_P(following_fixture, disconnect_closes_a_slow_reader_that_cannot_resume) {
    run([](following_fixture& f) -> asio::awaitable<void> {
        auto slow = co_await f.join();
        co_await subscribe(slow, "plain.slow");
        for (int i = 0; i != 1500; ++i) co_await f.server->publish(note("plain.slow", bulky(i)));
        EXPECT_EQ((co_await hear_close(*slow.link)).code, 4104);
        auto const welcome = co_await f.come_back(slow);
        EXPECT_EQ(field(welcome, "reason"), "overflow") << welcome;
    }(*this));
}

TEST_P(following_fixture, conflate_gives_a_slow_reader_the_newest_of_each_key) {
    run([](following_fixture& f) -> asio::awaitable<void> {
        auto slow = co_await f.join();
        auto const ok = co_await subscribe(slow, "newest.a");
        EXPECT_NE(ok.find("\"conflating\":true"), std::string::npos) << ok;
        std::map<std::string, int> newest;
        int const total = 1500;
        for (int i = 1; i <= total; ++i) {
            auto p = note("newest.a", bulky(i));
            p.key = "k" + std::to_string(i % 7);
            newest[p.key] = i;
            co_await f.server->publish(std::move(p));
        }
        std::map<std::string, int> seen;
        int heard = 0;
        while (seen != newest) {
            auto const text = co_await hear_any(slow);
            EXPECT_TRUE(text.starts_with(a_message)) << text.substr(0, 100);
            auto& last = seen[field(text, "key")];
            EXPECT_LT(last, static_cast<int>(nth(text)));
            last = static_cast<int>(nth(text));
            ++heard;
        }
        EXPECT_LT(heard, total);
    }(*this));
}

TEST_P(following_fixture, volatile_ones_of_the_absent_are_told_also_where_it_conflates) {
    run([](following_fixture& f) -> asio::awaitable<void> {
        auto m = co_await f.join();
        co_await subscribe(m, "newest.v");
        m.link.reset();
        co_await f.detached(1);
        for (int i = 1; i <= 6; ++i) {
            auto p = note("newest.v", std::to_string(i));
            p.key = "k";
            p.is_volatile = i % 2 == 0;
            co_await f.server->publish(std::move(p));
        }
        auto const welcome = co_await f.come_back(m);
        EXPECT_NE(welcome.find("\"resumed\":true"), std::string::npos) << welcome;
        std::uint64_t declared = 0, last = 0;
        for (std::string newest; newest != "5" || declared != 3;) {
            auto const text = co_await hear_any(m);
            if (text.starts_with(R"({"type":"gap")")) {
                EXPECT_EQ(field(text, "reason"), "detached") << text;
                declared += number(text, "count");
                last = number(text, "to");
            } else {
                newest = field(text, "payload");
            }
        }
        EXPECT_EQ(declared, 3U);
        EXPECT_EQ(last, 6U) << "the newest of the key was lost, and said to be";
    }(*this));
}

TEST_P(following_fixture, positions_in_front_of_and_behind_everything) {
    run([](following_fixture& f) -> asio::awaitable<void> {
        auto m = co_await f.join();
        // What is said of a topic that nobody has used is a position like any other.
        co_await tell(m, R"({"type":"history","id":"h","topic":"log.edge"})");
        auto const none = co_await hear_of(m, R"({"type":"ok","id":"h")");
        auto const since = [](std::string const& epoch, std::uint64_t offset) {
            return R"(,"since":{"epoch":")" + epoch + R"(","offset":)" + std::to_string(offset) +
                   "}";
        };
        for (int i = 1; i <= 3; ++i) {
            co_await f.server->publish(note("log.edge", std::to_string(i)));
        }
        auto const all = co_await subscribe(m, "log.edge", since(field(none, "epoch"), 0));
        EXPECT_NE(all.find(R"("recovered":true,"receipt":{"from":1,"to":3})"), std::string::npos)
            << all;
        for (std::uint64_t i = 1; i <= 3; ++i) {
            EXPECT_EQ(number(co_await hear_any(m), "offset"), i);
        }
        auto other = co_await f.join();
        auto const beyond = co_await subscribe(other, "log.edge", since(field(all, "epoch"), 4));
        EXPECT_NE(beyond.find(R"("receipt":{"from":1,"to":3,"missing":{"reason":"epoch"}})"),
                  std::string::npos)
            << beyond;
        for (std::uint64_t i = 1; i <= 3; ++i) {
            EXPECT_EQ(number(co_await hear_any(other), "offset"), i);
        }
    }(*this));
}

TEST_P(following_fixture, a_rate_lets_the_newest_through_when_its_time_has_come) {
    run([](following_fixture& f) -> asio::awaitable<void> {
        auto m = co_await f.join();
        auto const ok = co_await subscribe(m, "paced.a");
        EXPECT_NE(ok.find("\"conflating\":true"), std::string::npos) << ok;
        int const total = 500;
        for (int i = 1; i <= total; ++i) {
            auto p = note("paced.a", R"({"n":)" + std::to_string(i) + "}");
            p.key = i % 2 == 0 ? "even" : "odd";
            co_await f.server->publish(std::move(p));
        }
        std::map<std::string, std::uint64_t> last;
        int heard = 0;
        while (last["even"] != total || last["odd"] != total - 1) {
            auto const text = co_await hear_any(m);
            auto& at = last[field(text, "key")];
            EXPECT_LT(at, nth(text));
            at = nth(text);
            ++heard;
        }
        EXPECT_LT(heard, total);
    }(*this));
}

TEST_P(following_fixture, a_client_that_merges_state_and_messages_has_what_the_server_has) {
    auto const seed = std::random_device{}();
    RecordProperty("seed", static_cast<int>(seed));
    SCOPED_TRACE("seed " + std::to_string(seed));
    run([](following_fixture& f, unsigned with) -> asio::awaitable<void> {
        std::mt19937 random(with);
        using state = std::map<std::string, std::string>;
        auto const merge = [](state& into, std::string const& text) {
            if (field(text, "payload") == "null") {
                into.erase(field(text, "key"));
            } else {
                into[field(text, "key")] = field(text, "payload");
            }
        };
        state truth;
        std::uint64_t head = 0;
        auto const step = [&]() -> publication {
            publication p =
                note("keyed.merge", random() % 4 == 0 ? "null" : std::to_string(random() % 1000));
            p.key = "k" + std::to_string(random() % 12);
            ++head;
            if (p.payload == "null") {
                truth.erase(p.key);
            } else {
                truth[p.key] = p.payload;
            }
            return p;
        };
        std::vector<member> readers;
        std::vector<state> seen;
        std::vector<std::uint64_t> at;
        for (int round = 0; round != 30; ++round) {
            for (auto n = random() % 20; n != 0; --n) co_await f.server->publish(step());
            readers.push_back(co_await f.join());
            auto const ok = co_await subscribe(readers.back(), "keyed.merge", R"(,"state":true)");
            seen.emplace_back();
            at.push_back(number(ok, "offset"));
            EXPECT_EQ(at.back(), head);
            for (auto left = number(ok, "state"); left != 0; --left) {
                merge(seen.back(), co_await hear_any(readers.back()));
            }
            EXPECT_EQ(seen.back(), truth);
        }
        for (int i = 0; i != 50; ++i) co_await f.server->publish(step());
        for (std::size_t r = 0; r != readers.size(); ++r) {
            while (at[r] != head) {
                auto const text = co_await hear_any(readers[r]);
                EXPECT_EQ(number(text, "offset"), ++at[r]) << text;
                merge(seen[r], text);
            }
            EXPECT_EQ(seen[r], truth);
            co_await tell(readers[r], R"({"type":"sync","id":"y"})");
            auto const ok = co_await hear_of(readers[r], R"({"type":"ok","id":"y")");
            EXPECT_EQ(number(ok, "offset"), head) << ok;
        }
    }(*this, seed));
}

}  // namespace
}  // namespace weir
