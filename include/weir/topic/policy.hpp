#pragma once

#include <weir/base/clock.hpp>
#include <weir/message/message.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir {

/// What a kept message costs beside its text on a 64-bit machine: 216 bytes of `message`, 16 of
/// its reference counts, 24 of a log's slot and as much in reserve, and about 8 of allocator for
/// each of up to five strings that have their own block.
inline constexpr std::size_t message_overhead_bytes = 320;

/// What counts as a message's size wherever messages are kept: its text and the above.
std::size_t stored_bytes(message const& m) noexcept;

/// How much of a topic's past is kept; whichever bound is reached first trims the oldest.
struct history_policy {
    std::uint32_t messages = 0;  ///< 0: no history
    std::uint64_t bytes = 0;     ///< by stored_bytes(); 0: as many as the other bounds allow
    milliseconds age{0};         ///< 0: as long as the other bounds allow
    bool kept() const noexcept { return messages != 0; }
    bool operator==(history_policy const&) const = default;
};

enum class state_kind : std::uint8_t { none, last, keyed };

/// What happens to a subscriber that does not keep up with a topic without history.
enum class slow_policy : std::uint8_t { disconnect, drop_oldest, conflate };

/// What the rule of a topic says about its messages; rights apart (rules.hpp).
struct topic_policy {
    history_policy history;
    state_kind state = state_kind::none;
    std::uint32_t state_keys = 10'000;  ///< most keys of a keyed state
    slow_policy slow = slow_policy::disconnect;
    bool presence = false;
    double rate = 0;  ///< messages a second, a subscriber and key; 0: no limit

    /// Newest-wins delivery is agreed on: jumps in the offsets are no loss.
    bool conflates() const noexcept { return slow == slow_policy::conflate || rate > 0; }
    bool operator==(topic_policy const&) const = default;
};

/// Says what is to be kept of a topic. Asked on one thread; the answer may change (reload).
class policy_source {
public:
    virtual topic_policy policy_of(std::string_view topic) const = 0;

protected:
    ~policy_source() = default;
};

}  // namespace weir
