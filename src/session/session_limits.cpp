#include "session/session_extras.hpp"

#include <weir/session/session.hpp>

#include <algorithm>
#include <string>

namespace weir {
namespace {

constexpr seconds error_window{60};
constexpr seconds refusal_window{1};
/// Refused messages in one second, as a multiple of the rate, that nothing honest sends. The rate
/// counts as ten a second where it is less.
constexpr std::uint64_t flood_factor = 10;
constexpr std::uint64_t flood_rate_min = 10;
constexpr std::size_t charge_max = 1'000'000;

}  // namespace

/// What a message costs beyond the one token it was let in for.
void session::charge(std::size_t tokens, now at) {
    if (tokens == 0) return;
    double const rate = env_.settings->messages_per_second;
    auto const n = static_cast<std::uint32_t>(std::min(tokens, charge_max));
    messages_.charge({rate, 2 * rate}, at.mono, n);
    place_.charge(n, at.mono);
}

/// Takes one message from the rates. False: answered already, not to be executed. `publish` is the
/// message where it is one.
bool session::admit(command_type type, request_id id, command const* publish, now at) {
    double const rate = env_.settings->messages_per_second;
    token_bucket::limit const own{rate, 2 * rate};
    limit_kind which = limit_kind::messages;
    milliseconds wait = messages_.wait(own, at.mono);
    if (wait.count() == 0) {
        // The user's first, so that a message that is refused costs nothing of the connection's
        // own and the time that is told stays true.
        which = limit_kind::messages_per_user;
        wait = place_.take_message(at.mono);
    }
    if (wait.count() == 0) {
        messages_.take(own, at.mono);
        return true;
    }
    weir::at(env_.counts->limited, which).add();
    count_refusal(at);
    if (is_closing()) return false;
    // These spare the server work, and have no answer that could say: too early.
    if (type == command_type::received || type == command_type::pong) return true;
    // What was passed on already is not denied for being said again too fast.
    if (publish != nullptr && is_repeated(*publish, at)) return false;
    if (id.empty()) {
        auto& last = extras().last_unasked;
        if (last && at.mono - *last < refusal_window) return false;
        last = at.mono;
    }
    fault f{errc::rate_limited,
            which == limit_kind::messages ? "more messages than this connection may send"
                                          : "more messages than this user may send",
            wait};
    if (publish != nullptr) f.stored = outcome::not_stored;
    send_error(id, f);
    if (publish != nullptr) note_refused(*publish);
    return false;
}

/// Answers cost us more than questions cost them: past this there are none.
void session::count_refusal(now at) {
    extra_state& s = extras();
    if (at.mono - s.refusals_since >= refusal_window) {
        s.refusals_since = at.mono;
        s.refusals = 0;
    }
    std::uint64_t const rate =
        std::max<std::uint64_t>(env_.settings->messages_per_second, flood_rate_min);
    if (++s.refusals > flood_factor * rate) {
        close(close_reason::rate_limited, "messages keep coming beyond the rate; retry after 1 s");
    }
}

/// An error that is the client's own fault.
void session::refuse(request_id id, fault const& f, now at) {
    send_error(id, f);
    if (f.code == errc::bad_request || f.code == errc::unsupported) spend_error(at);
}

void session::spend_error(now at) {
    auto& faults = extras().faults;
    auto const counts = std::find_if(faults.begin(), faults.end(),
                                     [&](mono_time t) { return at.mono - t < error_window; });
    faults.erase(faults.begin(), counts);
    faults.push_back(at.mono);
    std::uint32_t const max = env_.settings->errors_per_minute;
    if (faults.size() <= max) return;
    weir::at(env_.counts->limited, limit_kind::errors).add();
    close(close_reason::protocol_error,
          "more than " + std::to_string(max) + " faulty messages in a minute");
}

}  // namespace weir
