#include "base/log_writer.hpp"

#include <weir/base/log.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <latch>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

namespace weir::log {
namespace {

using json = nlohmann::json;

std::vector<std::string> lines_of(std::string const& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

TEST(log_writer, drops_the_oldest_and_counts_when_its_output_stalls) {
    constexpr std::size_t room = 8;
    std::latch entered{1};
    std::latch release{1};
    std::vector<std::string> written;
    {
        bool first = true;
        auto const output = [&](std::string_view line) {
            if (std::exchange(first, false)) {
                entered.count_down();
                release.wait();
            }
            written.emplace_back(line);
        };
        log_writer writer(output, room);
        writer.push("first");
        entered.wait();  // its thread holds "first"; the queue is empty
        for (std::size_t i = 0; i < room + 5; ++i) writer.push(std::to_string(i));
        EXPECT_EQ(writer.dropped(), 5U);
        release.count_down();
    }
    std::vector<std::string> const expected = {"first", "5", "6", "7", "8", "9", "10", "11", "12"};
    EXPECT_EQ(written, expected);
}

TEST(log, is_silent_until_started_and_after_its_end) {
    testing::internal::CaptureStderr();
    write(level::error, "before");
    limited(level::error, "before", "source");
    change({level::trace, format::json});
    EXPECT_FALSE(enabled(level::error));
    start({level::info, format::json});
    stop();
    write(level::error, "after");
    stop();
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(log, writes_whole_json_lines_from_many_threads) {
    constexpr int writers = 4;
    constexpr int each = 200;
    testing::internal::CaptureStderr();
    start({level::info, format::json});
    {
        std::vector<std::jthread> threads;
        for (int w = 0; w < writers; ++w) {
            threads.emplace_back([w] {
                for (int i = 0; i < each; ++i) info("counted", {{"n", w * each + i}});
            });
        }
    }
    stop();
    std::set<int> seen;
    for (auto const& line : lines_of(testing::internal::GetCapturedStderr())) {
        seen.insert(json::parse(line)["n"].get<int>());
    }
    EXPECT_EQ(seen.size(), static_cast<std::size_t>(writers * each));
    EXPECT_EQ(dropped(), 0U);
}

TEST(log, changes_level_and_format_while_it_runs) {
    testing::internal::CaptureStderr();
    start({level::warn, format::text});
    EXPECT_FALSE(enabled(level::info));
    info("hidden");
    change({level::debug, format::json});
    EXPECT_TRUE(enabled(level::debug));
    debug("shown");
    write(level::trace, "hidden");
    write(level::off, "hidden");
    change({level::off, format::json});
    error("hidden");
    stop();
    auto const lines = lines_of(testing::internal::GetCapturedStderr());
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_EQ(json::parse(lines[0])["event"], "shown");
}

TEST(log, limits_what_one_source_can_cause) {
    testing::internal::CaptureStderr();
    start({level::info, format::json});
    for (int i = 0; i < 1000; ++i) limited(level::warn, "limited", "192.0.2.1", {{"n", i}});
    limited(level::debug, "limited", "192.0.2.2");
    limited(level::warn, "limited", "192.0.2.3");
    stop();
    auto const lines = lines_of(testing::internal::GetCapturedStderr());
    ASSERT_GE(lines.size(), 2U);
    EXPECT_LE(lines.size(), 2U * 10 + 1);  // a minute may turn in between
    EXPECT_EQ(json::parse(lines.front())["source"], "192.0.2.1");
    EXPECT_EQ(json::parse(lines.back())["source"], "192.0.2.3");
}

/// Standard error is a pipe that nobody reads, already full, for as long as it lives.
class stalled_stderr {
public:
    stalled_stderr() : saved_(::dup(STDERR_FILENO)) {
        if (::pipe(ends_) != 0) std::abort();
        ::fcntl(ends_[1], F_SETFL, O_NONBLOCK);
        std::string const filler(4096, '.');
        while (::write(ends_[1], filler.data(), filler.size()) > 0) {
        }
        ::fcntl(ends_[1], F_SETFL, 0);
        ::dup2(ends_[1], STDERR_FILENO);
    }
    ~stalled_stderr() {
        ::dup2(saved_, STDERR_FILENO);
        for (int const fd : {saved_, ends_[0], ends_[1]}) ::close(fd);
    }
    stalled_stderr(stalled_stderr const&) = delete;
    stalled_stderr& operator=(stalled_stderr const&) = delete;

private:
    int saved_;
    int ends_[2] = {-1, -1};
};

TEST(log, a_reader_that_stopped_holds_up_neither_writers_nor_the_end) {
    constexpr std::uint64_t lines = 10'000;
    stalled_stderr const stalled;
    start({level::info, format::text});
    for (std::uint64_t i = 0; i < lines; ++i) info("line", {{"n", i}});
    EXPECT_GT(dropped(), 0U);
    stop();
    EXPECT_EQ(dropped(), lines);
}

TEST(log, a_closed_standard_error_does_no_harm) {
    int const saved = ::dup(STDERR_FILENO);
    ::close(STDERR_FILENO);
    start({level::info, format::text});
    info("nobody hears this");
    stop();
    EXPECT_EQ(dropped(), 1U);
    ::dup2(saved, STDERR_FILENO);
    ::close(saved);
}

}  // namespace
}  // namespace weir::log
