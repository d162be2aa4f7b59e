#pragma once

#include <weir/base/clock.hpp>
#include <weir/base/error.hpp>
#include <weir/base/observer.hpp>
#include <weir/message/request_id.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace weir {

/// Bounds of the protocol that no configuration changes (contract: Envelope).
inline constexpr std::size_t id_bytes_max = 64;
inline constexpr std::size_t topic_bytes_max = 200;
inline constexpr std::size_t event_bytes_max = 200;
inline constexpr std::size_t key_bytes_max = 200;
inline constexpr std::size_t dedupe_bytes_max = 128;
inline constexpr std::size_t token_bytes_max = 16 * 1024;
inline constexpr std::size_t method_bytes_max = 200;
inline constexpr std::size_t client_bytes_max = 200;
inline constexpr std::size_t sync_topics_max = 1024;
inline constexpr int json_depth_max = 64;

enum class heartbeat_mode : std::uint8_t { frame, message };

struct since_position {
    std::string_view epoch;  ///< as sent; opaque
    std::uint64_t offset = 0;
};

/// One command of a client, decoded and checked for types and bounds, not for rights. Every view
/// points into the bytes it was read from or into the dialect's scratch, and lives as long as
/// command_sink says.
struct command {
    command_type type = command_type::unknown;
    std::string_view type_name;  ///< as sent, for `unsupported`
    request_id id;

    std::string_view topic;    ///< subscribe unsubscribe publish history presence; valid name
    std::string_view event;    ///< publish
    std::string_view payload;  ///< publish, call: bytes of the encoding; JSON: "null" when absent
    std::string_view key;      ///< publish
    std::string_view dedupe;   ///< publish
    /// hello, auth: whose session it is. subscribe: whose subscription it is, where that is
    /// somebody other than the session's user; what proves it is the dialect's and the authority's.
    std::string_view token;
    std::string_view method;   ///< call
    bool is_volatile = false;  ///< publish
    bool echo = true;          ///< publish

    std::optional<since_position> since;  ///< subscribe, history; sync of exactly one topic
    std::optional<std::uint32_t> last;    ///< subscribe; history: at least 1
    bool want_state = false;              ///< subscribe
    bool want_presence = false;           ///< subscribe
    double rate = 0;                      ///< subscribe: updates a second; 0: not asked for

    std::uint64_t count = 0;  ///< received

    /// sync: valid names; absent: every subscribed topic.
    std::optional<std::span<std::string_view const>> topics;

    struct resume_request {
        std::string_view session, secret;
        std::uint64_t received = 0;
    };
    std::optional<resume_request> resume;         ///< hello
    std::optional<heartbeat_mode> heartbeat;      ///< hello
    std::optional<milliseconds> heartbeat_every;  ///< hello
    /// hello: for logs, cut at 200 bytes; the raw JSON when it is no string.
    std::string_view client;
};

/// A command that could not be read. What the bytes told in spite of that is set.
struct command_fault {
    errc code = errc::bad_request;
    std::string message;  ///< what is wrong and, for JSON, "at byte N"
    stored_id id;         ///< empty: unknown
    command_type type = command_type::unknown;
    bool wants_resume = false;  ///< a hello that asks for another session
};

}  // namespace weir
