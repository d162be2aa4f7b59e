#pragma once

#include "session/waiting_publishes.hpp"

#include <weir/session/session.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace weir {

/// Most of these are empty for most sessions most of the time: allocated at first need, let go on
/// a tick that finds nothing in it.
struct session::seldom {
    /// Bound of each list of what waits for an answer.
    static constexpr std::size_t waiting_max = 1024;

    struct pending_subscribe {
        std::string topic;
        std::string id;  ///< empty: no `ok` is wanted
        bool by_server = false;
    };

    std::optional<fault> refused;  ///< the handshake's credential
    std::vector<pending_subscribe> subscribes;
    waiting_publishes publishes;
    std::vector<mono_time> faults;  ///< those of the last minute that cost, oldest first
    mono_time refusals_since{};     ///< begin of the second in which `refusals` are counted
    std::uint64_t refusals = 0;
    std::optional<mono_time> last_unasked;  ///< rate_limited without id was last said

    bool waiting_for(std::string_view topic) const noexcept {
        for (auto const& p : subscribes) {
            if (p.topic == topic) return true;
        }
        return false;
    }
};

}  // namespace weir
