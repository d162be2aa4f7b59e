#include "session/session_extras.hpp"

#include <weir/session/session.hpp>

#include <algorithm>
#include <utility>

// Questions to the authority, and what waits while one is pending.
namespace weir {

/// `nth`: which of the command's questions it is, from 0. What was answered before the command is
/// executed again is not asked twice.
decision session::ask(topic_action action, std::string_view topic, std::string_view token,
                      std::size_t nth) {
    held_commands* const held = extras_ ? extras_->held.get() : nullptr;
    if (held != nullptr && held->running && nth < held->granted) return {};
    authority_ticket const ticket = next_ticket();
    decision d = env_.authority->ask({.action = action,
                                      .topic = topic,
                                      .user = user(),
                                      .token = token,
                                      .session = id_,
                                      .ticket = ticket});
    if (d.what == verdict::pending) {
        if (held == nullptr) extras().held = std::make_unique<held_commands>();
        extras_->held->ticket = ticket;
        extras_->held->asked = nth;
    }
    return d;
}

/// The command whose question is pending. Executed again, go_on() has it.
void session::hold(command const& c) {
    held_commands& held = *extras_->held;
    if (!held.running) held.add(c);
}

/// True: a question of an earlier command is pending, and this one waits behind it or is refused.
bool session::hold_behind(command const& c, now at) {
    if (!extras_ || !extras_->held) return false;
    held_commands& held = *extras_->held;
    auto const& max = env_.settings->held;
    bool const room = held.waiting.size() <= max.commands && held.bytes < max.bytes;
    if (room) {
        held.add(c);
    } else {
        refuse_held(c, {errc::unavailable, "too many commands wait for a decision", seconds(1)},
                    at);
    }
    return true;
}

void session::refuse_held(command const& c, fault const& why, now at) {
    fault said = why;
    if (c.type != command_type::publish) return refuse(c.id, said, at);
    // Sent again after a resume, it may be one that was executed before.
    if (is_repeated(c, at)) return;
    said.stored = outcome::not_stored;
    refuse(c.id, said, at);
    note_refused(c);
}

void session::on_decided(authority_ticket ticket, result<void> const& answer, now at) {
    if (!is_alive() || !extras_ || ticket == 0) return;
    if (extras_->held && extras_->held->ticket == ticket) {
        extras_->held->ticket = 0;
        extras_->held->answer = answer;
        return go_on(at);
    }
    auto& reviews = extras_->reviews;
    auto const about = std::find_if(reviews.begin(), reviews.end(),
                                    [&](auto const& r) { return r.ticket == ticket; });
    if (about == reviews.end()) return;
    std::string const topic = std::move(about->topic);
    reviews.erase(about);
    if (!answer) unsubscribe_by_server(topic, answer.error());
}

/// Executes what is held, until the next question is pending. Without a connection it waits for the
/// resume, as its client does.
void session::go_on(now at) {
    while (phase_ == phase::open && extras_ && extras_->held) {
        held_commands& held = *extras_->held;
        if (held.ticket != 0) return;
        if (held.waiting.empty()) {
            extras_->held.reset();
            return;
        }
        command_copy first = held.take();
        auto const answer = std::exchange(held.answer, std::nullopt);
        if (answer && !*answer) {
            held.granted = 0;
            refuse_held(first.get(), answer->error(), at);
            continue;
        }
        if (answer) held.granted = held.asked + 1;
        held.running = true;
        dispatch(first.get(), at);
        held.running = false;
        if (held.ticket != 0) {
            held.put_back(std::move(first));
        } else {
            held.granted = 0;
        }
    }
}

/// Rights may have gone while the client was away, with the rules or with the token. Where the
/// answer is pending, the subscription goes on until it comes.
void session::review_rights(now) {
    if (extras_) extras_->reviews.clear();
    for (auto const& t : port_.topics()) {
        if (t.by_server || phase_ != phase::open) continue;
        authority_ticket const ticket = next_ticket();
        decision const d = env_.authority->ask({.action = topic_action::subscribe,
                                                .topic = t.name,
                                                .user = user(),
                                                .token = {},
                                                .session = id_,
                                                .ticket = ticket});
        if (d.what == verdict::refused) unsubscribe_by_server(t.name, *d.why);
        if (d.what == verdict::pending) extras().reviews.push_back({ticket, t.name});
    }
}

}  // namespace weir
