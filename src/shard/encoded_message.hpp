#pragma once

#include <weir/base/frame.hpp>
#include <weir/message/dialect.hpp>
#include <weir/topic/topic_index.hpp>
#include <weir/transport/frame_writer.hpp>

#include <array>
#include <memory>
#include <string_view>

namespace weir {

/// What a delivery carries in its cache on this shard: the message encoded once for all that speak
/// the same dialect.
struct encoded_message {
    std::array<frame_ref, dialects_max> in;  ///< by dialect_id; null: not encoded yet
};

/// What a dialect wrote, as a frame of its kind; null where it wrote nothing.
inline frame_ref frame_in(dialect const& d, std::string_view body, bool numbered) {
    if (body.empty()) return {};
    return d.traits().binary ? make_binary_frame(body, numbered) : make_text_frame(body, numbered);
}

inline encoded_message& encoded(delivery& d) {
    if (!d.cache) d.cache = std::make_shared<encoded_message>();
    return *static_cast<encoded_message*>(d.cache.get());
}

}  // namespace weir
