#include "session/session_extras.hpp"

#include <weir/base/quantity.hpp>
#include <weir/session/session.hpp>

#include <algorithm>
#include <cstring>

namespace weir {
namespace {

/// A wall clock can be set: a token's end is looked at again at least this often.
constexpr milliseconds wall_check{3'600'000};

/// 0 to 1, its own for each session, from the name that everybody may know.
double spread(session_id const& id, std::size_t part) noexcept {
    std::uint32_t bits = 0;
    std::memcpy(&bits, id.bytes.data() + part * sizeof bits, sizeof bits);
    return static_cast<double>(bits) / 0x1p32;
}

milliseconds scaled(milliseconds d, double by) noexcept {
    return milliseconds(static_cast<std::int64_t>(static_cast<double>(d.count()) * by));
}

}  // namespace

/// At the welcome. The first ping comes early, each session's own time, and whatever came before:
/// clients that connected in the same instant are not pinged in the same instant for ever.
void session::begin_deadlines(now at) {
    active_ = at.mono;
    first_ping_ = true;
    next_ping_ = at.mono + scaled(heartbeat_interval_, 0.5 + spread(id_, 0) / 2);
    milliseconds const lifetime = env_.settings->max_lifetime;
    ends_ = lifetime.count() > 0 ? at.mono + scaled(lifetime, 0.9 + spread(id_, 1) / 5) : never;
    deadline_ = std::min(deadline_, next_deadline(at));
}

void session::on_traffic(now at) noexcept {
    heard_ = at.mono;
}

void session::on_pong_frame(now at) {
    heard_ = at.mono;
    if (phase_ == phase::open) note_pong(heartbeat_mode::frame, at);
}

void session::note_pong(heartbeat_mode as, now at) {
    if (as != heartbeat_ || ping_sent_ == never) return;
    env_.counts->heartbeat_rtt.observe(nanoseconds(at.mono - ping_sent_).count());
    ping_sent_ = never;
}

void session::on_tick(now at) {
    start(at);
    if (phase_ == phase::closing || phase_ == phase::leaving) return;
    if (phase_ == phase::detached) {
        if (at.mono < deadline_) return;
        finish();
        auto const why = close_reason::continuity_lost;
        return port_.close(why, dialect().words_of(why).text);
    }
    if (phase_ == phase::awaiting_hello) {
        deadline_ = next_ping_;
        if (at.mono < next_ping_) return;
        return close(close_reason::protocol_error,
                     "no hello within " + format_duration(env_.settings->hello_timeout));
    }
    milliseconds const idle = env_.settings->idle_timeout;
    if (token_ends_ != 0 && at.wall >= token_ends_) return close(close_reason::token_expired);
    if (at.mono >= ends_) return close(close_reason::lifetime_reached);
    if (idle.count() > 0 && at.mono - active_ >= idle) return close(close_reason::idle);
    beat(at);
    if (phase_ != phase::open) return;
    if (extras_ && extras_->empty(at.mono)) extras_.reset();
    deadline_ = next_deadline(at);
}

/// Anything from the peer is a sign of life; a ping is only sent where there was none for a whole
/// interval, and only waited for until there is one.
void session::beat(now at) {
    bool const waiting = ping_sent_ != never && heard_ < ping_sent_;
    if (waiting) {
        if (at.mono - ping_sent_ >= env_.settings->heartbeat.timeout) {
            close(close_reason::heartbeat_missed);
        }
        return;
    }
    if (!first_ping_) next_ping_ = std::max(next_ping_, heard_ + heartbeat_interval_);
    if (at.mono >= next_ping_) send_ping(at);
}

void session::send_ping(now at) {
    first_ping_ = false;
    ping_sent_ = at.mono;
    next_ping_ = at.mono + heartbeat_interval_;
    if (heartbeat_ == heartbeat_mode::frame) return port_.ping_frame();
    env_.scratch.clear();
    dialect().encode_ping(env_.scratch);
    send(false);
}

mono_time session::next_deadline(now at) const noexcept {
    session_settings const& s = *env_.settings;
    bool const waiting = ping_sent_ != never && heard_ < ping_sent_;
    mono_time next = std::min(ends_, waiting ? ping_sent_ + s.heartbeat.timeout : next_ping_);
    if (s.idle_timeout.count() > 0) next = std::min(next, active_ + s.idle_timeout);
    if (token_ends_ != 0) {
        auto const left =
            std::clamp(milliseconds(token_ends_ - at.wall), milliseconds(0), wall_check);
        next = std::min(next, at.mono + left);
    }
    return next;
}

}  // namespace weir
