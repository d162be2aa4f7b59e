#pragma once

#include <weir/auth/identity.hpp>
#include <weir/base/clock.hpp>
#include <weir/base/close_reason.hpp>
#include <weir/base/ids.hpp>
#include <weir/base/observer.hpp>
#include <weir/message/command.hpp>
#include <weir/message/dialect.hpp>
#include <weir/session/authority.hpp>
#include <weir/session/directory.hpp>
#include <weir/session/lifecycle.hpp>
#include <weir/session/ring.hpp>
#include <weir/session/token_bucket.hpp>
#include <weir/topic/broker.hpp>
#include <weir/topic/rules.hpp>

#include <array>
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
    milliseconds idle_timeout{0};         ///< 0: none
    milliseconds max_lifetime{0};         ///< 0: none; each connection's own is 90 to 110 % of it
    milliseconds resume_window{120'000};  ///< a session outlives its connection; 0: it does not
    milliseconds dedupe_window{300'000};  ///< told to clients; the broker keeps it
    std::uint32_t messages_per_second = 100;
    std::uint32_t subscriptions_max = 128;
    std::uint32_t errors_per_minute = 20;
    std::uint64_t message_bytes = 64 * 1024;
    weir::ring::bounds ring;  ///< qualified: g++ minds a member named as its type
    /// For clients that never say `received`: without a replay.
    weir::ring::bounds ring_without_replay;
    /// What may wait behind a command that the authority has to think about, beside that one.
    struct {
        std::size_t commands = 64;
        std::size_t bytes = 256 * 1024;
    } held;
};

/// What every session of a shard shares. Owned by the shard; may be exchanged on reload
/// (settings, rules, verifier), between two calls of a session.
struct session_environment {
    session_settings const* settings = nullptr;
    rule_set const* rules = nullptr;  ///< what is kept of topics; rights are the authority's
    weir::authority* authority = nullptr;
    lifecycle_listener* lifecycle = nullptr;   ///< null: nobody listens
    auth::verifier const* verifier = nullptr;  ///< null: no tokens are accepted
    weir::directory* directory = nullptr;
    std::array<weir::dialect*, dialects_max> dialects{};  ///< by dialect_id; null: not spoken
    observer* counts = nullptr;
    std::string scratch;  ///< for encoding; anybody's between calls
    std::string payload;  ///< likewise, for what goes into it
};

/// What a subscription begins with and how it is fed.
struct subscribe_options {
    std::optional<position> since;  ///< what followed it comes first
    std::uint32_t last = 0;         ///< the newest so many come first
    bool state = false;             ///< the topic's state comes first
    bool presence = false;          ///< changes in who is there, too
    double rate = 0;                ///< at most so many a second and key; 0: the rule's alone
    bool by_server = false;         ///< the rules were not asked, and are not on a resume
};

/// What a subscription has begun with.
struct join_answer {
    position at;                           ///< the topic's newest message
    bool recovered = false;                ///< all of the past that was asked for follows
    std::optional<receipt> what{};         ///< where `since` or `last` was asked for
    std::optional<std::uint64_t> state{};  ///< so many messages of the state follow
    bool conflating = false;
};

/// What a session asks its owner to do, in order. The owner does it at once, and does not call
/// back into the session from inside, except joined()/published() answers that are known at once.
class session_port {
public:
    /// Encode `body` for the transport and push it into the session's ring.
    virtual void send(std::string_view body, bool numbered) = 0;
    /// Answered by on_joined(), before any message of the topic is sent.
    virtual void subscribe(std::string_view topic, subscribe_options const& with) = 0;
    /// Of a topic that is joined already: replaces the options. Answers what is so now.
    virtual join_answer change(std::string_view topic, subscribe_options const& with) = 0;
    virtual void unsubscribe(std::string_view topic) = 0;
    // Both count from subscribe() on, answered or not, until unsubscribe() or a failed join.
    virtual bool subscribed(std::string_view topic) const = 0;
    virtual std::size_t subscriptions() const = 0;
    struct topic_name {
        std::string name;
        bool by_server = false;
    };
    /// All that are joined, in any order.
    virtual std::vector<topic_name> topics() const = 0;
    /// Answered by on_read() and on_members() with the same ticket, as for publish().
    virtual void read(log_query q, publish_ticket ticket) = 0;
    virtual void members(std::string_view topic, std::uint32_t max, publish_ticket ticket) = 0;
    /// The hello asks for another session. Nothing: this connection is handed over to it, and this
    /// session is done; or why that cannot be.
    virtual std::optional<resume_result> resume(command::resume_request const& what) = 0;
    /// Answered by on_published() with the same ticket: 32 bits, unique among what is under way.
    virtual void publish(publication p, publish_ticket ticket) = 0;
    /// Send a transport ping (heartbeat mode `frame`).
    virtual void ping_frame() = 0;
    /// Flush what is queued, then close; without a connection, the session is over. It takes no
    /// more commands. Where is_alive() holds, messages are collected for it further on.
    virtual void close(close_reason why, std::string_view text) = 0;
    /// The session knows its user now (welcome was sent): index it.
    virtual void opened() = 0;

protected:
    ~session_port() = default;
};

/// The state machine of one client, whatever its transport. Pure: commands in, requests to the
/// port out, time passed in; no sockets, no clock. Owned by its shard; on its thread only.
///
/// Each command with an id is answered exactly once unless the session ends first. After
/// session_port::close() the port is asked for nothing but send(): the answers that a session which
/// lives on still owes. Leaving the topics is the owner's.
///
/// Commands are executed in the order they came. One that the authority has to think about holds
/// back those behind it (session_settings::held), except heartbeats and receipts.
class session {
public:
    /// What the handshake brought: a verified identity, or why its credential is not good.
    struct credential {
        std::optional<auth::identity> identity;
        std::optional<fault> refused;
    };

    session(session_environment& env, session_port& port, session_id id, credential from_handshake,
            now at, dialect_id speaks = native_json);
    session(session const&) = delete;
    session& operator=(session const&) = delete;
    ~session();

    /// Call once the port can be asked: closes at once where the handshake's credential is not
    /// good, and opens where the dialect waits for no hello. Without this call the first command
    /// or tick does it.
    void start(now at);

    // From the transport, through the dialect.
    void on_command(command const& c, now at);
    void on_fault(command_fault const& f, now at);
    /// The dialect has given up on the connection.
    void on_unreadable(close_reason why, now at);
    void on_traffic(now at) noexcept;  ///< any bytes from the peer
    void on_pong_frame(now at);

    // Answers to what was asked of the port.
    void on_joined(std::string_view topic, result<join_answer> const& answer);
    void on_published(publish_ticket ticket, result<position> const& at_position);
    void on_read(publish_ticket ticket, result<log_page>&& page, now at);
    void on_members(publish_ticket ticket, result<presence_page> const& page, now at);
    /// The answer to a question that was pending. What waited behind it goes on, now or, where
    /// there is no connection, at the resume. An unknown ticket is ignored.
    void on_decided(authority_ticket ticket, result<void> const& answer, now at);

    // Between connections (session_resume.cpp).
    /// Its connection is gone. True: it lives on, for the resume window.
    bool detach(now at);
    /// It cannot be resumed any more, and says so to who tries.
    void ruin(resume_result why) noexcept;
    /// Whether a connection of that user may take it over.
    resume_result may_resume(command::resume_request const& what, std::string_view user,
                             dialect_id speaks) const;
    /// What a connection brings along to the session it resumes.
    struct login {
        std::shared_ptr<auth::identity const> identity;
        directory::units place;
        wall_ms token_ends = 0;
    };
    login hand_over() noexcept;
    /// Sees to the place of a connection among those of its user: it brings one, has that of the
    /// connection it replaces, or takes one that is free. False: there is none.
    bool find_place(login& of, now at);
    /// A connection with that hello takes it up; may_resume() has agreed, and the owner has rewound
    /// the ring to what the client has received.
    void resume(command const& hello, login with, now at);
    /// It is over, without ceremony.
    void end() noexcept;
    bool is_ruined() const noexcept { return ruined_ != resume_result::resumed; }
    /// The hello's wish to resume was refused elsewhere: it is not asked for again.
    void refuse_resume(resume_result why);

    // From the server side.
    /// Does not ask the authority. False: not subscribed, because the session has ended or has as
    /// many subscriptions as it may.
    bool subscribe_by_server(std::string_view topic, now at);
    void unsubscribe_by_server(std::string_view topic, fault const& why);
    void go_away(goaway const& g);
    /// Something was given to the session to deliver (counts against idleness).
    void on_delivered(now at) noexcept { active_ = at.mono; }
    /// Ends the session: by the server API, or because its outbox overflowed. Asks the port to
    /// close; nothing when it is closing already. `text` is cut at 123 bytes; empty: the reason's.
    void close(close_reason why, std::string_view text = {});

    /// Acts on every deadline that has passed.
    void on_tick(now at);
    /// When on_tick is wanted next; may come earlier than the last one told, never later
    /// without an on_tick between.
    mono_time deadline() const noexcept { return deadline_; }

    session_id id() const noexcept { return id_; }
    std::string const& user() const noexcept;  ///< empty: anonymous, or not known yet
    bool is_open() const noexcept { return phase_ == phase::open; }  ///< welcome sent, not closing
    bool is_closing() const noexcept {
        return phase_ == phase::closing || phase_ == phase::leaving;
    }
    /// Its messages count: open, or between connections.
    bool is_alive() const noexcept {
        return phase_ == phase::open || phase_ == phase::leaving || phase_ == phase::detached;
    }
    dialect_id speaks() const noexcept { return speaks_; }
    weir::dialect& dialect() const noexcept { return *env_.dialects[speaks_]; }
    wall_ms opened_at() const noexcept { return opened_at_; }  ///< 0: no welcome yet
    ring& frames() noexcept { return ring_; }
    ring const& frames() const noexcept { return ring_; }

private:
    enum class phase : std::uint8_t {
        awaiting_hello,
        open,
        leaving,   ///< its connection is being closed, and it will outlive it
        detached,  ///< without a connection
        closing,
    };
    struct extra_state;  ///< what few sessions need at any time

    // session.cpp
    void dispatch(command const& c, now at);
    void send(bool numbered);
    void finish() noexcept;
    /// A resume may follow the end of a connection.
    bool can_resume() const noexcept;
    extra_state& extras();

    // session_hello.cpp: false where the session closed instead
    bool open(command const* hello, now at, command_fault const* malformed = nullptr);
    bool identify(command const* hello, now at, command_fault const* malformed);
    bool take_token(std::string_view token, now at);
    std::optional<directory::refusal> log_in(now at);
    void refuse_login(directory::refusal const& why);
    void accept(auth::identity who, now at);
    void begin(command const* hello, now at);
    void send_welcome(bool resumed, std::string_view reason, now at);

    // session_commands.cpp
    void subscribe(command const& c, now at);
    void join(command const& c, now at);
    void unsubscribe(command const& c, now at);
    void publish(command const& c, now at);
    bool is_repeated(command const& c, now at);
    void note_refused(command const& c);
    void acknowledge(command const& c, now at);
    void not_spoken(command const& c, now at);

    // session_queries.cpp
    void history(command const& c, now at);
    void sync(command const& c, now at);
    void presence(command const& c, now at);
    bool may_query(command const& c, now at);
    void answer_query(request_id id, now at);
    std::uint32_t next_ticket() noexcept { return tickets_ += 2; }

    // session_authority.cpp
    decision ask(topic_action action, std::string_view topic, std::string_view token,
                 std::size_t nth);
    void hold(command const& c);
    bool hold_behind(command const& c, now at);
    void go_on(now at);
    void refuse_held(command const& c, fault const& why, now at);
    void review_rights(now at);

    // session_limits.cpp
    void charge(std::size_t tokens, now at);
    bool admit(command_type type, request_id id, command const* publish, now at);
    void count_refusal(now at);
    void refuse(request_id id, fault const& f, now at);
    void spend_error(now at);

    // session_answers.cpp
    void send_ok(request_id id, std::string_view payload);
    void send_error(request_id id, fault const& f);
    void send_joined(request_id id, std::string_view topic, join_answer const& answer,
                     bool wants_nothing);
    void answer_waiting(std::string_view topic, result<join_answer> const& answer);

    // session_deadlines.cpp
    void begin_deadlines(now at);
    void beat(now at);
    void send_ping(now at);
    void note_pong(heartbeat_mode as, now at);
    mono_time next_deadline(now at) const noexcept;

    session_environment& env_;
    session_port& port_;
    session_id id_;
    id128 secret_;
    std::shared_ptr<auth::identity const> identity_;  ///< null: anonymous, or not known yet
    directory::units place_;                          ///< among the connections of its user
    ring ring_;
    token_bucket messages_;
    std::unique_ptr<extra_state> extras_;
    wall_ms opened_at_ = 0;
    wall_ms token_ends_ = 0;        ///< 0: never
    mono_time deadline_ = never;    ///< as told
    mono_time heard_;               ///< the last sign of life
    mono_time active_;              ///< the last application message, either way
    mono_time next_ping_;           ///< before the hello: when it is too late for one
    mono_time ping_sent_ = never;   ///< a ping without a pong; never: none
    mono_time ends_ = never;        ///< the end of its lifetime
    std::uint32_t tickets_ = 0;     ///< the last one, even
    std::uint32_t attachment_ = 0;  ///< counts its connections
    milliseconds heartbeat_interval_{0};
    heartbeat_mode heartbeat_ = heartbeat_mode::frame;
    phase phase_ = phase::awaiting_hello;
    bool first_ping_ = true;
    resume_result ruined_ = resume_result::resumed;  ///< why it cannot be resumed, where it cannot
    dialect_id speaks_ = native_json;
};
static_assert(sizeof(session) <= 336, "every connection has one");

}  // namespace weir
