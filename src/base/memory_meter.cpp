#include <weir/base/memory_meter.hpp>

#include <limits>

namespace weir {
namespace memory_meter {
namespace {

// Threads beyond these share one more slot. A daemon has one thread a core and a few more.
constexpr std::size_t slots = 320;

constinit std::array<slot, slots> all{};
constinit slot overflow{.shared = true};
constinit std::atomic<std::size_t> claimed{0};
constinit std::atomic<std::int64_t> total{0};
constinit std::atomic<std::int64_t> peak{0};
constinit std::atomic<std::size_t> limit{std::numeric_limits<std::size_t>::max()};
constinit std::atomic<bool> heap_counted{false};

// A slot with one writer needs no locked instruction.
template <class Number>
Number add(slot& s, std::atomic<Number>& to, Number n) noexcept {
    if (s.shared) return to.fetch_add(n, std::memory_order_relaxed) + n;
    Number const sum = to.load(std::memory_order_relaxed) + n;
    to.store(sum, std::memory_order_relaxed);
    return sum;
}

std::size_t slots_claimed() noexcept {
    std::size_t const n = claimed.load(std::memory_order_acquire);
    return n < slots ? n : slots;
}

// Memory may be freed on a thread before what allocated it has passed it on.
std::size_t not_negative(std::int64_t n) noexcept {
    return n > 0 ? static_cast<std::size_t>(n) : 0;
}

}  // namespace

constinit thread_local slot* own = nullptr;

slot& claim() noexcept {
    std::size_t const n = claimed.fetch_add(1, std::memory_order_acq_rel);
    own = n < slots ? &all[n] : &overflow;
    return *own;
}

void count_total(slot& s, std::int64_t bytes) noexcept {
    std::int64_t const pending = add(s, s.pending, bytes);
    if (pending < pending_max && pending > -pending_max) return;
    add(s, s.pending, -pending);
    std::int64_t const now = total.fetch_add(pending, std::memory_order_relaxed) + pending;
    // Two threads at once may leave the lower of their peaks, which is as good for its use.
    if (now > peak.load(std::memory_order_relaxed)) peak.store(now, std::memory_order_relaxed);
}

void heap_is_counted() noexcept {
    heap_counted.store(true, std::memory_order_relaxed);
}

void count(memory_kind k, std::int64_t bytes) noexcept {
    slot& s = mine();
    add(s, s.kinds[static_cast<std::size_t>(k)], static_cast<std::uint64_t>(bytes));
    if (!heap_counted.load(std::memory_order_relaxed)) count_total(s, bytes);
}

}  // namespace memory_meter

std::size_t memory_used() noexcept {
    using namespace memory_meter;
    return not_negative(total.load(std::memory_order_relaxed) +
                        mine().pending.load(std::memory_order_relaxed));
}

std::size_t memory_used_exactly() noexcept {
    using namespace memory_meter;
    std::int64_t sum =
        total.load(std::memory_order_relaxed) + overflow.pending.load(std::memory_order_relaxed);
    for (std::size_t i = 0; i != slots_claimed(); ++i) {
        sum += all[i].pending.load(std::memory_order_relaxed);
    }
    return not_negative(sum);
}

std::size_t take_memory_peak() noexcept {
    using namespace memory_meter;
    std::int64_t const now = total.load(std::memory_order_relaxed);
    std::int64_t const most = peak.exchange(now, std::memory_order_relaxed);
    return not_negative(most > now ? most : now);
}

std::size_t memory_used_for(memory_kind k) noexcept {
    using namespace memory_meter;
    std::uint64_t sum = overflow.kinds[static_cast<std::size_t>(k)].load(std::memory_order_relaxed);
    for (std::size_t i = 0; i != slots_claimed(); ++i) {
        sum += all[i].kinds[static_cast<std::size_t>(k)].load(std::memory_order_relaxed);
    }
    return not_negative(static_cast<std::int64_t>(sum));
}

void set_memory_limit(std::size_t bytes) noexcept {
    memory_meter::limit.store(bytes, std::memory_order_relaxed);
}

std::size_t memory_limit() noexcept {
    return memory_meter::limit.load(std::memory_order_relaxed);
}

std::string_view to_string(memory_kind k) noexcept {
    static constexpr std::array<std::string_view, memory_kind_count> names = {
        "messages", "frames",   "rings",       "logs",     "topics", "dedupe",
        "presence", "sessions", "connections", "assembly", "http",   "queues"};
    return names[static_cast<std::size_t>(k)];
}

}  // namespace weir
