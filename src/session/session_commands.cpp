#include "session/session_extras.hpp"

#include <weir/base/utf8.hpp>
#include <weir/message/topic_name.hpp>
#include <weir/session/session.hpp>
#include <weir/topic/name_hash.hpp>

#include <optional>
#include <string>
#include <utility>

namespace weir {
namespace {

constexpr std::size_t quoted_max = 64;

/// What the client asks of a subscription and the topic, or this release, does not have. Ignoring
/// it would be a silent loss.
std::optional<fault> unsupported_option(command const& c, topic_policy const& policy) {
    auto const no = [](std::string what) { return fault{errc::unsupported, std::move(what)}; };
    if (c.want_state && policy.state == state_kind::none)
        return no("no state is kept of that topic");
    if (c.want_presence && !policy.presence) return no("presence of that topic is not kept");
    if (c.rate > 0 && !policy.conflates() && policy.state == state_kind::none) {
        return no("rate needs a topic whose rule has state or slow: conflate");
    }
    return std::nullopt;
}

subscribe_options options_of(command const& c) {
    subscribe_options o;
    if (c.since) o.since = place_of(*c.since);
    o.last = c.last.value_or(0);
    o.state = c.want_state;
    o.presence = c.want_presence;
    o.rate = c.rate;
    return o;
}

/// Stands for everything in a publish that could differ.
std::uint64_t content_of(command const& c) {
    static name_hash const hash;
    std::uint64_t mixed = c.is_volatile ? 1 : 2;
    for (std::string_view const part : {c.topic, c.event, c.payload, c.key, c.dedupe}) {
        mixed = mixed * 0x9e3779b97f4a7c15 + hash(part);
    }
    return c.echo ? mixed : ~mixed;
}

/// At most quoted_max bytes of what the client called it, never half a character.
std::string quoted(std::string_view name) {
    if (name.size() <= quoted_max) return '"' + std::string(name) + '"';
    return '"' + std::string(cut_utf8(name, quoted_max)) + "…\"";
}

}  // namespace

void session::subscribe(command const& c, now at) {
    decision const d = ask(topic_action::subscribe, c.topic, c.token, 0);
    if (d.what == verdict::pending) return hold(c);
    if (d.what == verdict::refused) return refuse(c.id, *d.why, at);
    join(c, at);
}

void session::join(command const& c, now at) {
    if (auto const f = unsupported_option(c, env_.rules->policy_of(c.topic))) {
        return refuse(c.id, *f, at);
    }

    bool const wants_nothing = c.last == 0U && !c.since;
    bool const waiting = extras_ && extras_->waiting_for(c.topic);
    if (!waiting && port_.subscribed(c.topic)) {
        return send_joined(c.id, c.topic, port_.change(c.topic, options_of(c)), wants_nothing);
    }
    std::size_t const max = env_.settings->subscriptions_max;
    if (!waiting && port_.subscriptions() >= max) {
        weir::at(env_.counts->limited, limit_kind::subscriptions).add();
        return refuse(c.id,
                      {errc::limit_reached,
                       "a session has at most " + std::to_string(max) + " subscriptions"},
                      at);
    }
    if (extras().subscribes.size() >= extra_state::waiting_max) {
        return refuse(
            c.id, {errc::limit_reached, "too many subscriptions wait to begin", seconds(1)}, at);
    }
    extras().subscribes.push_back({std::string(c.topic), stored_id(c.id), false, wants_nothing});
    if (waiting) {
        port_.change(c.topic, options_of(c));  // answered when it has begun
    } else {
        port_.subscribe(c.topic, options_of(c));
    }
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
        note_refused(c);
    };
    // First: a right that has gone since does not deny what was stored.
    if (is_repeated(c, at)) return;
    decision const d = ask(topic_action::publish, c.topic, {}, 0);
    if (d.what == verdict::pending) return hold(c);
    if (d.what == verdict::refused) return no(*d.why);
    publish_ticket const ticket = next_ticket() | (c.id.empty() ? 0U : 1U);
    if (!c.id.empty()) {
        if (extras().publishes.size() >= extra_state::waiting_max) {
            return no({errc::unavailable, "too many publishes wait for the broker", seconds(1)});
        }
        extras().publishes.add(ticket, c.id);
        if (can_resume()) {
            extras().journal.add(c.id, content_of(c), attachment_);
        }
    }

    publication p;
    p.topic = c.topic;
    p.event = c.event;
    p.payload = c.payload;
    p.key = c.key;
    p.from = user();
    p.dedupe = c.dedupe;
    // No user is called so: their names have no control characters.
    if (!c.dedupe.empty()) p.scope = user().empty() ? "\nsession:" + id_.text() : user();
    if (!c.echo) p.exclude = id_;
    p.is_volatile = c.is_volatile;
    p.time = at.wall;
    p.received = at.mono;
    port_.publish(std::move(p), ticket);
}

/// A publish that this session has passed on before. It is answered here, or was, or will be.
bool session::is_repeated(command const& c, now at) {
    if (c.id.empty() || !extras_ || extras_->journal.empty()) return false;
    auto& journal = extras_->journal;
    // Not by what the ring has let go: a repeat may be held up while more is sent than it keeps.
    // The repeats of a resume come before anything new, so of the answered ones a ring's worth is
    // enough.
    journal.keep(env_.settings->ring.replay_frames + extra_state::waiting_max);
    auto const known = journal.look(c.id, content_of(c), attachment_);
    switch (known.what) {
        case publish_journal::verdict::fresh:
            return false;
        case publish_journal::verdict::running:
        case publish_journal::verdict::replayed:
            journal.adopt(c.id, attachment_);
            return true;
        case publish_journal::verdict::answered:
            env_.payload.clear();
            dialect().published_payload(env_.payload, known.at);
            send_ok(c.id, env_.payload);
            return true;
        case publish_journal::verdict::conflict: {
            fault f{errc::conflict, "that id names another message, whose answer is not received"};
            f.stored = outcome::not_stored;
            refuse(c.id, f, at);
            return true;
        }
    }
    return false;
}

/// A publish was refused here: a resume may replay that answer, and then the message must not be
/// executed behind it.
void session::note_refused(command const& c) {
    if (c.id.empty() || !is_alive() || !can_resume()) return;
    auto& journal = extras().journal;
    journal.add(c.id, content_of(c), attachment_);
    journal.answered(c.id, ring_.queued(), nullptr);
}

void session::acknowledge(command const& c, now at) {
    if (ring_.acknowledge(c.count)) {
        if (extras_) extras_->journal.forget(c.count);
        return send_ok(c.id, {});
    }
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
