#include <weir/async/task_group.hpp>
#include <weir/base/assert.hpp>
#include <weir/base/log.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include <exception>
#include <list>
#include <utility>
#include <vector>

namespace weir {
namespace {

namespace asio = boost::asio;

struct task {
    explicit task(std::string_view n) : name(n) {}
    std::string_view name;
    asio::cancellation_signal signal;
    bool running = true;
};

using task_list = std::list<std::shared_ptr<task>>;

// A stopped coroutine is expected to leave by operation_aborted; anything else is a bug of ours.
void report(std::string_view name, std::exception_ptr const& thrown, bool stopped) {
    try {
        std::rethrow_exception(thrown);
    } catch (boost::system::system_error const& e) {
        if (stopped && e.code() == asio::error::operation_aborted) return;
        log::error("task failed", {{"task", name}, {"what", e.what()}});
    } catch (std::exception const& e) {
        log::error("task failed", {{"task", name}, {"what", e.what()}});
    } catch (...) {
        log::error("task failed", {{"task", name}, {"what", "an unknown exception"}});
    }
}

}  // namespace

struct task_group::state {
    explicit state(asio::any_io_executor e) : executor(std::move(e)) {}

    void forget(task_list::iterator where) {
        (*where)->running = false;
        tasks.erase(where);
        if (!tasks.empty()) return;
        for (auto* const j : joiners) j->cancel();
    }

    asio::any_io_executor executor;
    task_list tasks;
    // Of those who wait in join(): never expire, cancelled when nothing is left. They live in their
    // frames, so that a group holds nothing of its loop.
    std::list<asio::steady_timer*> joiners;
    bool stopped = false;
};

namespace {

// Completion handler of a coroutine. Also takes it off the list when the loop is destroyed under
// it, for then the handler dies without being called.
template <class State>
class ending {
public:
    ending(std::shared_ptr<State> group, task_list::iterator where)
        : group_(std::move(group)), where_(where) {}
    ending(ending&& other) noexcept
        : group_(std::exchange(other.group_, nullptr)), where_(other.where_) {}
    ending& operator=(ending&&) = delete;
    ~ending() {
        if (group_) group_->forget(where_);
    }

    void operator()(std::exception_ptr const& thrown) {
        auto const group = std::exchange(group_, nullptr);
        auto finished = *where_;
        if (thrown) report(finished->name, thrown, group->stopped);
        group->forget(where_);
        // Its cancellation state lives inside the signal and is used until the coroutine's
        // outermost frame has gone, which is after this call.
        asio::post(group->executor, [kept = std::move(finished)] {});
    }

private:
    std::shared_ptr<State> group_;
    task_list::iterator where_;
};

// One who waits in join().
template <class State>
struct joiner {
    explicit joiner(std::shared_ptr<State> g)
        : group(std::move(g)),
          timer(std::make_unique<asio::steady_timer>(group->executor,
                                                     asio::steady_timer::time_point::max())),
          where(group->joiners.insert(group->joiners.end(), timer.get())) {}
    joiner(joiner const&) = delete;
    joiner& operator=(joiner const&) = delete;
    ~joiner() { group->joiners.erase(where); }

    std::shared_ptr<State> group;
    std::unique_ptr<asio::steady_timer> timer;
    std::list<asio::steady_timer*>::iterator where;
};

}  // namespace

task_group::task_group(asio::any_io_executor executor)
    : state_(std::make_shared<state>(std::move(executor))) {}

task_group::~task_group() {
    WEIR_ASSERT(state_->tasks.empty());
}

void task_group::spawn(std::string_view name, asio::awaitable<void> work) {
    if (state_->stopped) return;
    auto const added = std::make_shared<task>(name);
    auto const where = state_->tasks.insert(state_->tasks.end(), added);
    ending<state> done(state_, where);
    asio::co_spawn(state_->executor, std::move(work),
                   asio::bind_cancellation_slot(added->signal.slot(), std::move(done)));
}

void task_group::stop() {
    state_->stopped = true;
    // A copy: whoever is cancelled may end at once and take others along.
    std::vector<std::shared_ptr<task>> const all(state_->tasks.begin(), state_->tasks.end());
    for (auto const& t : all) {
        if (t->running) t->signal.emit(asio::cancellation_type::terminal);
    }
}

asio::awaitable<void> task_group::join() {
    joiner<state> const waiting(state_);
    auto const token = asio::as_tuple(asio::use_awaitable);
    while (!waiting.group->tasks.empty()) co_await waiting.timer->async_wait(token);
}

std::size_t task_group::size() const noexcept {
    return state_->tasks.size();
}

}  // namespace weir
