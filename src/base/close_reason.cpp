#include <weir/base/assert.hpp>
#include <weir/base/close_reason.hpp>

#include <array>

namespace weir {
namespace {

using enum close_reason;
using enum reconnect_advice;

constexpr std::array<close_row, close_reason_count> table = {{
    {normal, 1000, "normal", "done", stay_away},
    {going_away, 1001, "going_away", "going away", backoff},
    {protocol_violation, 1002, "protocol_violation", "WebSocket protocol violation", stay_away},
    {unsupported_data, 1003, "unsupported_data", "this kind of data is not accepted", stay_away},
    {invalid_utf8, 1007, "invalid_utf8", "text is not valid UTF-8", stay_away},
    {message_too_large, 1009, "message_too_large", "message too large", stay_away},
    {internal_error, 1011, "internal_error", "internal error", backoff},
    {protocol_error, 4000, "protocol_error", "protocol error", stay_away},
    {unauthorized, 4001, "unauthorized", "unauthorized", stay_away},
    {origin_refused, 4002, "origin_refused", "origin not allowed", stay_away},
    {disconnected, 4003, "disconnected", "disconnected by the server", stay_away},
    {revoked, 4004, "revoked", "revoked", stay_away},
    {resumed_elsewhere, 4006, "resumed_elsewhere", "session resumed elsewhere", stay_away},
    {overloaded, 4100, "overloaded", "overloaded", backoff},
    {rate_limited, 4101, "rate_limited", "rate limited", backoff},
    {too_many_connections, 4102, "too_many_connections", "too many connections", backoff},
    {broker_unavailable, 4103, "broker_unavailable", "broker unavailable", backoff},
    {slow_consumer, 4104, "slow_consumer", "slow consumer", backoff},
    {draining, 4200, "draining", "draining", at_once},
    {heartbeat_missed, 4201, "heartbeat_missed", "heartbeat missed", at_once},
    {continuity_lost, 4203, "continuity_lost", "continuity lost", at_once},
    {token_expired, 4204, "token_expired", "token expired", at_once},
    {lifetime_reached, 4205, "lifetime_reached", "lifetime reached", at_once},
    {idle, 4207, "idle", "idle", at_once},
    {peer_closed, 0, "peer_closed", "closed by the client", stay_away},
    {transport_lost, 0, "transport_lost", "connection lost", backoff},
}};

constexpr bool in_order() {
    for (std::size_t i = 0; i != table.size(); ++i) {
        if (static_cast<std::size_t>(table[i].reason) != i) return false;
    }
    return true;
}
static_assert(in_order(), "a row stands where its reason says");

}  // namespace

close_row const& describe(close_reason reason) noexcept {
    auto const i = static_cast<std::size_t>(reason);
    WEIR_ASSERT(i < table.size());
    return table[i];
}

std::optional<close_reason> close_reason_of(std::uint16_t code) noexcept {
    for (close_row const& row : table) {
        if (row.code == code && code != 0) return row.reason;
    }
    return std::nullopt;
}

}  // namespace weir
