#pragma once

#include "shard/memory_ladder.hpp"

#include <weir/base/clock.hpp>
#include <weir/base/error.hpp>
#include <weir/base/memory_meter.hpp>
#include <weir/topic/broker.hpp>

#include <cstddef>

namespace weir {

class shard;

/// Carries out on one shard what its memory_ladder decides. Owned by the shard, on its thread.
///
/// look() is one comparison while memory is plentiful, and closes nobody, so it may be called from
/// anywhere. relieve() closes connections and ends sessions: from the shard's work and ticks only.
class memory_relief {
public:
    /// Between two rounds of relief, unless memory grows by a share of the limit meanwhile.
    static constexpr milliseconds round{100};
    static constexpr std::size_t prompt_share = 128;
    /// What a client holds at least that gives way: less than that is not the cause.
    static constexpr std::size_t held_min = 4096;
    /// Detached sessions that a shard ends in a round: a twentieth of all, within these.
    static constexpr std::size_t sessions_least = 8;
    static constexpr std::size_t sessions_most = 500;

    explicit memory_relief(shard& owner) : shard_(owner) {}

    void look() noexcept {
        if (memory_used() >= wary_ || ladder_.any()) look_closely();
    }
    void relieve(mono_time at) {
        look();
        if (ladder_.any()) act(at);
    }
    /// The limit was set or changed.
    void limit_changed() noexcept;

    bool refuses_handshakes() noexcept {
        look();
        return ladder_.on(memory_step::handshakes);
    }
    bool refuses_publishes() noexcept {
        look();
        return ladder_.on(memory_step::publishes);
    }
    /// The answer to a publish that is refused; counts it. One with a dedupe id may have been
    /// stored when it was sent before.
    fault refuse_publish(publication const& p);

private:
    void look_closely() noexcept;
    void act(mono_time at);
    void end_detached();
    void close_consumers();

    shard& shard_;
    memory_ladder ladder_;
    std::size_t wary_ = 0;
    std::size_t used_at_round_ = 0;
    mono_time next_round_{};
};

}  // namespace weir
