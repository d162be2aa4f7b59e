#include "ws/allocations.hpp"

#include <algorithm>
#include <cstdlib>
#include <new>

namespace weir::ws {

allocations& counted() noexcept {
    thread_local allocations here;
    return here;
}

}  // namespace weir::ws

namespace {

/// The size stands before the block, in room that keeps the strictest alignment of plain new.
constexpr std::size_t front = alignof(std::max_align_t);

void* take(std::size_t bytes) {
    auto* const block = static_cast<char*>(std::malloc(front + bytes));
    if (block == nullptr) throw std::bad_alloc();
    *reinterpret_cast<std::size_t*>(block) = bytes;
    weir::ws::allocations& c = weir::ws::counted();
    ++c.count;
    c.live_bytes += bytes;
    c.peak_bytes = std::max(c.peak_bytes, c.live_bytes);
    return block + front;
}

void give_back(void* p) noexcept {
    if (p == nullptr) return;
    char* const block = static_cast<char*>(p) - front;
    weir::ws::counted().live_bytes -= *reinterpret_cast<std::size_t*>(block);
    std::free(block);
}

}  // namespace

void* operator new(std::size_t bytes) {
    return take(bytes);
}
void* operator new[](std::size_t bytes) {
    return take(bytes);
}
void operator delete(void* p) noexcept {
    give_back(p);
}
void operator delete[](void* p) noexcept {
    give_back(p);
}
void operator delete(void* p, std::size_t) noexcept {
    give_back(p);
}
void operator delete[](void* p, std::size_t) noexcept {
    give_back(p);
}
