#include "base/log_limiter.hpp"
#include "base/log_line.hpp"
#include "base/log_writer.hpp"

#include <weir/base/clock.hpp>
#include <weir/base/log.hpp>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <memory>
#include <mutex>
#include <poll.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace weir::log {
namespace {

// A line is some 200 bytes: a burst of 4096 is under 1 MB of text, and 1 to 2 MB of preallocated
// queue is what the process pays for never blocking a loop on its log.
constexpr std::size_t queue_lines = 4096;
// A reader of standard error that has stopped reading may hold up the end of the process so long.
constexpr milliseconds stop_patience{1000};

/// Writes to standard error from the writer's thread. A line is at most PIPE_BUF, so after poll()
/// it is written whole and without blocking; while the reader stalls, lines wait in the queue.
class error_stream {
public:
    void operator()(std::string_view line) {
        if (!await_writable() || !write_all(line)) lost_.fetch_add(1, std::memory_order_relaxed);
    }
    void hurry() noexcept {
        deadline_.store(read_clocks().mono + stop_patience, std::memory_order_relaxed);
    }
    std::uint64_t lost() const noexcept { return lost_.load(std::memory_order_relaxed); }

private:
    // Ends: writable, a dead descriptor, or the deadline that hurry() sets.
    bool await_writable() const noexcept {
        for (;;) {
            bool const late = read_clocks().mono >= deadline_.load(std::memory_order_relaxed);
            pollfd watched{STDERR_FILENO, POLLOUT, 0};
            int const ready = ::poll(&watched, 1, late ? 0 : 100);
            if (ready > 0) return (watched.revents & POLLNVAL) == 0;
            if (late || (ready < 0 && errno != EINTR)) return false;
        }
    }
    static bool write_all(std::string_view line) noexcept {
        while (!line.empty()) {
            auto const written = ::write(STDERR_FILENO, line.data(), line.size());
            if (written < 0) {
                if (errno == EINTR) continue;
                return false;
            }
            line.remove_prefix(static_cast<std::size_t>(written));
        }
        return true;
    }

    std::atomic<std::uint64_t> lost_{0};
    std::atomic<mono_time> deadline_{never};
};

class running_log {
public:
    void push(std::string_view line) noexcept { writer_->push(line); }
    std::uint64_t dropped() const noexcept { return writer_->dropped() + stream_.lost(); }
    /// Writes what is queued, within stop_patience of a stalled reader; gives what was lost in all.
    std::uint64_t finish() {
        stream_.hurry();
        auto const overrun = writer_->dropped();
        writer_.reset();
        return overrun + stream_.lost();
    }

private:
    error_stream stream_;
    std::unique_ptr<log_writer> writer_ =
        std::make_unique<log_writer>([this](std::string_view line) { stream_(line); }, queue_lines);
};

/// The process has one log because it has one standard error. The mutex guards the pointer and is
/// held while a made line is queued, never while one is written.
struct process_log {
    std::atomic<level> threshold{level::off};  // off while not running
    std::atomic<format> shape{format::text};
    std::mutex mutex;
    std::unique_ptr<running_log> running;
    std::uint64_t dropped_before_stop = 0;
    std::mutex limiter_mutex;
    log_limiter limiter;
};

process_log& the_log() {
    // Never destroyed: a thread may log while the process exits.
    static auto& instance = *new process_log;
    return instance;
}

void write_fields(level l, std::string_view event, std::span<field const> fields) {
    auto& log = the_log();
    auto const line =
        make_line(log.shape.load(std::memory_order_relaxed), read_clocks().wall, l, event, fields);
    std::lock_guard const held(log.mutex);
    if (log.running) log.running->push(line);
}

}  // namespace

void start(settings wanted) {
    stop();
    auto& log = the_log();
    std::lock_guard const held(log.mutex);
    log.dropped_before_stop = 0;
    log.running = std::make_unique<running_log>();
    log.shape = wanted.shape;
    log.threshold = wanted.threshold;
}

void change(settings wanted) {
    auto& log = the_log();
    std::lock_guard const held(log.mutex);
    if (!log.running) return;
    log.shape = wanted.shape;
    log.threshold = wanted.threshold;
}

void stop() {
    auto& log = the_log();
    std::unique_ptr<running_log> ending;
    {
        std::lock_guard const held(log.mutex);
        log.threshold = level::off;
        ending = std::move(log.running);
    }
    if (!ending) return;
    auto const lost = ending->finish();
    std::lock_guard const held(log.mutex);
    log.dropped_before_stop = lost;
}

bool enabled(level l) noexcept {
    return l >= the_log().threshold.load(std::memory_order_relaxed) && l != level::off;
}

void write(level l, std::string_view event, std::initializer_list<field> fields) {
    if (enabled(l)) write_fields(l, event, {fields.begin(), fields.size()});
}

void limited(level l, std::string_view event, std::string_view source,
             std::initializer_list<field> fields) {
    if (!enabled(l)) return;
    auto& log = the_log();
    log_limiter::verdict verdict;
    {
        std::lock_guard const held(log.limiter_mutex);
        verdict = log.limiter.admit(read_clocks().mono, event, source);
    }
    if (!verdict.pass) return;
    std::vector<field> all{{"source", source}};
    all.insert(all.end(), fields);
    if (verdict.suppressed > 0) all.emplace_back("suppressed", verdict.suppressed);
    if (verdict.suppressed_others > 0) {
        all.emplace_back("suppressed_others", verdict.suppressed_others);
    }
    write_fields(l, event, all);
}

std::uint64_t dropped() noexcept {
    auto& log = the_log();
    std::lock_guard const held(log.mutex);
    return log.running ? log.running->dropped() : log.dropped_before_stop;
}

}  // namespace weir::log
