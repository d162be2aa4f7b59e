#pragma once

#include <weir/base/close_reason.hpp>

#include <string_view>

namespace weir::ws {

/// What a peer did wrong, as a value. The reason is one of protocol_violation (1002),
/// invalid_utf8 (1007), message_too_large (1009); the text is static, at most 123 bytes, and fit
/// for the close frame.
struct frame_fault {
    close_reason reason = close_reason::protocol_violation;
    std::string_view text;
};

}  // namespace weir::ws
