#include <weir/session/directory.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <latch>
#include <string>
#include <thread>
#include <vector>

namespace weir {
namespace {

constexpr std::size_t thread_count = 4;
mono_time const start(seconds(100));

/// Runs `work(n)` on each of the threads at the same time.
void together(std::function<void(std::size_t)> const& work) {
    std::latch ready(thread_count);
    std::vector<std::jthread> threads;
    for (std::size_t n = 0; n != thread_count; ++n) {
        threads.emplace_back([&, n] {
            ready.arrive_and_wait();
            work(n);
        });
    }
}

TEST(directory_threads, nobody_gets_the_last_place_twice) {
    directory d({.connections = 10,
                 .connections_per_ip = 4,
                 .connections_per_user = 3,
                 .handshakes_per_ip_per_second = 0,
                 .messages_per_second_per_user = 0});
    std::array<std::atomic<int>, 4> by_ip{};
    std::array<std::atomic<int>, 4> by_user{};
    std::atomic<int> all{0};
    std::atomic<int> too_many{0};
    together([&](std::size_t n) {
        for (std::size_t i = 0; i != 3000; ++i) {
            std::size_t const who = (i + n) % 4;
            directory::units place, login;
            if (d.enter("ip" + std::to_string(who), start, place)) continue;
            if (++all > 10 || ++by_ip[who] > 4) ++too_many;
            if (!d.login("user" + std::to_string(who), start, login)) {
                if (++by_user[who] > 3) ++too_many;
                --by_user[who];
            }
            --by_ip[who];
            --all;
        }
    });
    EXPECT_EQ(too_many, 0);
    EXPECT_EQ(d.connections(), 0U);
}

TEST(directory_threads, a_bucket_gives_exactly_what_it_holds) {
    directory d({.connections = 100,
                 .connections_per_ip = 100,
                 .connections_per_user = 100,
                 .handshakes_per_ip_per_second = 500,
                 .messages_per_second_per_user = 1000});
    std::atomic<int> messages{0};
    std::atomic<int> handshakes{0};
    together([&](std::size_t) {
        directory::units ann;
        ASSERT_FALSE(d.login("ann", start, ann));
        for (int i = 0; i != 3000; ++i) {
            if (ann.take_message(start) == milliseconds(0)) ++messages;
            if (!d.admit_handshake("ip", start)) ++handshakes;
        }
    });
    EXPECT_EQ(messages, 2000);
    EXPECT_EQ(handshakes, 1000);
}

TEST(directory_threads, coming_going_forgetting_and_new_limits_do_not_clash) {
    directory d({.connections = 50,
                 .connections_per_ip = 5,
                 .connections_per_user = 5,
                 .handshakes_per_ip_per_second = 1000,
                 .messages_per_second_per_user = 1000});
    together([&](std::size_t n) {
        std::vector<directory::units> held(20);
        for (std::size_t i = 0; i != 3000; ++i) {
            mono_time const at = start + milliseconds(i);
            auto const name = std::to_string((i * 7 + n) % 200);
            directory::units& u = held[i % held.size()];
            (void)d.admit_handshake(name, at);
            if (i % 2 == 0) {
                (void)d.enter(name, at, u);
            } else {
                (void)d.login(name, at, u);
            }
            (void)u.take_message(at);
            if (i % 500 == n) {
                d.change({.connections = 50 + i,
                          .connections_per_ip = 5,
                          .connections_per_user = 5,
                          .handshakes_per_ip_per_second = 1000,
                          .messages_per_second_per_user = 500});
                (void)d.entries();
                (void)d.connections();
            }
        }
    });
    EXPECT_EQ(d.connections(), 0U);
}

}  // namespace
}  // namespace weir
