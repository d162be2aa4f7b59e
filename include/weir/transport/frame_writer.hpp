#pragma once

#include <weir/base/frame.hpp>
#include <weir/ws/opcode.hpp>

#include <string_view>

namespace weir {

/// Frames whose wire form is one unfragmented, unmasked WebSocket frame (RFC 6455 section 5.2), as
/// a server sends it. `numbered` as in make_frame().
frame_ref make_text_frame(std::string_view body, bool numbered);
frame_ref make_binary_frame(std::string_view body, bool numbered);

/// close, ping or pong; `payload` is at most 125 bytes. Never numbered.
frame_ref make_control_frame(ws::opcode op, std::string_view payload);

/// The permessage-deflate form of `plain` (RFC 7692 section 7.2.1): its kind, RSV1, and `deflated`
/// in place of its body. `plain` is one of the first two.
frame_ref make_deflated_frame(frame const& plain, std::string_view deflated);

}  // namespace weir
