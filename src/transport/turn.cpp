#include "transport/codec.hpp"

#include <weir/base/assert.hpp>
#include <weir/transport/turn.hpp>

#include <boost/asio/post.hpp>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace weir {
namespace {

constexpr std::size_t scratch_bytes = 64 * 1024;
static_assert(scratch_bytes >= turn::read_budget_bytes, "one read can be a turn's budget");

// Items between two looks at the clock, which costs a hundredth of a send.
constexpr std::size_t clock_interval = 4;

// A list of items that know their index, so that leaving it from anywhere, also while it is walked,
// is O(1): the place is nulled.
struct item_list {
    std::vector<turn_item*> places;
    std::uint32_t turn_item::* index;
    std::size_t front = 0;  ///< the places before it were taken

    bool empty() const noexcept { return front == places.size(); }
    bool add(turn_item& i) {
        if (i.*index != 0) return false;
        places.push_back(&i);
        i.*index = static_cast<std::uint32_t>(places.size());
        return true;
    }
    bool holds(turn_item const& i) const noexcept {
        auto const at = i.*index;
        return at != 0 && at <= places.size() && places[at - 1] == &i;
    }
    void drop(turn_item& i) noexcept {
        if (holds(i)) places[std::exchange(i.*index, 0) - 1] = nullptr;
    }
    // Takes the item at `place` off the list; null where it left before.
    turn_item* take(std::size_t place) noexcept {
        turn_item* const i = std::exchange(places[place], nullptr);
        if (i != nullptr) i->*index = 0;
        return i;
    }
    // All before `place` have been taken. Those behind move up only when they are the fewer, so
    // that taking a few from a long list stays cheap.
    void begin_at(std::size_t place) noexcept {
        front = place;
        if (places.size() - front > front) return;
        places.erase(places.begin(), places.begin() + static_cast<std::ptrdiff_t>(front));
        front = 0;
        for (std::size_t p = 0; p < places.size(); ++p) {
            if (places[p] != nullptr) places[p]->*index = static_cast<std::uint32_t>(p + 1);
        }
    }
};

}  // namespace

struct turn::state : std::enable_shared_from_this<state> {
    state(boost::asio::any_io_executor e, timing_wheel& w, observer& o, now (*c)() noexcept)
        : executor(e), deadlines(w), counts(o), clocks(c), set(std::move(e), [this] {
              run(false);
          }) {}

    void post();
    void run(bool posted);
    template <class Call>
    void walk(item_list& list, mono_time until, Call call);
    void read_parked();
    void park(item_list& list, turn_item& i);
    void send_all();

    boost::asio::any_io_executor executor;
    timing_wheel& deadlines;
    observer& counts;
    now (*clocks)() noexcept;
    poller set;
    std::function<bool()> work;
    item_list dirty{{}, &turn_item::dirty_at_};
    item_list ready{{}, &turn_item::ready_at_};
    item_list leaving{{}, &turn_item::ready_at_};
    turn::codec codecs;
    transport_limits limits;
    now clock;
    bool clock_is_fresh = false;
    bool running = false;  // between start() and stop()
    bool inside = false;   // run() is under way
    bool is_posted = false;
    std::size_t reads = 0;  // asked for in this turn
    mono_time reading_since;
    std::array<char, scratch_bytes> scratch;
};

void turn::state::post() {
    if (is_posted || !running) return;
    is_posted = true;
    boost::asio::post(executor, [self = weak_from_this()] {
        auto const s = self.lock();
        if (!s) return;
        s->is_posted = false;
        if (s->running) s->run(true);
    });
}

// Walks what is on the list now, at least a few. Items that come on meanwhile, or are left when the
// time is used up, keep their places for the next turn.
template <class Call>
void turn::state::walk(item_list& list, mono_time until, Call call) {
    std::size_t const end = list.places.size();
    std::size_t place = list.front;
    for (std::size_t n = 1; place < end; ++n) {
        if (turn_item* const i = list.take(place)) call(*i);
        ++place;
        if (n % clock_interval == 0 && mono_time::clock::now() >= until) break;
    }
    list.begin_at(place);
}

void turn::state::read_parked() {
    auto const read = [](turn_item& i) { i.resume_reading(); };
    auto const began = mono_time::clock::now();
    walk(ready, began + turn::slice, read);
    walk(leaving, set.more_may_wait() ? began : began + turn::slice, read);
}

void turn::state::park(item_list& list, turn_item& i) {
    if (list.add(i) && !inside) post();
}

// Everything that leaves in a turn leaves here, and only here.
void turn::state::send_all() {
    walk(dirty, mono_time::clock::now() + turn::slice, [](turn_item& i) { i.flush(); });
}

void turn::state::run(bool posted) {
    auto const kept = shared_from_this();  // a callback may destroy the turn
    inside = true;
    reads = 0;
    if (posted) read_parked();
    bool const more_work = running && work && work();
    if (!dirty.empty()) send_all();
    inside = false;
    clock_is_fresh = false;
    if (more_work || !dirty.empty() || !ready.empty() || !leaving.empty()) post();
}

turn::turn(boost::asio::any_io_executor executor, timing_wheel& wheel, observer& counts,
           now (*clocks)() noexcept)
    : state_(std::make_shared<state>(std::move(executor), wheel, counts, clocks)) {}

turn::~turn() {
    stop();
    for (auto* list : {&state_->dirty, &state_->ready, &state_->leaving}) {
        for (std::size_t p = 0; p < list->places.size(); ++p) list->take(p);
    }
}

void turn::start() {
    state_->running = true;
    state_->set.start();
    state_->post();
}

void turn::stop() {
    state_->running = false;
    state_->set.stop();
}

void turn::mark_dirty(turn_item& i) {
    i.turn_ = this;
    bool const comes_anyway = state_->inside || state_->set.dispatching();
    if (state_->dirty.add(i) && !comes_anyway) state_->post();
}

void turn::park_ready(turn_item& i) {
    i.turn_ = this;
    state_->park(state_->ready, i);
}

void turn::park_leaving(turn_item& i) {
    i.turn_ = this;
    state_->park(state_->leaving, i);
}

void turn::set_work(std::function<bool()> work) {
    state_->work = std::move(work);
}

void turn::request() {
    // The end of a poll is still to come; inside run() its place in the order may be over.
    if (!state_->set.dispatching() || state_->inside) state_->post();
}

bool turn::may_read() noexcept {
    auto& s = *state_;
    if (s.reads == 0) s.reading_since = mono_time::clock::now();
    return ++s.reads % clock_interval != 0 || mono_time::clock::now() < s.reading_since + slice;
}

now const& turn::at() noexcept {
    bool const in_turn = state_->inside || state_->set.dispatching();
    if (!in_turn || !state_->clock_is_fresh) state_->clock = state_->clocks();
    state_->clock_is_fresh = in_turn;
    return state_->clock;
}

poller& turn::descriptors() noexcept {
    return state_->set;
}
timing_wheel& turn::wheel() noexcept {
    return state_->deadlines;
}
observer& turn::counts() noexcept {
    return state_->counts;
}
transport_limits const& turn::limits() const noexcept {
    return state_->limits;
}
void turn::change(transport_limits const& limits) {
    state_->limits = limits;
}
std::span<char> turn::scratch() noexcept {
    return state_->scratch;
}
turn::codec& turn::codecs() noexcept {
    return state_->codecs;
}

turn_item::~turn_item() {
    if (dirty_at_ != 0) turn_->state_->dirty.drop(*this);
    if (ready_at_ != 0) {
        turn_->state_->ready.drop(*this);
        turn_->state_->leaving.drop(*this);
    }
}

}  // namespace weir
