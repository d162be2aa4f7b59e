#include "shard/continuity_fixture.hpp"

namespace weir {
namespace {

struct presence_fixture : continuity_fixture, testing::WithParamInterface<unsigned> {
    void SetUp() override { start(GetParam(), keeping()); }
    void apply(bool presence) {
        auto live = keeping(1 << 20, presence);
        live->verifier = names();
        server->apply(live);
    }
    /// Asks until the answer holds `wanted`; the test's patience ends it.
    static asio::awaitable<void> members_become(member& who, std::string wanted) {
        for (std::string answer; answer.find(wanted) == std::string::npos;) {
            co_await tell(who, R"({"type":"presence","id":"p","topic":"seen.room"})");
            do answer = co_await hear_any(who);
            while (answer.find(R"("id":"p")") == std::string::npos);
        }
    }
};

INSTANTIATE_TEST_SUITE_P(shards, presence_fixture, testing::Values(1U, 2U));

TEST_P(presence_fixture, presence_tells_who_comes_and_goes) {
    apply(true);
    run([](presence_fixture& f) -> asio::awaitable<void> {
        auto watcher = co_await f.join();
        auto const ok = co_await subscribe(watcher, "seen.room", R"(,"presence":true)");
        EXPECT_TRUE(ok.find("ok") != std::string::npos);
        auto ann = co_await f.join("ann");
        co_await subscribe(ann, "seen.room");
        auto const change = co_await hear_of(watcher, R"({"type":"presence")");
        EXPECT_NE(change.find(R"("joined":[{"user":"ann","connections":1)"), std::string::npos)
            << change;
        auto const version = number(change, "version");
        co_await tell(watcher, R"({"type":"presence","id":"p","topic":"seen.room"})");
        auto const page = co_await hear_of(watcher, R"({"type":"ok","id":"p")");
        EXPECT_NE(page.find(R"("total":1,"members":[{"user":"ann")"), std::string::npos) << page;
        EXPECT_GE(number(page, "version"), version);
        // A topic without presence says so.
        co_await tell(watcher, R"({"type":"presence","id":"q","topic":"log.a"})");
        co_await hear_of(watcher, R"({"type":"error","id":"q","payload":{"code":"unsupported")");
    }(*this));
}

TEST_P(presence_fixture, a_reload_counts_those_who_are_there_already) {
    apply(false);
    run([](presence_fixture& f) -> asio::awaitable<void> {
        auto ann = co_await f.join("ann");
        co_await subscribe(ann, "seen.room");
        co_await members_become(ann, "unsupported");
        f.apply(true);
        co_await members_become(ann, R"("total":1,"members":[{"user":"ann")");
        f.apply(false);
        co_await members_become(ann, "unsupported");
    }(*this));
}

TEST_P(presence_fixture, contrary_reloads_at_once_leave_nobody_uncounted) {
    apply(true);
    run([](presence_fixture& f) -> asio::awaitable<void> {
        auto ann = co_await f.join("ann");
        co_await subscribe(ann, "seen.room");
        std::vector<member> others;
        for (std::size_t i = 0; i != 16; ++i) {
            f.apply(false);
            f.apply(true);
            others.push_back(co_await f.join("user" + std::to_string(i)));
            co_await subscribe(others.back(), "seen.room");
            co_await members_become(ann, R"("total":)" + std::to_string(i + 2));
        }
    }(*this));
}

}  // namespace
}  // namespace weir
