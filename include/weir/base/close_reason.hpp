#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace weir {

/// Why a connection ended. The table behind it is the only place that pairs a reason with its
/// close code (contract: close codes; RFC 6455 section 7.4), its words and its metric label.
enum class close_reason : std::uint8_t {
    normal,                // 1000, the client is done
    going_away,            // 1001
    protocol_violation,    // 1002, RFC 6455 framing
    unsupported_data,      // 1003, binary where text is spoken
    invalid_utf8,          // 1007
    message_too_large,     // 1009
    internal_error,        // 1011
    protocol_error,        // 4000
    unauthorized,          // 4001
    origin_refused,        // 4002
    disconnected,          // 4003, by the server API
    revoked,               // 4004
    resumed_elsewhere,     // 4006
    overloaded,            // 4100
    rate_limited,          // 4101
    too_many_connections,  // 4102
    broker_unavailable,    // 4103
    slow_consumer,         // 4104
    draining,              // 4200
    heartbeat_missed,      // 4201
    continuity_lost,       // 4203
    token_expired,         // 4204
    lifetime_reached,      // 4205
    idle,                  // 4207
    peer_closed,           // the peer's own close frame came first; its code is echoed
    transport_lost,  // end of stream or reset without a close frame (1006 on the client's side)
};
inline constexpr std::size_t close_reason_count = 26;

/// What a client should do after a close.
enum class reconnect_advice : std::uint8_t { stay_away, backoff, at_once };

struct close_row {
    close_reason reason;
    std::uint16_t code;      ///< on the wire; 0 where none is sent
    std::string_view label;  ///< metric label and log word
    std::string_view text;   ///< default reason phrase, at most 123 bytes
    reconnect_advice advice;
};

close_row const& describe(close_reason reason) noexcept;

/// The reason for a code that somebody may send by name (the server API); none for others.
std::optional<close_reason> close_reason_of(std::uint16_t code) noexcept;

}  // namespace weir
