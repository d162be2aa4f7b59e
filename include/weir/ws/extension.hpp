#pragma once

#include <weir/ws/deflate.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace weir::ws {

/// Longest Sec-WebSocket-Extensions that is looked at, all lines joined; more is malformed.
inline constexpr std::size_t extensions_bytes_max = 4096;

/// What both sides of a connection agreed on for permessage-deflate (RFC 7692 section 7.1).
struct deflate_terms {
    int server_bits = window_bits_max;  ///< window of what the server sends
    int client_bits = window_bits_max;  ///< window of what the client sends
    context server_context = context::per_message;
    context client_context = context::per_message;
    bool operator==(deflate_terms const&) const = default;
};

/// What a server is willing to do. The default is what shared inflaters, deflaters and frames need.
struct deflate_policy {
    bool enabled = true;
    context server_context = context::per_message;
    context client_context = context::per_message;
    int server_bits_min = 9;  ///< an offer that wants less is declined; 8 costs compression
};

struct extension_answer {
    bool well_formed = true;  ///< false: answer the upgrade with 400 (RFC 6455 section 9.1)
    std::optional<deflate_terms> deflate;  ///< none: no extension is in use
    std::string header;                    ///< value of the response's header; empty: send none
};

/// A server's answer to the Sec-WebSocket-Extensions of a request (several lines joined by ", ").
/// The first offer that can be honoured is taken; unknown extensions are passed over.
extension_answer answer_extensions(std::string_view offered, deflate_policy const& policy = {});

/// A client's offer.
struct deflate_offer {
    context server_context = context::per_message;  ///< per_message: asks for it
    context client_context =
        context::per_message;           ///< per_message: says that it will not take over
    int server_bits = window_bits_max;  ///< less: asks for it
};

std::string offer_extensions(deflate_offer const& offer);

struct extension_verdict {
    bool acceptable = true;  ///< false: the client must fail the connection
    std::optional<deflate_terms> deflate;
};

/// A client's check of the server's answer to offer_extensions(offer); without an offer any answer
/// but an empty one is unacceptable.
extension_verdict check_extensions(std::string_view answered,
                                   std::optional<deflate_offer> const& offer);

}  // namespace weir::ws
