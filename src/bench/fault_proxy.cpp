#include "bench/process_figures.hpp"
#include "bench/proxy_loop.hpp"

#include <condition_variable>
#include <functional>
#include <mutex>
#include <poll.h>
#include <sys/eventfd.h>
#include <thread>
#include <unistd.h>

namespace weir::bench {

class fault_proxy::loop final : public proxy_loop {
public:
    using proxy_loop::proxy_loop;
};

/// The thread and the errands that others send it on.
class fault_proxy::runner {
public:
    runner(proxy_loop& served, int cpu)
        : served_(served), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), thread_([this, cpu] {
              if (cpu >= 0) keep_to_cpu(cpu);
              run();
          }) {}
    ~runner() {
        {
            std::lock_guard const held(lock_);
            ending_ = true;
        }
        wake();
        thread_.join();
        ::close(wake_);
    }

    /// Has the thread do it, and waits until it did.
    void run_there(std::function<void()> const& errand) {
        std::unique_lock held(lock_);
        free_.wait(held, [this] { return errand_ == nullptr; });
        errand_ = &errand;
        auto const mine = ++sent_;
        wake();
        done_.wait(held, [this, mine] { return finished_ >= mine; });
    }

private:
    void wake() const noexcept {
        std::uint64_t const one = 1;
        [[maybe_unused]] auto const n = ::write(wake_, &one, sizeof one);
    }
    void run() {
        std::array<pollfd, 2> watched{pollfd{served_.descriptor(), POLLIN, 0},
                                      pollfd{wake_, POLLIN, 0}};
        for (;;) {  // ends: the destructor said so
            ::poll(watched.data(), watched.size(), -1);
            std::uint64_t ignored = 0;
            [[maybe_unused]] auto const n = ::read(wake_, &ignored, sizeof ignored);
            {
                std::lock_guard const held(lock_);
                if (ending_) return;
                if (errand_ != nullptr) {
                    (*errand_)();
                    errand_ = nullptr;
                    ++finished_;
                    done_.notify_all();
                    free_.notify_all();
                }
            }
            served_.turn();
        }
    }

    proxy_loop& served_;
    int wake_;
    std::mutex lock_;
    std::condition_variable done_, free_;
    std::function<void()> const* errand_ = nullptr;
    std::uint64_t sent_ = 0, finished_ = 0;
    bool ending_ = false;
    std::thread thread_;
};

fault_proxy::fault_proxy(settings const& s) : loop_(std::make_unique<loop>(s)) {}
fault_proxy::~fault_proxy() = default;

std::uint16_t fault_proxy::port() const noexcept {
    return loop_->port();
}

int fault_proxy::descriptor() const noexcept {
    return loop_->descriptor();
}

void fault_proxy::start(int cpu) {
    runner_ = std::make_unique<runner>(*loop_, cpu);
}

void fault_proxy::turn() {
    loop_->turn();
}

std::size_t fault_proxy::apply(disturbance const& d) {
    if (!runner_) return loop_->apply(d);
    std::size_t met = 0;
    runner_->run_there([&] { met = loop_->apply(d); });
    return met;
}

std::optional<std::uint64_t> fault_proxy::connection_from(std::uint16_t client_port) {
    if (!runner_) return loop_->connection_from(client_port);
    std::optional<std::uint64_t> found;
    runner_->run_there([&] { found = loop_->connection_from(client_port); });
    return found;
}

fault_proxy::counts fault_proxy::totals() {
    if (!runner_) return loop_->totals();
    counts all;
    runner_->run_there([&] { all = loop_->totals(); });
    return all;
}

}  // namespace weir::bench
