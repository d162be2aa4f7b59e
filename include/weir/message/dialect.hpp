#pragma once

#include <weir/base/close_reason.hpp>
#include <weir/base/error.hpp>
#include <weir/base/ids.hpp>
#include <weir/message/command.hpp>
#include <weir/message/events.hpp>
#include <weir/message/message.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace weir {

struct welcome {
    session_id session;
    id128 secret;
    std::string_view user;  ///< empty: null on the wire
    bool resumed = false;
    std::string_view reason;  ///< why not resumed; empty: left out
    heartbeat_mode mode = heartbeat_mode::frame;
    milliseconds heartbeat_interval{0};
    milliseconds heartbeat_timeout{0};
    std::uint64_t message_bytes = 0;
    std::uint32_t messages_per_second = 0;
    std::uint32_t subscriptions = 0;
    std::uint32_t replay_messages = 0;
    milliseconds resume_window{0};
    milliseconds dedupe_window{0};
    wall_ms time = 0;
};

struct goaway {
    std::string_view reason;
    milliseconds reconnect_after{0};
    milliseconds deadline{0};
};

/// Turns wire text into commands and events into wire text. Pure: no sockets, no clock, nothing
/// kept between calls but scratch memory. One for each encoding; one instance a shard.
/// The encoders append to `out`.
class dialect {
public:
    virtual ~dialect() = default;

    /// Reads one client message. The views in the command live until the next call.
    virtual std::variant<command, command_fault> decode(std::string_view text) = 0;

    virtual void encode(std::string& out, welcome const& w) const = 0;
    virtual void encode(std::string& out, goaway const& g) const = 0;
    /// A `message` event.
    virtual void encode(std::string& out, message const& m) const = 0;
    /// `payload` is this encoding's raw value; empty: no payload field.
    virtual void encode_ok(std::string& out, request_id id, std::string_view payload) const = 0;
    /// `id` may be empty: an unasked error.
    virtual void encode_error(std::string& out, request_id id, fault const& f) const = 0;
    virtual void encode_unsubscribed(std::string& out, std::string_view topic,
                                     fault const& why) const = 0;
    virtual void encode_ping(std::string& out) const = 0;
    /// `id`: echoed from the client's ping; may be empty.
    virtual void encode_pong(std::string& out, request_id id) const = 0;

    virtual void encode_gap(std::string& out, std::string_view topic, loss const& what) const = 0;
    virtual void encode_presence(std::string& out, presence_change const& c) const = 0;

    /// Payload of an `ok` to subscribe: {topic, position?, recovered, receipt?, state?,
    /// conflating?}.
    virtual void subscribed_payload(std::string& out, subscribed const& s) const = 0;
    /// Payload of an `ok` to history: {messages, position, more}.
    virtual void history_payload(std::string& out, std::span<message_ptr const> messages,
                                 position const& head, bool more) const = 0;
    /// Payload of an `ok` to sync: {topics: {NAME: {position, messages, more?}}}.
    virtual void sync_payload(std::string& out, std::span<topic_state_page const> topics) const = 0;
    /// Payload of an `ok` to presence: {version, total, members}.
    virtual void presence_payload(std::string& out, presence_page const& page) const = 0;
    /// Payload of an `ok` to publish: {position?}.
    virtual void published_payload(std::string& out, std::optional<position> const& at) const = 0;
};

/// `weir.v1.json`: strict RFC 8259, payloads byte for byte.
std::unique_ptr<dialect> make_json_dialect();

}  // namespace weir
