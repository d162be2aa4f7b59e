#include "session/session_extras.hpp"

#include <weir/base/assert.hpp>
#include <weir/session/session.hpp>

#include <utility>

// A session between connections (contract: Session resume).
namespace weir {

bool session::detach(now at) {
    bool const lives = (phase_ == phase::open || phase_ == phase::leaving) && can_resume();
    place_ = {};
    if (!lives) {
        finish();
        return false;
    }
    phase_ = phase::detached;
    ping_sent_ = never;
    deadline_ = at.mono + env_.settings->resume_window;
    return true;
}

void session::ruin(resume_result why) noexcept {
    ruined_ = why;
}

resume_result session::may_resume(command::resume_request const& what, std::string_view user,
                                  dialect_id speaks) const {
    auto const secret = id128::parse(what.secret);
    // What may be learned about a session without its secret: nothing.
    if (!secret || !equal_constant_time(*secret, secret_)) return resume_result::secret;
    // Where no session outlives its connection, not even one that is connected.
    if (!is_alive() || !can_resume()) return resume_result::expired;
    if (user != this->user()) return resume_result::user;
    // What is kept for it is written in its own dialect.
    if (speaks != speaks_) return resume_result::lost;
    if (ruined_ != resume_result::resumed) return ruined_;
    switch (ring_.standing_of(what.received)) {
        case ring::standing::overflow:
            return resume_result::overflow;
        case ring::standing::beyond:
            return resume_result::lost;
        case ring::standing::good:
            break;
    }
    return resume_result::resumed;
}

session::login session::hand_over() noexcept {
    phase_ = phase::closing;
    deadline_ = never;
    return {identity_, std::move(place_), token_ends_};
}

bool session::find_place(login& of, now at) {
    if (of.place || !of.identity) return true;
    of.place = std::move(place_);
    return of.place || !env_.directory->login(of.identity->user, at.mono, of.place);
}

/// The owner has rewound the ring: what follows `received` is sent again, then what was collected;
/// the welcome goes first, because the express lane does.
void session::resume(command const& hello, login with, now at) {
    WEIR_ASSERT(is_alive() && hello.resume && ring_.sent() == hello.resume->received);
    ++attachment_;
    identity_ = std::move(with.identity);
    place_ = std::move(with.place);
    token_ends_ = with.token_ends;
    if (extras_) extras_->journal.forget(hello.resume->received);
    messages_ = token_bucket(at.mono);
    heard_ = at.mono;
    ping_sent_ = never;  // that one went out on the old connection
    deadline_ = never;
    begin(&hello, at);
    weir::at(env_.counts->resumes, resume_result::resumed).add();
    send_welcome(true, {}, at);
    review_rights(at);
    send_ok(hello.id, {});
    go_on(at);
}

void session::end() noexcept {
    finish();
}

void session::refuse_resume(resume_result why) {
    extras().resume_refused = why;
}

}  // namespace weir
