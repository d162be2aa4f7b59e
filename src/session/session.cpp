#include "session/session_extras.hpp"

#include <weir/base/assert.hpp>
#include <weir/base/utf8.hpp>
#include <weir/session/session.hpp>

#include <utility>

namespace weir {
namespace {

constexpr std::size_t close_text_max = 123;  // RFC 6455 section 5.5

/// Receipts and heartbeats come from the client's transport: a session with nothing else is idle.
bool is_upkeep(command_type t) noexcept {
    return t == command_type::received || t == command_type::ping || t == command_type::pong;
}

}  // namespace

session::session(session_environment& env, session_port& port, session_id id,
                 credential from_handshake, now at, dialect_id speaks)
    : env_(env),
      port_(port),
      id_(id),
      secret_(id128::random()),
      ring_(env.dialects[speaks]->traits().counts_messages ? env.settings->ring
                                                           : env.settings->ring_without_replay),
      messages_(at.mono),
      heard_(at.mono),
      active_(at.mono),
      next_ping_(at.mono + env.settings->hello_timeout),
      speaks_(speaks) {
    WEIR_ASSERT(env.rules != nullptr && env.authority != nullptr && env.directory != nullptr &&
                env.counts != nullptr);
    deadline_ = next_ping_;
    if (from_handshake.refused) {
        extras().refused = std::move(from_handshake.refused);
        deadline_ = at.mono;
    } else if (from_handshake.identity) {
        accept(*std::move(from_handshake.identity), at);
    }
}

session::~session() = default;

session::extra_state& session::extras() {
    if (!extras_) extras_ = std::make_unique<extra_state>();
    return *extras_;
}

std::string const& session::user() const noexcept {
    static std::string const nobody;
    return identity_ ? identity_->user : nobody;
}

void session::start(now at) {
    if (phase_ != phase::awaiting_hello) return;
    if (!extras_ || !extras_->refused) {
        if (!dialect().traits().waits_for_hello) open(nullptr, at);
        return;
    }
    fault const& f = *extras_->refused;
    close(f.code == errc::token_expired ? close_reason::token_expired : close_reason::unauthorized,
          f.message);
}

bool session::can_resume() const noexcept {
    return env_.settings->resume_window.count() > 0 && dialect().traits().counts_messages;
}

/// What the dialect has just written; nothing where it has no words for that.
void session::send(bool numbered) {
    if (!env_.scratch.empty()) port_.send(env_.scratch, numbered);
}

/// The session is over.
void session::finish() noexcept {
    if (phase_ == phase::closing) return;
    phase_ = phase::closing;
    deadline_ = never;
    if (opened_at_ != 0 && env_.lifecycle != nullptr) env_.lifecycle->disconnected(id_, user());
}

/// A close that tells the client to come back keeps the session for it, also where it has no
/// connection that could be closed.
void session::close(close_reason why, std::string_view text) {
    if (phase_ == phase::closing) return;
    // What did not get into the outbox would be a hole in what its client counts.
    if (why == close_reason::slow_consumer) ruin(resume_result::overflow);
    bool const comes_back = describe(why).advice != reconnect_advice::stay_away;
    if ((phase_ == phase::leaving || phase_ == phase::detached) && comes_back) return;
    if (phase_ == phase::open && comes_back && can_resume()) {
        phase_ = phase::leaving;
        deadline_ = never;
    } else {
        finish();
    }
    port_.close(why, cut_utf8(text.empty() ? dialect().words_of(why).text : text, close_text_max));
}

void session::on_command(command const& c, now at) {
    start(at);
    if (is_closing()) return;
    weir::at(env_.counts->received, c.type).add();
    heard_ = at.mono;
    if (!admit(c.type, c.id, c.type == command_type::publish ? &c : nullptr, at)) return;
    if (phase_ == phase::awaiting_hello) {
        bool const said = c.type == command_type::hello;
        if (!open(said ? &c : nullptr, at)) return;
        if (said) return send_ok(c.id, {});
    }
    if (!is_upkeep(c.type)) {
        active_ = at.mono;
        if (hold_behind(c, at)) return;
    }
    dispatch(c, at);
}

void session::dispatch(command const& c, now at) {
    switch (c.type) {
        case command_type::subscribe:
            return subscribe(c, at);
        case command_type::unsubscribe:
            return unsubscribe(c, at);
        case command_type::publish:
            return publish(c, at);
        case command_type::received:
            return acknowledge(c, at);
        case command_type::ping:
            env_.scratch.clear();
            dialect().encode_pong(env_.scratch, c.id);
            return send(false);
        case command_type::pong:
            note_pong(heartbeat_mode::message, at);
            return send_ok(c.id, {});
        case command_type::hello:
            return refuse(c.id, {errc::bad_request, "hello comes once, as the first message"}, at);
        case command_type::sync:
            return sync(c, at);
        case command_type::history:
            return history(c, at);
        case command_type::presence:
            return presence(c, at);
        case command_type::auth:
        case command_type::call:
        case command_type::unknown:
        case command_type::invalid:
            return not_spoken(c, at);
    }
}

void session::on_fault(command_fault const& f, now at) {
    start(at);
    if (is_closing()) return;
    weir::at(env_.counts->received, command_type::invalid).add();
    heard_ = at.mono;
    if (!admit(command_type::invalid, f.id, nullptr, at)) return;
    if (phase_ == phase::awaiting_hello && !open(nullptr, at, &f)) return;
    fault said{f.code, f.message};
    if (f.type == command_type::publish) said.stored = outcome::not_stored;
    refuse(f.id, said, at);
}

void session::on_unreadable(close_reason why, now at) {
    start(at);
    if (is_closing()) return;
    weir::at(env_.counts->received, command_type::invalid).add();
    close(why);
}

}  // namespace weir
