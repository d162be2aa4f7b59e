#include "bench/fleet.hpp"
#include "kit/seed.hpp"
#include "shard/continuity_fixture.hpp"

#include <weir/bench/fault_proxy.hpp>

namespace weir::bench {
namespace {

constexpr std::uint64_t clients = 128;
constexpr std::uint64_t scripted = 4 * clients;  ///< connections that are cut; later ones hold
// What passes at least one way until a client is open and subscribed, or has resumed.
constexpr std::uint64_t opening_to_server = 400, resume_to_server = 320;
constexpr std::uint64_t opening_to_client = 1500;

/// Odd connections are cut on the way to the client, even ones on the way to the server. The first
/// of each client together have a cut in every few bytes of the opening; where later ones have it
/// is chance, on the way to the client also among the messages.
fault_proxy::cut_point script(std::uint64_t number, std::uint64_t seed) {
    bool const to_client = number % 2 == 1;
    auto const way = to_client ? direction::to_client : direction::to_server;
    if (number <= clients) {
        auto const all = to_client ? opening_to_client : opening_to_server;
        return {way, 1 + all * (number - 1) / clients};
    }
    return {way, 1 + mix(number + seed) % (to_client ? 4 * opening_to_client : resume_to_server)};
}

class cut_anywhere : public continuity_fixture {};

/// Every step of hello, resume, subscribe and replay is interrupted somewhere.
TEST_F(cut_anywhere, nothing_is_lost_repeated_or_reordered) {
    SCOPED_TRACE(seed_trace());
    auto const seed = test_seed();
    auto live = keeping();
    live->detached = {.per_ip = 10'000, .per_user = 10'000, .total = 10'000};
    start(2, live);
    fault_proxy proxy({.server_port = server->port(),
                       .seed = seed,
                       .cut_at = [seed](std::uint64_t n) -> std::optional<fault_proxy::cut_point> {
                           if (n > scripted) return std::nullopt;
                           return script(n, seed);
                       }});
    proxy.start();
    fleet all({.port = proxy.port(),
               .topics = {"log.a", "log.b", "plain.a"},
               .seats = std::vector<std::vector<std::uint32_t>>(clients, {0, 1, 2}),
               .publishers = 8,
               .published = {0, 1, 2},
               .rate = 5,
               .heartbeat = milliseconds(60'000),
               .seed = seed});
    all.let_publish(true);
    EXPECT_TRUE(all.run_until([&] { return proxy.totals().cut == scripted; }, patience()))
        << proxy.totals().cut << " were cut";
    all.let_publish(false);
    EXPECT_TRUE(all.run_until([&] { return all.settled(); }, patience())) << all.unsettled();
    all.finish();
    all.checker().finish();
    EXPECT_TRUE(all.checker().clean()) << all.checker().findings().front().text;
    auto const& t = all.checker().totals();
    EXPECT_GE(t.lost_connections, scripted);
    EXPECT_EQ(t.anew, 0U) << "whoever had a session got it back";
    EXPECT_EQ(t.unknown, 0U);
    EXPECT_EQ(t.gaps, 0U);
    EXPECT_GE(t.resumed, scripted / 4);
    EXPECT_GT(t.acknowledged, 0U);
}

}  // namespace
}  // namespace weir::bench
