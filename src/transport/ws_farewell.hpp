#pragma once

#include <weir/transport/ws_connection.hpp>

#include <cstdint>
#include <string>

namespace weir {

/// What a connection knows from the moment it is going to end.
struct ws_connection::farewell {
    close_reason reason;
    std::uint16_t peer_code = 0;
    std::string text;
    frame_ref frame;  ///< our close frame, until it is committed to a write
};

}  // namespace weir
