#pragma once

#include <weir/auth/identity.hpp>
#include <weir/base/close_reason.hpp>
#include <weir/base/clock.hpp>
#include <weir/base/ids.hpp>
#include <weir/base/observer.hpp>
#include <weir/message/command.hpp>
#include <weir/message/dialect.hpp>
#include <weir/session/directory.hpp>
#include <weir/session/ring.hpp>
#include <weir/session/token_bucket.hpp>
#include <weir/topic/broker.hpp>
#include <weir/topic/rules.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

struct session_settings {
    bool anonymous = false;
    struct {
        milliseconds interval{30'000}, timeout{10'000}, min{10'000}, max{120'000};
    } heartbeat;
    milliseconds hello_timeout{10'000};
    milliseconds idle_timeout{0};  ///< 0: none
    milliseconds max_lifetime{0};  ///< 0: none; each session's own is 90 to 110 % of it
    std::uint32_t messages_per_second = 100;
    std::uint32_t subscriptions_max = 128;
    std::uint32_t errors_per_minute = 20;
    std::uint64_t message_bytes = 64 * 1024;
    ring::bounds ring;
};

/// What every session of a shard shares. Owned by the shard; may be exchanged on reload
/// (settings, rules, verifier), between two calls of a session.
struct session_environment {
    session_settings const* settings = nullptr;
    rule_set const* rules = nullptr;
    auth::verifier const* verifier = nullptr;  ///< null: no tokens are accepted
    directory* people = nullptr;
    dialect* words = nullptr;
    observer* counts = nullptr;
    std::string scratch;  ///< for encoding; anybody's between calls
};

/// What a session asks its owner to do, in order. The owner does it at once, and does not call
/// back into the session from inside, except joined()/published() answers that are known at once.
class session_port {
public:
    /// Encode `body` for the transport and push it into the session's ring.
    virtual void send(std::string_view body, bool numbered) = 0;
    virtual void subscribe(std::string_view topic) = 0;
    virtual void unsubscribe(std::string_view topic) = 0;
    virtual bool subscribed(std::string_view topic) const = 0;
    virtual std::size_t subscriptions() const = 0;
    virtual void publish(publication p, publish_ticket ticket) = 0;
    /// Send a transport ping (heartbeat mode `frame`).
    virtual void ping_frame() = 0;
    /// Flush what is queued, then close. The session takes no more commands.
    virtual void close(close_reason why, std::string_view text) = 0;
    /// The session knows its user now (welcome was sent): index it.
    virtual void opened() = 0;

protected:
    ~session_port() = default;
};

/// The state machine of one client, whatever its transport. Pure: commands in, requests to the
/// port out, time passed in; no sockets, no clock. Owned by its shard; on its thread only.
class session {
public:
    /// What the handshake brought: a verified identity, or why its credential is not good.
    struct credential {
        std::optional<auth::identity> identity;
        std::optional<fault> refused;
    };

    session(session_environment& env, session_port& port, credential from_handshake, now at);
    session(session const&) = delete;
    session& operator=(session const&) = delete;
    ~session();

    // From the transport, through the dialect.
    void on_command(command const& c, now at);
    void on_fault(command_fault const& f, now at);
    void on_binary(now at);          ///< a kind of data the dialect does not speak
    void on_traffic(now at) noexcept;  ///< any bytes from the peer
    void on_pong_frame(now at);

    // Answers to what was asked of the port.
    void on_joined(std::string_view topic, result<position> const& at_position);
    void on_published(publish_ticket ticket, result<position> const& at_position);

    // From the server side.
    void subscribe_by_server(std::string_view topic, now at);
    void unsubscribe_by_server(std::string_view topic, fault const& why);
    void go_away(goaway const& g);
    /// Something was given to the session to deliver (counts against idleness).
    void on_delivered(now at) noexcept;

    /// Acts on every deadline that has passed.
    void on_tick(now at);
    /// When on_tick is wanted next; may come earlier than the last one told, never later
    /// without an on_tick between.
    mono_time deadline() const noexcept;

    session_id id() const noexcept;
    std::string const& user() const noexcept;  ///< empty: anonymous, or not known yet
    bool is_open() const noexcept;             ///< welcome sent, not closing
    bool is_closing() const noexcept;
    wall_ms opened_at() const noexcept;
    ring& frames() noexcept;
    ring const& frames() const noexcept;

private:
    enum class phase : std::uint8_t { awaiting_hello, open, closing };
    struct pending_subscribe;
    struct pending_publish;

    session_environment& env_;
    session_port& port_;
    session_id id_;
    id128 secret_;
    std::shared_ptr<auth::identity const> identity_;
    ring ring_;
    token_bucket messages_;
};

}  // namespace weir
