#include "shard/memory_ladder.hpp"

namespace weir {
namespace {

/// Hundredths of a limit, which may be the largest number.
std::size_t part(std::size_t limit, std::size_t hundredths) noexcept {
    return limit / 100 * hundredths + limit % 100 * hundredths / 100;
}

}  // namespace

bool memory_ladder::look(std::size_t used, std::size_t limit) noexcept {
    used_ = used;
    limit_ = limit;
    was_ = on_;
    for (std::size_t i = 0; i != memory_step_count; ++i) {
        std::size_t const from = on_[i] ? begins[i] - slack : begins[i];
        on_[i] = used >= part(limit, from);
    }
    return any();
}

std::size_t memory_ladder::excess(memory_step s) const noexcept {
    if (!on(s)) return 0;
    std::size_t const end = part(limit_, begins[static_cast<std::size_t>(s)] - slack);
    return used_ - end + 1;
}

}  // namespace weir
