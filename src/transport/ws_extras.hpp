#pragma once

#include <weir/transport/ws_connection.hpp>

#include <string>
#include <vector>

namespace weir {

/// What a connection needs for a moment only; allocated when there is something.
struct ws_connection::extras {
    std::vector<frame_ref> pongs;  ///< oldest first, at most pongs_max
    frame_ref ping;                ///< ours
    std::string unread;            ///< read from the descriptor, not decoded yet; see read()

    bool empty() const noexcept { return pongs.empty() && !ping && unread.empty(); }
};

}  // namespace weir
