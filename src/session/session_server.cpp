#include "session/session_extras.hpp"

#include <weir/session/session.hpp>

namespace weir {

void session::subscribe_by_server(std::string_view topic, now at) {
    if (!is_alive() || port_.subscribed(topic)) return;
    active_ = at.mono;
    // Remembered, so that a client that subscribes meanwhile is answered when it has begun.
    extras().subscribes.push_back({std::string(topic), {}, true});
    subscribe_options with;
    with.by_server = true;
    port_.subscribe(topic, with);
}

void session::unsubscribe_by_server(std::string_view topic, fault const& why) {
    if (!is_alive() || !port_.subscribed(topic)) return;
    port_.unsubscribe(topic);
    answer_waiting(topic, why);
    if (!is_alive()) return;  // which had no room for that
    env_.scratch.clear();
    env_.dialect->encode_unsubscribed(env_.scratch, topic, why);
    port_.send(env_.scratch, true);
}

void session::go_away(goaway const& g) {
    if (phase_ != phase::open) return;
    env_.scratch.clear();
    env_.dialect->encode(env_.scratch, g);
    port_.send(env_.scratch, false);
}

}  // namespace weir
