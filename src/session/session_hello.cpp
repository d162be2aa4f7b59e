#include "session/session_extras.hpp"

#include <weir/session/session.hpp>

#include <algorithm>
#include <memory>
#include <utility>

namespace weir {

/// The first message has come; `hello` is null when it was another, which implies an empty one.
/// `malformed` says what is wrong with one that could not be read.
bool session::open(command const* hello, now at, command_fault const* malformed) {
    if (!identify(hello, at, malformed)) return false;
    // Whoever has no place left may still take over one of his own connections: half-open ones
    // would keep him out until they are noticed.
    auto const crowded = log_in(at);
    std::string_view reason;
    if (hello != nullptr && hello->resume) {
        std::optional<resume_result> refused;
        if (extras_) refused = extras_->resume_refused;
        if (!refused) refused = port_.resume(*hello->resume);
        if (!refused) return false;  // another session has taken this connection
        weir::at(env_.counts->resumes, *refused).add();
        reason = to_string(*refused);
    } else if (malformed != nullptr && malformed->wants_resume) {
        // What cannot be read names no session that is known.
        weir::at(env_.counts->resumes, resume_result::unknown).add();
        reason = to_string(resume_result::unknown);
    }
    if (crowded) {
        refuse_login(*crowded);
        return false;
    }
    opened_at_ = at.wall;
    begin(hello, at);
    if (env_.lifecycle != nullptr) env_.lifecycle->connected(id_, user());
    send_welcome(false, reason, at);
    port_.opened();
    return phase_ == phase::open;
}

/// A connection begins, the first or a later one of this session.
void session::begin(command const* hello, now at) {
    auto const& beat = env_.settings->heartbeat;
    if (hello != nullptr) heartbeat_ = hello->heartbeat.value_or(heartbeat_mode::frame);
    milliseconds const wanted =
        hello != nullptr ? hello->heartbeat_every.value_or(beat.interval) : beat.interval;
    heartbeat_interval_ = std::max(beat.min, std::min(wanted, beat.max));
    phase_ = phase::open;
    begin_deadlines(at);
}

bool session::identify(command const* hello, now at, command_fault const* malformed) {
    if (hello != nullptr && !hello->token.empty() && !take_token(hello->token, at)) return false;
    if (identity_) {
        if (token_ends_ == 0 || at.wall < token_ends_) return true;
        close(close_reason::token_expired);
        return false;
    }
    if (env_.settings->anonymous) return true;
    if (malformed == nullptr) {
        close(close_reason::unauthorized,
              "a token is needed, in hello, Authorization: Bearer or subprotocol weir.token.TOKEN");
    } else {
        close(close_reason::unauthorized, "a token is needed; " + malformed->message);
    }
    return false;
}

bool session::take_token(std::string_view token, now at) {
    if (env_.verifier == nullptr) {
        close(close_reason::unauthorized, "this server takes no tokens");
        return false;
    }
    result<auth::identity> who = env_.verifier->verify(token, at.wall);
    if (!who) {
        bool const late = who.error().code == errc::token_expired;
        close(late ? close_reason::token_expired : close_reason::unauthorized, who.error().message);
        return false;
    }
    if (identity_ && *identity_ != *who) {
        close(close_reason::unauthorized, "the tokens of handshake and hello differ");
        return false;
    }
    accept(*std::move(who), at);
    return true;
}

void session::accept(auth::identity who, now at) {
    // A token that is late already was taken for the sake of clocks that differ: it ends with its
    // leeway, or the session would open only to close.
    bool const late = who.expires_at != 0 && at.wall >= who.expires_at;
    token_ends_ = late ? who.accepted_until : who.expires_at;
    identity_ = std::make_shared<auth::identity const>(std::move(who));
}

std::optional<directory::refusal> session::log_in(now at) {
    if (!identity_) return std::nullopt;
    return env_.directory->login(identity_->user, at.mono, place_);
}

void session::refuse_login(directory::refusal const& why) {
    weir::at(env_.counts->limited, why.limit).add();
    auto const wait = std::chrono::ceil<seconds>(why.retry_after).count();
    close(close_reason::too_many_connections,
          "too many connections of this user; retry after " + std::to_string(wait) + " s");
}

void session::send_welcome(bool resumed, std::string_view reason, now at) {
    session_settings const& s = *env_.settings;
    welcome w;
    w.session = id_;
    w.secret = secret_;
    w.user = user();
    w.resumed = resumed;
    w.reason = reason;
    w.replay_messages = static_cast<std::uint32_t>(s.ring.replay_frames);
    w.resume_window = s.resume_window;
    w.dedupe_window = s.dedupe_window;
    w.mode = heartbeat_;
    w.heartbeat_interval = heartbeat_interval_;
    w.heartbeat_timeout = s.heartbeat.timeout;
    w.message_bytes = s.message_bytes;
    w.messages_per_second = s.messages_per_second;
    w.subscriptions = s.subscriptions_max;
    w.time = at.wall;
    env_.scratch.clear();
    dialect().encode(env_.scratch, w);
    send(false);
}

}  // namespace weir
