#include "session/session_seldom.hpp"

#include <weir/message/topic_name.hpp>
#include <weir/session/session.hpp>

#include <optional>
#include <string>
#include <utility>

namespace weir {
namespace {

constexpr std::size_t quoted_max = 64;

/// What the client asks of a subscription and this release does not do. Ignoring it would be a
/// silent loss; `since` and `last` are answered truthfully by `recovered: false` instead.
std::optional<fault> unsupported_option(command const& c) {
    auto const no = [](std::string_view what) {
        return fault{errc::unsupported,
                     "this server does not support " + std::string(what) + " in subscribe"};
    };
    if (c.want_state) return no("state");
    if (c.want_presence) return no("presence");
    if (c.rate > 0) return no("rate");
    if (!c.token.empty()) return no("token");
    return std::nullopt;
}

/// At most quoted_max bytes of what the client called it, never half a character.
std::string quoted(std::string_view name) {
    if (name.size() <= quoted_max) return '"' + std::string(name) + '"';
    std::size_t end = quoted_max;
    while (end != 0 && (static_cast<unsigned char>(name[end]) & 0xc0) == 0x80) --end;
    return '"' + std::string(name.substr(0, end)) + "…\"";
}

}  // namespace

void session::subscribe(command const& c, now at) {
    if (auto const f = unsupported_option(c)) return refuse(c.id, *f, at);
    auto const allowed = env_.rules->allow(topic_action::subscribe, c.topic, user());
    if (!allowed) return refuse(c.id, allowed.error(), at);

    bool const waiting = seldom_ && seldom_->waiting_for(c.topic);
    if (!waiting && port_.subscribed(c.topic)) {
        return send_joined(c.id, c.topic, port_.position_of(c.topic));
    }
    std::size_t const max = env_.settings->subscriptions_max;
    if (!waiting && port_.subscriptions() >= max) {
        weir::at(env_.counts->limited, limit_kind::subscriptions).add();
        return refuse(c.id,
                      {errc::limit_reached,
                       "a session has at most " + std::to_string(max) + " subscriptions"},
                      at);
    }
    if (rare().subscribes.size() >= seldom::waiting_max) {
        return refuse(
            c.id, {errc::limit_reached, "too many subscriptions wait to begin", seconds(1)}, at);
    }
    rare().subscribes.push_back({std::string(c.topic), std::string(c.id), false});
    if (!waiting) port_.subscribe(c.topic);
}

void session::unsubscribe(command const& c, now at) {
    if (is_reserved_topic(c.topic)) {
        return refuse(c.id, {errc::forbidden, "reserved topics are the server's"}, at);
    }
    if (!port_.subscribed(c.topic)) {
        return refuse(c.id, {errc::not_subscribed, "not subscribed"}, at);
    }
    port_.unsubscribe(c.topic);
    answer_waiting(c.topic, fault{errc::conflict, "unsubscribed before the subscription began"});
    send_ok(c.id, {});
}

void session::publish(command const& c, now at) {
    auto const no = [&](fault f) {
        f.stored = outcome::not_stored;
        refuse(c.id, f, at);
    };
    if (!c.dedupe.empty()) {
        return no({errc::unsupported, "this server does not support dedupe in publish"});
    }
    auto const allowed = env_.rules->allow(topic_action::publish, c.topic, user());
    if (!allowed) return no(allowed.error());
    tickets_ += 2;
    publish_ticket const ticket = tickets_ | (c.id.empty() ? 0U : 1U);
    if (!c.id.empty()) {
        if (rare().publishes.size() >= seldom::waiting_max) {
            return no({errc::unavailable, "too many publishes wait for the broker", seconds(1)});
        }
        rare().publishes.add(ticket, c.id);
    }

    publication p;
    p.topic = c.topic;
    p.event = c.event;
    p.payload = c.payload;
    p.key = c.key;
    p.from = user();
    if (!c.echo) p.exclude = id_;
    p.is_volatile = c.is_volatile;
    p.time = at.wall;
    p.received = at.mono;
    port_.publish(std::move(p), ticket);
}

void session::acknowledge(command const& c, now at) {
    if (ring_.acknowledge(c.count)) return send_ok(c.id, {});
    refuse(c.id,
           {errc::bad_request, "received counts " + std::to_string(c.count) + " messages, but " +
                                   std::to_string(ring_.sent()) + " were sent"},
           at);
}

void session::not_spoken(command const& c, now at) {
    bool const known = c.type != command_type::unknown && c.type != command_type::invalid;
    refuse(c.id,
           {errc::unsupported, known ? "this server does not support " + quoted(to_string(c.type))
                                     : "unknown type " + quoted(c.type_name)},
           at);
}

}  // namespace weir
