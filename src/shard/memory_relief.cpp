#include "shard/memory_relief.hpp"

#include "shard/shard.hpp"

#include <weir/base/log.hpp>

#include <algorithm>
#include <vector>

namespace weir {
namespace {

constexpr memory_step all_steps[] = {memory_step::tails, memory_step::detached,
                                     memory_step::handshakes, memory_step::consumers,
                                     memory_step::publishes};

/// A client and what would be freed of it.
struct holding {
    std::size_t bytes;
    client* who;
    bool mostly_kept;  ///< for a replay
    bool operator<(holding const& other) const noexcept { return bytes < other.bytes; }
};

}  // namespace

void memory_relief::limit_changed() noexcept {
    std::size_t const limit = memory_limit();
    wary_ = limit / 100 * memory_ladder::begins[0];
}

void memory_relief::look_closely() noexcept {
    std::size_t const used = memory_used();
    std::size_t const limit = memory_limit();
    ladder_.look(used, limit);
    for (memory_step const s : all_steps) {
        if (!ladder_.began(s) && !ladder_.ended(s)) continue;
        log::limited(log::level::warn, ladder_.on(s) ? "memory is short" : "memory is free again",
                     to_string(s),
                     {{"step", to_string(s)},
                      {"shard", shard_.index()},
                      {"used_bytes", used},
                      {"limit_bytes", limit}});
    }
}

fault memory_relief::refuse_publish(publication const& p) {
    at(shard_.counts().memory_steps, memory_step::publishes).add();
    at(shard_.counts().limited, limit_kind::memory).add();
    fault f{errc::unavailable, "the server is short of memory", seconds(1)};
    f.stored = p.dedupe.empty() ? outcome::not_stored : outcome::unknown;
    return f;
}

void memory_relief::act(mono_time at) {
    std::size_t const used = memory_used();
    bool const grew =
        used > used_at_round_ && used - used_at_round_ > memory_limit() / prompt_share;
    if (at < next_round_ && !grew) return;
    next_round_ = at + round;
    used_at_round_ = used;
    if (ladder_.on(memory_step::tails) && shard_.shrink_tails()) {
        weir::at(shard_.counts().memory_steps, memory_step::tails).add();
    }
    if (ladder_.on(memory_step::detached)) end_detached();
    if (ladder_.on(memory_step::consumers)) close_consumers();
}

/// Of all shards; each of them takes others, for what is taken is off the list.
void memory_relief::end_detached() {
    auto& waiting = shard_.commons().detached;
    auto const n = std::clamp(waiting.size() / 20, sessions_least, sessions_most);
    for (session_id const& id : waiting.take_oldest(n)) {
        at(shard_.counts().memory_steps, memory_step::detached).add();
        shard_.evict_anywhere(id);
    }
}

/// Each shard frees its part, from the clients that hold the most. What is kept for a replay is
/// dropped before a connection is closed for less.
void memory_relief::close_consumers() {
    std::size_t const excess = ladder_.excess(memory_step::consumers);
    std::size_t const need = std::max<std::size_t>(excess / shard_.fixed().shards, 1);
    std::vector<holding> all;
    shard_.clients().for_each([&](client& c) {
        auto const held = c.memory_held();
        std::size_t const bytes = held.waiting + held.kept;
        if (bytes >= held_min) all.push_back({bytes, &c, held.kept > held.waiting});
    });
    std::make_heap(all.begin(), all.end());
    for (std::size_t freed = 0; freed < need && !all.empty(); all.pop_back()) {
        std::pop_heap(all.begin(), all.end());
        holding const& largest = all.back();
        at(shard_.counts().memory_steps, memory_step::consumers).add();
        if (largest.mostly_kept) {
            largest.who->forget_replay();
        } else {
            largest.who->give_way();
        }
        freed += largest.bytes;
    }
}

}  // namespace weir
