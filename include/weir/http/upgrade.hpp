#pragma once

#include <weir/base/observer.hpp>
#include <weir/http/origin.hpp>
#include <weir/http/request.hpp>
#include <weir/http/response.hpp>
#include <weir/ws/extension.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace weir::http {

inline constexpr std::string_view subprotocol_json = "weir.v1.json";
inline constexpr std::string_view subprotocol_msgpack = "weir.v1.msgpack";
inline constexpr std::string_view subprotocol_token_prefix = "weir.token.";

struct upgrade_policy {
    origin_policy origins;
    ws::deflate_policy deflate;
};

/// The credential that came with a handshake, not yet verified.
struct handshake_credential {
    std::optional<std::string>
        token;              ///< none: nothing came; may be empty, which no verifier takes
    bool conflict = false;  ///< two that differ: complete the upgrade, then close with 4001
};

/// An upgrade that may go ahead.
struct upgrade_accept {
    std::string head = {};         ///< the whole 101 response
    std::string subprotocol = {};  ///< the one in use; the default when none was offered
    std::optional<ws::deflate_terms> deflate = {};
    handshake_credential credential = {};
};

struct upgrade_refusal {
    response answer;  ///< 400, 403, 405 or 426; closes the connection
    handshake_refusal why = handshake_refusal::bad_request;
};

using upgrade_verdict = std::variant<upgrade_accept, upgrade_refusal>;

/// Judges the opening handshake of a WebSocket (RFC 6455 section 4.2). Pure. Never accepts a
/// request that has, announces or is followed by a body or other bytes.
upgrade_verdict check_upgrade(request const& r, upgrade_policy const& policy);

/// The value of Sec-WebSocket-Accept for a key (RFC 6455 section 4.2.2).
std::string accept_key(std::string_view key);

}  // namespace weir::http
