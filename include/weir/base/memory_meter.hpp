#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

/// How much memory the process uses, in total and by kind (ADR 0018). Counting is a load and a
/// store in a slot of the calling thread: no lock and no shared cache line on the path of a
/// message. What is counted on one thread may be uncounted on another.
///
/// The daemon counts its whole heap (src/app/counted_heap.cpp), so its total is complete whatever
/// the kinds cover. In a program without that, such as a test, the total is the sum of the kinds.
namespace weir {

/// What memory is used for. Kinds explain the total, and need not cover all of it.
enum class memory_kind : std::uint8_t {
    messages,     ///< published messages with their text; logs, tails and queues refer to them
    frames,       ///< encoded messages; outboxes and replay buffers refer to them
    rings,        ///< the outboxes' and replay buffers' own storage: references, no frames
    logs,         ///< the storage of logs, tails and states: references, no messages
    topics,       ///< topics and their subscribers
    dedupe,       ///< dedupe ids
    presence,     ///< members of topics
    sessions,     ///< sessions with their subscriptions and journals
    connections,  ///< connections, without TLS
    assembly,     ///< messages that are partly received
    http,         ///< requests and responses: heads, bodies, coroutines
    queues,       ///< mailboxes and whatever waits for its turn
};
inline constexpr std::size_t memory_kind_count = 12;
std::string_view to_string(memory_kind k) noexcept;

/// Bytes in use, as far as they are counted. Differs from the exact sum by at most 64 KiB for each
/// other thread. One load and one of the thread's own: cheap enough for every turn.
std::size_t memory_used() noexcept;
/// The exact sum, from the slots of all threads. For a scrape, not for a turn.
std::size_t memory_used_exactly() noexcept;
/// The most that was in use since the last call, as closely as memory_used().
std::size_t take_memory_peak() noexcept;
/// Bytes of one kind, from the slots of all threads.
std::size_t memory_used_for(memory_kind k) noexcept;

/// The bound on memory_used() that is kept (`limits.memory`). Nothing here acts on it.
void set_memory_limit(std::size_t bytes) noexcept;
std::size_t memory_limit() noexcept;  ///< the largest number when none was set

namespace memory_meter {

/// What one thread counts. Sums over all slots are right, single slots wrap.
struct alignas(64) slot {
    std::array<std::atomic<std::uint64_t>, memory_kind_count> kinds{};
    std::atomic<std::int64_t> pending{0};  ///< of the total, not passed on yet
    bool const shared = false;             ///< by threads beyond the number of slots
};
extern constinit thread_local slot* own;  ///< null until first used
slot& claim() noexcept;
inline slot& mine() noexcept {
    return own != nullptr ? *own : claim();
}

/// What a thread may keep to itself before it passes it on to the total.
inline constexpr std::int64_t pending_max = 64 * 1024;
void count_total(slot& s, std::int64_t bytes) noexcept;
/// For the counted heap: bytes were allocated or, negative, freed.
inline void count_heap(std::int64_t bytes) noexcept {
    slot& s = mine();
    std::int64_t const pending = s.pending.load(std::memory_order_relaxed) + bytes;
    if (!s.shared && pending < pending_max && pending > -pending_max) {
        s.pending.store(pending, std::memory_order_relaxed);
    } else {
        count_total(s, bytes);
    }
}
/// The heap is counted from here on: kinds no longer add to the total.
void heap_is_counted() noexcept;
void count(memory_kind k, std::int64_t bytes) noexcept;

}  // namespace memory_meter

/// `bytes` more are in use for that. Each is taken back once, on whatever thread.
inline void count_memory(memory_kind k, std::size_t bytes) noexcept {
    memory_meter::count(k, static_cast<std::int64_t>(bytes));
}
inline void uncount_memory(memory_kind k, std::size_t bytes) noexcept {
    memory_meter::count(k, -static_cast<std::int64_t>(bytes));
}

/// Bytes that are counted as long as this lives: for an object whose size changes or is known only
/// when it is complete. A copy counts nothing by itself.
template <memory_kind Kind>
class memory_units {
public:
    memory_units() = default;
    explicit memory_units(std::size_t bytes) noexcept { set(bytes); }
    memory_units(memory_units const&) noexcept {}
    memory_units(memory_units&& other) noexcept : bytes_(std::exchange(other.bytes_, 0)) {}
    memory_units& operator=(memory_units const&) noexcept { return *this; }
    memory_units& operator=(memory_units&& other) noexcept {
        if (this != &other) {
            set(0);
            bytes_ = std::exchange(other.bytes_, 0);
        }
        return *this;
    }
    ~memory_units() { set(0); }

    void set(std::size_t bytes) noexcept {
        if (bytes == bytes_) return;
        memory_meter::count(Kind,
                            static_cast<std::int64_t>(bytes) - static_cast<std::int64_t>(bytes_));
        bytes_ = bytes;
    }
    std::size_t bytes() const noexcept { return bytes_; }

private:
    std::size_t bytes_ = 0;
};

/// For containers: `std::deque<T, counted_allocator<T, memory_kind::queues>>`.
template <class T, memory_kind Kind>
struct counted_allocator {
    using value_type = T;
    template <class U>
    struct rebind {
        using other = counted_allocator<U, Kind>;
    };
    counted_allocator() = default;
    template <class U>
    counted_allocator(counted_allocator<U, Kind> const&) noexcept {}

    T* allocate(std::size_t n) {
        T* const memory = std::allocator<T>().allocate(n);
        count_memory(Kind, n * sizeof(T));
        return memory;
    }
    void deallocate(T* memory, std::size_t n) noexcept {
        uncount_memory(Kind, n * sizeof(T));
        std::allocator<T>().deallocate(memory, n);
    }
    bool operator==(counted_allocator const&) const = default;
};

/// A base for classes with objects of their own on the heap: counts them. The class is `final`.
template <memory_kind Kind>
struct counted_object {
    static void* operator new(std::size_t bytes) {
        void* const memory = ::operator new(bytes);
        count_memory(Kind, bytes);
        return memory;
    }
    static void operator delete(void* memory, std::size_t bytes) noexcept {
        uncount_memory(Kind, bytes);
        ::operator delete(memory);
    }
};

}  // namespace weir
