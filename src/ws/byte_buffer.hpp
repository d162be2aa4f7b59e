#pragma once

#include <weir/base/memory_meter.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

namespace weir::ws {

/// Bytes that are appended to. Unlike std::string it never allocates past a bound that the caller
/// knows (the doubling stops there) and does not clear what is about to be overwritten.
class byte_buffer {
public:
    std::size_t size() const noexcept { return size_; }
    std::size_t capacity() const noexcept { return capacity_; }
    char* data() noexcept { return bytes_.get(); }
    std::string_view view() const noexcept { return {bytes_.get(), size_}; }

    /// Makes room for `wanted` bytes in all: twice what there was or `least`, at most `bound`.
    void grow(std::size_t wanted, std::size_t least, std::size_t bound) {
        if (wanted <= capacity_) return;
        std::size_t const roomy = std::min(std::max(2 * capacity_, least), bound);
        std::size_t const next = std::max(wanted, roomy);
        auto bigger = std::make_unique_for_overwrite<char[]>(next);
        if (size_ != 0) std::memcpy(bigger.get(), bytes_.get(), size_);
        bytes_ = std::move(bigger);
        capacity_ = next;
        counted_.set(capacity_);
    }
    /// There is room.
    void append(char const* from, std::size_t n) noexcept {
        if (n != 0) std::memcpy(bytes_.get() + size_, from, n);
        size_ += n;
    }
    /// After somebody wrote behind the end: the new size, within the capacity.
    void set_size(std::size_t n) noexcept { size_ = n; }
    /// Forgets the content; gives the memory back when there is more than `usual` of it.
    void clear(std::size_t usual) noexcept {
        size_ = 0;
        if (capacity_ > usual) {
            bytes_.reset();
            capacity_ = 0;
            counted_.set(0);
        }
    }

private:
    std::unique_ptr<char[]> bytes_;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
    memory_units<memory_kind::assembly> counted_;
};

}  // namespace weir::ws
