#pragma once

#include <weir/base/frame.hpp>
#include <weir/topic/topic_index.hpp>

#include <memory>

namespace weir {

/// What a delivery carries in its cache on this shard: the message encoded once for everybody.
struct encoded_message {
    frame_ref json;
};

inline encoded_message& encoded(delivery& d) {
    if (!d.cache) d.cache = std::make_shared<encoded_message>();
    return *static_cast<encoded_message*>(d.cache.get());
}

}  // namespace weir
