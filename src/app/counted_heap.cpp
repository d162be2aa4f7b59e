// Counts the whole heap of the daemon: C++, OpenSSL, zlib and all else. glibc lets a program
// define malloc itself; these pass on to glibc's own and count what it gave. Linked into the
// daemon only, so a library that is used elsewhere replaces nobody's malloc.
//
// Under a sanitizer, which has a malloc of its own, nothing is counted here: then the total is the
// sum of the kinds (base/memory_meter.hpp).
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define WEIR_FOREIGN_HEAP 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
#define WEIR_FOREIGN_HEAP 1
#endif
#endif

#include <cstddef>

#if defined(__GLIBC__) && !defined(WEIR_FOREIGN_HEAP)

#include <weir/base/memory_meter.hpp>

#include <bit>
#include <cerrno>
#include <cstdint>
#include <malloc.h>

extern "C" {
void* __libc_malloc(std::size_t bytes);
void __libc_free(void* memory);
void* __libc_calloc(std::size_t n, std::size_t bytes);
void* __libc_realloc(void* memory, std::size_t bytes);
void* __libc_memalign(std::size_t alignment, std::size_t bytes);
void* __libc_valloc(std::size_t bytes);
void* __libc_pvalloc(std::size_t bytes);
}

namespace {

constinit bool size_stands_in_front = true;

/// glibc keeps the size of a block, with three flags, in the word in front of it. To read it there
/// takes half of the time of malloc_usable_size(); begin() sees whether it is so.
std::size_t word_in_front(void* memory) noexcept {
    return static_cast<std::size_t const*>(memory)[-1] & ~std::size_t{7};
}

/// What a block takes: its usable bytes and glibc's header.
std::int64_t size_of(void* memory) noexcept {
    if (memory == nullptr) return 0;
    if (size_stands_in_front) [[likely]]
        return static_cast<std::int64_t>(word_in_front(memory));
    return static_cast<std::int64_t>(::malloc_usable_size(memory) + sizeof(std::size_t));
}

void* counted(void* memory) noexcept {
    if (memory != nullptr) weir::memory_meter::count_heap(size_of(memory));
    return memory;
}

[[gnu::constructor]] void begin() noexcept {
    for (std::size_t bytes = 1; bytes < 100'000; bytes = bytes * 3 + 7) {
        void* const memory = __libc_malloc(bytes);
        if (memory == nullptr) continue;
        std::size_t const usable = ::malloc_usable_size(memory);
        std::size_t const word = word_in_front(memory);
        if (word < usable || word > usable + 2 * sizeof(std::size_t)) size_stands_in_front = false;
        __libc_free(memory);
    }
    weir::memory_meter::heap_is_counted();
}

}  // namespace

extern "C" {

void* malloc(std::size_t bytes) noexcept {
    return counted(__libc_malloc(bytes));
}

void free(void* memory) noexcept {
    if (memory == nullptr) return;
    weir::memory_meter::count_heap(-size_of(memory));
    __libc_free(memory);
}

void* calloc(std::size_t n, std::size_t bytes) noexcept {
    return counted(__libc_calloc(n, bytes));
}

void* realloc(void* memory, std::size_t bytes) noexcept {
    std::int64_t const before = size_of(memory);
    void* const moved = __libc_realloc(memory, bytes);
    bool const freed = moved == nullptr && bytes == 0;
    if (moved != nullptr || freed) weir::memory_meter::count_heap(size_of(moved) - before);
    return moved;
}

void* memalign(std::size_t alignment, std::size_t bytes) noexcept {
    return counted(__libc_memalign(alignment, bytes));
}

void* aligned_alloc(std::size_t alignment, std::size_t bytes) noexcept {
    return counted(__libc_memalign(alignment, bytes));
}

int posix_memalign(void** out, std::size_t alignment, std::size_t bytes) noexcept {
    if (alignment % sizeof(void*) != 0 || !std::has_single_bit(alignment)) return EINVAL;
    void* const memory = counted(__libc_memalign(alignment, bytes));
    if (memory == nullptr) return ENOMEM;
    *out = memory;
    return 0;
}

void* valloc(std::size_t bytes) noexcept {
    return counted(__libc_valloc(bytes));
}

void* pvalloc(std::size_t bytes) noexcept {
    return counted(__libc_pvalloc(bytes));
}
}

#endif
