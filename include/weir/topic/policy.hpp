#pragma once

#include <weir/base/clock.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir {

/// How much of a topic's past is kept; whichever bound is reached first trims the oldest.
struct history_policy {
    std::uint32_t messages = 0;  ///< 0: no history
    std::uint64_t bytes = 0;     ///< of payloads and keys, see stored_bytes()
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
