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

/// Names one of the dialects that a server speaks: an index, the same on every shard.
using dialect_id = std::uint8_t;
inline constexpr std::size_t dialects_max = 4;
inline constexpr dialect_id native_json = 0;

/// Gets what a dialect reads, in order. Must not decode with the same dialect from inside.
class command_sink {
public:
    // False: what follows in the same bytes is of no interest; the dialect stops. The views in a
    // command live until the dialect reads on, after the last one until its next decode().
    virtual bool take(command const& c) = 0;
    virtual bool take(command_fault const& f) = 0;
    /// The dialect can make nothing of these bytes, and of none that follow: the connection ends.
    virtual void give_up(close_reason why) = 0;

protected:
    ~command_sink() = default;
};

/// How a close is told to a client.
struct close_words {
    std::uint16_t code = 0;  ///< 0: none is sent
    std::string_view text;   ///< at most 123 bytes, where nothing better is known
};

/// What the rest of the server has to know of a dialect.
struct dialect_traits {
    bool binary = false;          ///< its frames are binary ones
    bool waits_for_hello = true;  ///< false: the server speaks first, as if an empty hello came
    bool counts_messages = true;  ///< its clients say `received`, and can resume
};

/// Turns bytes of the wire into commands, and events into bytes. Pure: no sockets, no clock,
/// nothing kept between calls but scratch memory. One for each encoding or foreign protocol; one
/// instance on each shard. A session keeps to the one that its connection negotiated.
///
/// The encoders append to `out`. One that appends nothing has nothing to say in this dialect:
/// nothing is sent, and nothing is counted.
class dialect {
public:
    explicit dialect(dialect_traits traits = {}) noexcept : traits_(traits) {}
    dialect(dialect const&) = delete;
    dialect& operator=(dialect const&) = delete;
    virtual ~dialect() = default;

    dialect_traits const& traits() const noexcept { return traits_; }

    /// Reads one message of the transport: any number of commands, none included. Whether a binary
    /// one makes sense is the dialect's to judge.
    virtual void decode(std::string_view bytes, bool binary, command_sink& to) = 0;

    /// The dialect's own table of close codes; the native one is close_reason's.
    virtual close_words words_of(close_reason why) const noexcept;

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
    /// Payload of an `ok` to history: {messages, position, more, missing?}.
    virtual void history_payload(std::string& out, history_page const& page) const = 0;
    /// Payload of an `ok` to sync: {topics: {NAME: {position, messages, more?}}}.
    virtual void sync_payload(std::string& out, std::span<topic_state_page const> topics) const = 0;
    /// Payload of an `ok` to presence: {version, total, members}.
    virtual void presence_payload(std::string& out, presence_page const& page) const = 0;
    /// Payload of an `ok` to publish: {position?}.
    virtual void published_payload(std::string& out, std::optional<position> const& at) const = 0;

private:
    dialect_traits traits_;
};

/// `weir.v1.json`: strict RFC 8259, payloads byte for byte.
std::unique_ptr<dialect> make_json_dialect();

}  // namespace weir
