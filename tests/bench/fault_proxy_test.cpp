#include "bench/proxied_pair.hpp"

#include <sys/epoll.h>

namespace weir::bench {
namespace {

using namespace std::chrono_literals;
using enum disturbance_kind;
using steady = std::chrono::steady_clock;

class fault_proxy_test : public proxy_fixture {};

TEST_F(fault_proxy_test, passes_bytes_and_ends_as_they_come) {
    auto p = connect();
    p.expect_whole();
    std::string const much(3'000'000, 'x');
    std::size_t sent = 0;
    std::string got;
    while (got.size() != much.size()) {
        sent += p.client.write_some(std::string_view(much).substr(sent));
        got += p.server.read(std::min<std::size_t>(10'000, much.size() - got.size()));
    }
    EXPECT_EQ(got, much);
    p.client.end_writing();
    EXPECT_EQ(p.server.end_of_reading(), 0);
    p.server.write("late");  // the other half is still open
    EXPECT_EQ(p.client.read(4), "late");
    p.server.end_writing();
    EXPECT_EQ(p.client.end_of_reading(), 0);
    while (proxy->totals().open != 0) connect();  // goes around until it is forgotten
}

TEST_F(fault_proxy_test, shows_the_server_the_clients_address) {
    auto const p = connect(0x7f040506);
    EXPECT_EQ(p.server.peer_host(), 0x7f040506U);
    p.expect_whole();
}

TEST_F(fault_proxy_test, cuts_with_a_fin_even_with_bytes_unread) {
    auto const p = connect();
    auto const other = connect();
    p.expect_whole();
    apply_to(p, {.kind = stall});
    p.client.write(std::string(1000, 'c'));
    p.server.write(std::string(1000, 's'));
    go_around(other);
    EXPECT_EQ(apply_to(p, {.kind = cut}), 1U);
    EXPECT_EQ(p.client.end_of_reading(), 0);
    EXPECT_EQ(p.server.end_of_reading(), 0);
    other.expect_whole();
    EXPECT_EQ(proxy->totals().cut, 1U);
}

TEST_F(fault_proxy_test, resets_with_a_rst) {
    auto const p = connect();
    auto const other = connect();
    p.expect_whole();
    EXPECT_EQ(apply_to(p, {.kind = disturbance_kind::reset}), 1U);
    EXPECT_EQ(p.client.end_of_reading(), ECONNRESET);
    EXPECT_EQ(p.server.end_of_reading(), ECONNRESET);
    other.expect_whole();
    EXPECT_EQ(apply_to(p, {.kind = disturbance_kind::reset}), 0U);
}

TEST_F(fault_proxy_test, passes_a_reset_on) {
    auto p = connect();
    p.expect_whole();
    linger const at_once{1, 0};
    ::setsockopt(p.client.fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    p.client.close();
    EXPECT_EQ(p.server.end_of_reading(), ECONNRESET);
}

TEST_F(fault_proxy_test, stalls_both_ways_and_hides_even_the_end) {
    auto p = connect();
    auto const other = connect();
    EXPECT_EQ(apply_to(p, {.kind = stall}), 1U);
    p.client.write("there");
    p.client.close();
    p.server.write("back");
    go_around(other);
    EXPECT_TRUE(p.server.quiet());
    apply_to(p, {.kind = heal});
    EXPECT_EQ(p.server.read(5), "there");
    p.server.end_of_reading();
}

TEST_F(fault_proxy_test, pauses_one_direction_until_healed_or_for_a_while) {
    auto const p = connect();
    auto const other = connect();
    apply_to(p, {.kind = stall, .way = direction::to_client});
    p.client.write("there");
    EXPECT_EQ(p.server.read(5), "there");
    p.server.write("back");
    go_around(other);
    EXPECT_TRUE(p.client.quiet());
    apply_to(p, {.kind = heal, .way = direction::to_server});
    go_around(other);
    EXPECT_TRUE(p.client.quiet());
    apply_to(p, {.kind = heal, .way = direction::to_client});
    EXPECT_EQ(p.client.read(4), "back");

    auto const began = steady::now();
    apply_to(p, {.kind = stall, .lasting = 50ms});
    p.server.write("more");
    EXPECT_EQ(p.client.read(4), "more");
    EXPECT_GE(steady::now() - began, 50ms);
    p.expect_whole();
}

TEST_F(fault_proxy_test, a_stall_that_was_renewed_outlives_the_first) {
    auto const p = connect();
    auto const began = steady::now();
    apply_to(p, {.kind = stall, .lasting = 20ms});
    apply_to(p, {.kind = stall, .lasting = 120ms});
    p.client.write("x");
    EXPECT_EQ(p.server.read(1), "x");
    EXPECT_GE(steady::now() - began, 120ms);
}

TEST_F(fault_proxy_test, stops_reading_while_the_other_side_is_not_written_to) {
    begin({.buffer_bytes = 8 * 1024});
    auto const p = connect();
    auto const other = connect();
    apply_to(p, {.kind = stall, .way = direction::to_client});
    std::string const piece(64 * 1024, 'y');
    std::size_t sent = 0;
    for (int idle = 0; idle != 20;) {  // until the kernel's buffers are full
        auto const n = p.server.write_some(piece);
        sent += n;
        idle = n == 0 ? idle + 1 : 0;
        go_around(other);
    }
    EXPECT_LE(proxy->totals().buffered, 8U * 1024);
    apply_to(p, {.kind = heal});
    EXPECT_EQ(p.client.read(sent), std::string(sent, 'y'));
    p.expect_whole();
}

TEST_F(fault_proxy_test, delays_and_keeps_the_order) {
    auto const p = connect();
    apply_to(p, {.kind = latency, .delay = 40ms, .jitter = 30ms});
    auto const began = steady::now();
    std::string all;
    for (int i = 0; i != 50; ++i) {
        auto const text = std::to_string(i) + ",";
        p.client.write(text);
        all += text;
    }
    EXPECT_EQ(p.server.read(all.size()), all);
    EXPECT_GE(steady::now() - began, 40ms);
    p.server.write("back");
    EXPECT_EQ(p.client.read(4), "back");
    EXPECT_GE(steady::now() - began, 80ms);
    apply_to(p, {.kind = heal});
    p.expect_whole();
}

TEST_F(fault_proxy_test, slices) {
    auto const p = connect();
    apply_to(p, {.kind = slice, .way = direction::to_server, .delay = 1ms, .bytes = 3});
    auto const before = proxy->totals().writes_to_server;
    auto const began = steady::now();
    p.client.write(std::string(100, 'z'));
    EXPECT_EQ(p.server.read(100), std::string(100, 'z'));
    EXPECT_GE(steady::now() - began, 33ms);
    EXPECT_GE(proxy->totals().writes_to_server - before, 34U);
}

TEST_F(fault_proxy_test, holds_to_a_bandwidth) {
    auto const p = connect();
    apply_to(p, {.kind = bandwidth, .way = direction::to_client, .bytes = 20'000});
    auto const began = steady::now();
    std::string const much(4000, 'w');
    p.server.write(much);
    EXPECT_EQ(p.client.read(much.size()), much);
    EXPECT_GE(steady::now() - began, 180ms);
}

TEST_F(fault_proxy_test, refuses_new_ones_and_admits_again) {
    auto const p = connect();
    proxy->apply({.kind = refuse});
    EXPECT_FALSE(plain_socket::connected_to(proxy->port()).open());
    EXPECT_EQ(errno, ECONNREFUSED);
    p.expect_whole();
    proxy->apply({.kind = admit});
    connect().expect_whole();

    proxy->apply({.kind = refuse, .lasting = 30ms});
    auto const deadline = steady::now() + 30s;
    while (!plain_socket::connected_to(proxy->port()).open()) ASSERT_LT(steady::now(), deadline);
}

TEST_F(fault_proxy_test, drops_everything_at_once) {
    std::vector<pair> all;
    for (int i = 0; i != 50; ++i) all.push_back(connect());
    EXPECT_EQ(proxy->apply({.kind = cut}), 50U);
    for (pair const& p : all) {
        EXPECT_EQ(p.client.end_of_reading(), 0);
        EXPECT_EQ(p.server.end_of_reading(), 0);
    }
    connect().expect_whole();
}

TEST_F(fault_proxy_test, meets_a_share_that_the_seed_chooses) {
    std::vector<bool> first;
    for (std::uint64_t const seed : {7U, 7U, 8U}) {
        begin({.seed = seed});
        std::vector<pair> all;
        for (int i = 0; i != 60; ++i) all.push_back(connect());
        auto const met =
            proxy->apply({.kind = cut, .who = disturbance::reach::share, .share = 0.5, .pick = 3});
        EXPECT_GT(met, 10U);
        EXPECT_LT(met, 50U);
        std::vector<bool> hit;
        for (pair const& p : all) hit.push_back(!proxy->connection_from(p.client.port()));
        for (std::size_t i = 0; i != all.size(); ++i) {
            if (!hit[i]) continue;
            EXPECT_EQ(all[i].client.end_of_reading(), 0);
        }
        if (first.empty()) {
            first = hit;
        } else if (seed == 7) {
            EXPECT_EQ(hit, first);
        } else {
            EXPECT_NE(hit, first);
        }
    }
}

TEST_F(fault_proxy_test, meets_as_many_by_chance_as_asked_for) {
    std::vector<pair> all;
    for (int i = 0; i != 20; ++i) all.push_back(connect());
    auto const some = disturbance::reach::some;
    EXPECT_EQ(proxy->apply({.kind = disturbance_kind::reset, .who = some, .count = 5}), 5U);
    EXPECT_EQ(proxy->totals().open, 15U);
    EXPECT_EQ(proxy->apply({.kind = disturbance_kind::reset, .who = some, .count = 99}), 15U);
}

TEST_F(fault_proxy_test, meets_those_to_come) {
    proxy->apply({.kind = latency, .coming = true, .delay = 30ms});
    auto const p = connect();
    auto const began = steady::now();
    p.expect_whole();
    EXPECT_GE(steady::now() - began, 60ms);
    proxy->apply({.kind = heal});
    auto const q = connect();
    p.expect_whole();
    q.expect_whole();
}

TEST_F(fault_proxy_test, resets_more_than_it_is_meant_for) {
    begin({.connections_max = 2});
    auto const p = connect();
    auto const q = connect();
    auto const r = plain_socket::connected_to(proxy->port());
    EXPECT_EQ(r.end_of_reading(), ECONNRESET);
    p.expect_whole();
    q.expect_whole();
}

TEST_F(fault_proxy_test, resets_the_client_of_a_server_that_is_gone) {
    listener.close();
    auto const r = plain_socket::connected_to(proxy->port());
    EXPECT_EQ(r.end_of_reading(), ECONNRESET);
}

TEST_F(fault_proxy_test, many_connections_at_once_on_one_thread) {
    std::vector<pair> all;
    for (int i = 0; i != 500; ++i) all.push_back(connect(0x7f010001U + unsigned(i) / 50));
    for (int round = 0; round != 3; ++round) {
        for (pair const& p : all) p.client.write("0123456789");
        for (pair const& p : all) EXPECT_EQ(p.server.read(10), "0123456789");
    }
    EXPECT_EQ(proxy->totals().buffered, 0U);
    EXPECT_EQ(proxy->apply({.kind = disturbance_kind::reset}), 500U);
    for (pair const& p : all) EXPECT_EQ(p.server.end_of_reading(), ECONNRESET);
}

TEST(fault_proxy_loop_test, runs_inside_anothers_epoll_set) {
    plain_socket server(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    auto const at = loopback(0);
    ASSERT_EQ(::bind(server.fd(), reinterpret_cast<sockaddr const*>(&at), sizeof at), 0);
    ASSERT_EQ(::listen(server.fd(), 10), 0);
    fault_proxy proxy({.server_port = server.port()});
    proxy.apply({.kind = latency, .coming = true, .delay = 20ms});
    int const set = ::epoll_create1(EPOLL_CLOEXEC);
    epoll_event e{.events = EPOLLIN, .data = {}};
    ASSERT_EQ(::epoll_ctl(set, EPOLL_CTL_ADD, proxy.descriptor(), &e), 0);
    auto const client = plain_socket::connected_to(proxy.port());
    client.write("x");
    plain_socket peer;
    auto const began = steady::now();
    while (!peer.open() || peer.quiet()) {
        ASSERT_EQ(::epoll_wait(set, &e, 1, patience_ms), 1);
        proxy.turn();
        pollfd waiting{server.fd(), POLLIN, 0};
        if (!peer.open() && ::poll(&waiting, 1, 0) == 1) {
            peer = plain_socket(::accept4(server.fd(), nullptr, nullptr, SOCK_CLOEXEC));
        }
    }
    EXPECT_GE(steady::now() - began, 10ms);  // the byte may have come before `began`
    EXPECT_EQ(peer.read(1), "x");
    ::close(set);
}

}  // namespace
}  // namespace weir::bench
