#pragma once

#include <weir/session/subscription_feed.hpp>

#include <cstddef>
#include <cstdint>

namespace weir {

/// What a subscription needs while it is not simply live. A live one has none.
struct follower {
    subscription_feed feed;
    double rate_wish = 0;     ///< the client's own; the rule's may be lower
    std::size_t counted = 0;  ///< of what waits by key, in the sums of the client and the shard
    std::uint32_t read = 0;   ///< ticket of the read under way; 0: none
};

}  // namespace weir
