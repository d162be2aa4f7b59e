#pragma once

#include "shard/client.hpp"

#include <string>
#include <utility>
#include <vector>

namespace weir {

/// What few clients need at any time; allocated at first need.
struct client::extra_state {
    std::unique_ptr<arrival::journey> journey;       ///< the connection leaves for another session
    std::vector<std::pair<std::string, loss>> lost;  ///< of reserved topics, to be told
    mono_time pace_due = never;                      ///< a conflated message may go then
};

}  // namespace weir
