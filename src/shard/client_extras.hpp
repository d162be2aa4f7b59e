#pragma once

#include "shard/client.hpp"

#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace weir {

/// What few clients need at any time; allocated at first need.
struct client::extra_state {
    std::unique_ptr<arrival::journey> journey;       ///< the connection leaves for another session
    std::vector<std::pair<std::string, loss>> lost;  ///< of reserved topics, to be told
    mono_time pace_due = never;                      ///< a conflated message may go then
    /// Above client::scanned_max subscriptions: where each is. Else empty.
    std::unordered_map<topic_entry const*, std::uint32_t> by_topic;
    /// Reads of subscriptions that are not answered yet, by ticket.
    std::unordered_map<std::uint32_t, topic_entry const*> reads;
};

}  // namespace weir
