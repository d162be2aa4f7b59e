#include "session/session_extras.hpp"

#include <weir/session/session.hpp>

#include <utility>

namespace weir {

void session::send_ok(request_id id, std::string_view payload) {
    if (id.empty() || phase_ == phase::closing) return;
    env_.scratch.clear();
    dialect().encode_ok(env_.scratch, id, payload);
    send(true);
}

void session::send_error(request_id id, fault const& f) {
    if (phase_ == phase::closing) return;
    weir::at(env_.counts->errors, f.code).add();
    env_.scratch.clear();
    dialect().encode_error(env_.scratch, id, f);
    send(true);
}

/// Who asks for the newest 0 messages has them all: the receipt says from where on it goes on.
void session::send_joined(request_id id, std::string_view topic, join_answer const& answer,
                          bool wants_nothing) {
    if (id.empty()) return;
    subscribed told{.topic = topic,
                    .at = answer.at,
                    .recovered = answer.recovered,
                    .what = answer.what,
                    .state = answer.state,
                    .conflating = answer.conflating};
    if (wants_nothing && !told.what) {
        told.what = receipt{.from = answer.at.offset + 1, .to = answer.at.offset, .missing = {}};
        told.recovered = true;
    }
    env_.payload.clear();
    dialect().subscribed_payload(env_.payload, told);
    send_ok(id, env_.payload);
}

void session::on_joined(std::string_view topic, result<join_answer> const& answer) {
    if (!answer && answer.error().code == errc::limit_reached) {
        weir::at(env_.counts->limited, limit_kind::topics).add();
    }
    if (is_alive()) answer_waiting(topic, answer);
}

/// Everybody who waits for that topic, in the order they asked.
void session::answer_waiting(std::string_view topic, result<join_answer> const& answer) {
    if (!extras_) return;
    auto& waiting = extras_->subscribes;
    for (std::size_t i = 0; i != waiting.size();) {
        if (waiting[i].topic != topic) {
            ++i;
            continue;
        }
        extra_state::pending_subscribe const p = std::move(waiting[i]);
        waiting.erase(waiting.begin() + static_cast<std::ptrdiff_t>(i));
        if (p.by_server) continue;
        if (answer) {
            send_joined(p.id, topic, *answer, p.wants_nothing);
        } else {
            send_error(p.id, answer.error());
        }
    }
    // Most sessions subscribe once and then only listen.
    if (waiting.empty()) waiting.shrink_to_fit();
    if (extras_->spent()) extras_.reset();
}

void session::on_published(publish_ticket ticket, result<position> const& at_position) {
    if (!is_alive()) return;
    bool const answer_wanted = (ticket & 1) != 0;
    if (!answer_wanted) {
        if (!at_position) send_error({}, at_position.error());
        return;
    }
    if (!extras_) return;
    std::optional<stored_id> const id = extras_->publishes.take(ticket);
    if (!id) return;
    if (at_position) {
        env_.payload.clear();
        dialect().published_payload(env_.payload, *at_position);
        send_ok(*id, env_.payload);
    } else {
        send_error(*id, at_position.error());
    }
    if (extras_) {
        extras_->journal.answered(*id, ring_.queued(), at_position ? &*at_position : nullptr);
    }
}

}  // namespace weir
