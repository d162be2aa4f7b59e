#pragma once

#include <weir/message/events.hpp>
#include <weir/message/message.hpp>
#include <weir/session/conflated_messages.hpp>
#include <weir/session/held_messages.hpp>
#include <weir/session/session.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace weir {

/// Of one read of the log: enough to fill an outbox quickly, little enough to give others their
/// turn.
constexpr std::uint32_t page_messages = 256;

/// How a subscription begins: what was asked for, and what of it is read but not sent yet.
struct subscription_start {
    subscribe_options wish;
    bool answered = false;
    bool of_state = false;  ///< the log was not enough: the state is read
    std::optional<receipt> what;
    std::vector<message_ptr> first;  ///< the state, in order; sent before anything else
    std::size_t sent = 0;            ///< so many of them
    bool done() const noexcept { return answered && sent == first.size(); }
};

/// What a subscription needs while it is not simply live: where it is in the log, or what waits for
/// it. A live one has none. Its parts are there while they are used.
struct follower {
    position place{};      ///< lagging: all up to it was given
    bool lagging = false;  ///< fed from the log, and on hold in the topic index
    bool missed_presence = false;
    gap_reason missed_why = gap_reason::slow;
    std::uint32_t read = 0;  ///< ticket of the read under way; 0: none
    std::unique_ptr<subscription_start> start;
    std::unique_ptr<held_messages> held;            ///< topics without history
    std::unique_ptr<conflated_messages> conflated;  ///< newest-wins topics; stays where it is paced
    bool paced = false;

    std::size_t bytes() const noexcept {
        return (held ? held->bytes() : 0) + (conflated ? conflated->bytes() : 0);
    }
    /// Nothing waits here: the subscription is live.
    bool idle() const noexcept {
        return !lagging && !missed_presence && read == 0 && !paced && (!start || start->done()) &&
               (!held || held->empty()) &&
               (!conflated || (conflated->empty() && !conflated->has_loss()));
    }
};

}  // namespace weir
