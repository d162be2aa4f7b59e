#include <weir/session/detached_sessions.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <latch>
#include <string>
#include <thread>
#include <vector>

namespace weir {
namespace {

/// Each of several shards parks sessions and takes them back; what was ever added is, in the end,
/// taken back, evicted or still there.
TEST(detached_sessions_threads, every_session_leaves_once) {
    constexpr std::size_t thread_count = 4;
    constexpr std::size_t each = 3000;
    detached_sessions d({.per_ip = 20, .per_user = 10, .total = 50});
    std::atomic<std::size_t> evicted{0};
    std::atomic<std::size_t> too_many{0};
    std::latch ready(thread_count);
    {
        std::vector<std::jthread> threads;
        for (std::size_t n = 0; n != thread_count; ++n) {
            threads.emplace_back([&, n] {
                std::deque<session_id> mine;
                ready.arrive_and_wait();
                for (std::size_t i = 0; i != each; ++i) {
                    mine.push_back(session_id::random());
                    auto const gone = d.add(mine.back(), "ip" + std::to_string((i + n) % 5),
                                            i % 3 == 0 ? "" : "user" + std::to_string(i % 7));
                    evicted += gone.size();
                    if (i % 2 == 0) {
                        d.remove(mine.front());  // also where it was evicted already
                        mine.pop_front();
                    }
                    if (i % 500 == n) d.change({.per_ip = 20, .per_user = 10, .total = 50});
                    if (d.size() > 50) ++too_many;
                }
                for (session_id const& s : mine) d.remove(s);
            });
        }
    }
    EXPECT_EQ(d.size(), 0U);
    EXPECT_EQ(too_many, 0U);
    EXPECT_GT(evicted, 0U);
    EXPECT_LT(evicted, thread_count * each);
}

}  // namespace
}  // namespace weir
