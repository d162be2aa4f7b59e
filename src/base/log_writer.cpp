#include "base/log_writer.hpp"

#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/sinks/sink.h>

#include <atomic>
#include <csignal>
#include <pthread.h>
#include <utility>

namespace weir::log {
namespace {

// The line is made before it is queued; spdlog only carries it.
class line_sink final : public spdlog::sinks::sink {
public:
    explicit line_sink(log_writer::output out) : out_(std::move(out)) {}
    void log(spdlog::details::log_msg const& message) override {
        out_({message.payload.data(), message.payload.size()});
    }
    void flush() override {}
    void set_pattern(std::string const&) override {}
    void set_formatter(std::unique_ptr<spdlog::formatter>) override {}

private:
    log_writer::output out_;
};

// Signals belong to the program's own threads, and a closed standard error must not end it.
void prepare_thread() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    pthread_setname_np(pthread_self(), "weir-log");
}

}  // namespace

struct log_writer::machinery {
    machinery(output out, std::size_t queue_lines)
        : pool(std::make_shared<spdlog::details::thread_pool>(queue_lines, 1, prepare_thread)),
          logger(std::make_shared<spdlog::async_logger>(
              "weir", std::make_shared<line_sink>(std::move(out)), pool,
              spdlog::async_overflow_policy::overrun_oldest)) {
        // Nobody to tell; a line that could not be queued is counted.
        logger->set_error_handler([this](std::string const&) { failed.fetch_add(1); });
    }

    std::atomic<std::uint64_t> failed{0};
    std::shared_ptr<spdlog::details::thread_pool> pool;
    std::shared_ptr<spdlog::async_logger> logger;
};

log_writer::log_writer(output out, std::size_t queue_lines)
    : machinery_(std::make_unique<machinery>(std::move(out), queue_lines)) {}

// The pool goes first: its end writes the queue and joins. Queued lines hold the logger until then.
log_writer::~log_writer() {
    machinery_->pool.reset();
}

void log_writer::push(std::string_view line) noexcept {
    machinery_->logger->log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
}

std::uint64_t log_writer::dropped() const noexcept {
    return machinery_->pool->overrun_counter() + machinery_->failed.load();
}

}  // namespace weir::log
