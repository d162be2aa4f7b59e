#include "session/session_extras.hpp"

#include <weir/session/session.hpp>

namespace weir {

bool session::subscribe_by_server(std::string_view topic, now at) {
    if (!is_alive()) return false;
    if (port_.subscribed(topic)) return true;
    if (port_.subscriptions() >= env_.settings->subscriptions_max) {
        weir::at(env_.counts->limited, limit_kind::subscriptions).add();
        return false;
    }
    active_ = at.mono;
    // Remembered, so that a client that subscribes meanwhile is answered when it has begun.
    extras().subscribes.push_back({std::string(topic), {}, true, false});
    subscribe_options with;
    with.by_server = true;
    port_.subscribe(topic, with);
    return true;
}

void session::unsubscribe_by_server(std::string_view topic, fault const& why) {
    if (!is_alive() || !port_.subscribed(topic)) return;
    port_.unsubscribe(topic);
    answer_waiting(topic, why);
    if (!is_alive()) return;  // which had no room for that
    env_.scratch.clear();
    dialect().encode_unsubscribed(env_.scratch, topic, why);
    send(true);
}

void session::go_away(goaway const& g) {
    if (phase_ != phase::open) return;
    env_.scratch.clear();
    dialect().encode(env_.scratch, g);
    send(false);
}

}  // namespace weir
