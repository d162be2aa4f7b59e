#pragma once

#include "topic/page_fill.hpp"

#include <weir/base/memory_meter.hpp>
#include <weir/message/message.hpp>
#include <weir/topic/broker.hpp>
#include <weir/topic/name_hash.hpp>
#include <weir/topic/policy.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string_view>
#include <unordered_map>

namespace weir {

/// The state of one topic: its newest message (`last`), or the newest of each key (`keyed`).
/// In a keyed state a payload that is JSON `null` removes its key, and messages without a key
/// change nothing.
class topic_state {
public:
    topic_state(state_kind kind, std::uint32_t keys_max) noexcept
        : kind_(kind), keys_max_(keys_max) {}

    /// Another kind starts empty. Keys above a lower bound stay; new ones are not admitted.
    void set_policy(state_kind kind, std::uint32_t keys_max);

    /// False: it would be a new key, and there are as many as may be.
    bool admits(std::string_view key, std::string_view payload) const;
    /// By how much a message of `size` stored bytes would make the state larger; 0: not at all.
    std::size_t growth(std::string_view key, std::string_view payload, std::size_t size) const;
    /// The topic's next message, which must be admitted.
    void apply(message_ptr const& m);
    void clear();

    /// Of kind `state`: in ascending order of offsets behind `at`, all of it when `at` is of
    /// another epoch or does not exist yet, which is said in `missing`.
    log_page read(log_query const& q, position const& head) const;

    std::size_t size() const noexcept { return by_offset_.size(); }
    std::size_t bytes() const noexcept { return bytes_; }  ///< by stored_bytes()

private:
    using messages =
        std::map<std::uint64_t, message_ptr, std::less<>,
                 counted_allocator<std::pair<std::uint64_t const, message_ptr>, memory_kind::logs>>;
    /// What a message with that key and payload replaces or removes.
    bool touches(std::string_view key) const noexcept;
    bool removes(std::string_view payload) const noexcept;
    std::string_view slot(std::string_view key) const noexcept;

    state_kind kind_;
    std::uint32_t keys_max_;
    messages by_offset_;
    /// The views are of the keys of the messages.
    std::unordered_map<
        std::string_view, messages::iterator, name_hash, std::equal_to<>,
        counted_allocator<std::pair<std::string_view const, messages::iterator>, memory_kind::logs>>
        by_key_;
    std::size_t bytes_ = 0;
};

}  // namespace weir
