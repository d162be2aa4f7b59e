#include "session/session_extras.hpp"

#include <weir/session/session.hpp>
#include <weir/topic/name_hash.hpp>
#include <weir/topic/policy.hpp>

#include <algorithm>
#include <string_view>
#include <unordered_set>
#include <utility>

// Questions about a topic: history, state (sync), presence.
namespace weir {
namespace {

constexpr std::uint32_t answer_messages_max = 1000;
constexpr std::uint32_t history_default = 100;
constexpr std::uint32_t members_max = 1000;
/// An answer waits in the outbox like everything else: of a default one it takes an eighth.
constexpr std::size_t outbox_share = 8;
constexpr std::size_t page_bytes_max = 256 * 1024;
constexpr std::size_t sync_topic_bytes_min = 4 * 1024;
// One message of a client pays for so much; what is beyond is charged to its rate.
constexpr std::size_t names_per_token = 16;
constexpr std::size_t bytes_per_token = 16 * 1024;

std::size_t bytes_of(log_page const& page) noexcept {
    std::size_t n = 0;
    for (auto const& m : page.messages) n += stored_bytes(*m);
    return n;
}

std::size_t page_bytes(session_settings const& s) noexcept {
    return std::min(page_bytes_max, std::max<std::size_t>(1, s.ring.outbox_bytes / outbox_share));
}

fault too_busy() {
    return {errc::unavailable, "too many answers wait to be read", seconds(1)};
}

}  // namespace

/// A position as a client sent it. An epoch that is none of ours is another one.
position place_of(since_position const& since) noexcept {
    return {epoch_id::parse(since.epoch).value_or(epoch_id{}), since.offset};
}

/// False: answered already, or nobody waits for the answer.
bool session::may_query(command const& c, now at) {
    if (c.id.empty()) return false;
    extra_state& s = extras();
    bool const busy = s.queries.size() >= extra_state::queries_max ||
                      ring_.outbox_bytes() > env_.settings->ring.outbox_bytes / 2;
    if (!busy) return true;
    refuse(c.id, too_busy(), at);
    return false;
}

/// With what is in env_.payload. Answers that were asked for while there was room may come all at
/// once: one that would fill the outbox, and so close its own connection, is to be asked for again.
void session::answer_query(request_id id, now at) {
    charge(env_.payload.size() / bytes_per_token, at);
    std::size_t const max = env_.settings->ring.outbox_bytes;
    std::size_t const waiting = ring_.outbox_bytes();
    if (waiting != 0 && waiting + env_.payload.size() > max - max / 4) {
        return send_error(id, too_busy());
    }
    send_ok(id, env_.payload);
}

void session::history(command const& c, now at) {
    decision const d = ask(topic_action::subscribe, c.topic, {}, 0);
    if (d.what == verdict::pending) return hold(c);
    if (d.what == verdict::refused) return refuse(c.id, *d.why, at);
    if (!may_query(c, at)) return;
    log_query q;
    q.topic = c.topic;
    q.kind = c.since && !c.last ? log_query::what::after : log_query::what::before;
    if (c.since) q.at = place_of(*c.since);
    q.messages_max = std::clamp(c.last.value_or(c.since ? answer_messages_max : history_default),
                                std::uint32_t{1}, answer_messages_max);
    q.bytes_max = page_bytes(*env_.settings);
    auto const ticket = next_ticket();
    extra_state::query asked;
    asked.id = stored_id(c.id);
    asked.tickets = {ticket};
    extras().queries.push_back(std::move(asked));
    port_.read(std::move(q), ticket);
}

void session::sync(command const& c, now at) {
    std::vector<std::string> names;
    if (c.topics) {
        std::unordered_set<std::string_view, name_hash> known;
        for (std::string_view const name : *c.topics) {
            if (known.insert(name).second) names.emplace_back(name);
        }
    } else {
        for (auto& t : port_.topics()) {
            if (env_.rules->policy_of(t.name).state != state_kind::none) {
                names.push_back(std::move(t.name));
            }
        }
    }
    for (std::size_t i = 0; c.topics && i != names.size(); ++i) {
        decision const d = ask(topic_action::subscribe, names[i], {}, i);
        if (d.what == verdict::pending) return hold(c);
        if (d.what == verdict::refused) return refuse(c.id, *d.why, at);
        if (env_.rules->policy_of(names[i]).state == state_kind::none) {
            return refuse(c.id, {errc::unsupported, "no state is kept of " + names[i]}, at);
        }
    }
    charge((c.topics ? c.topics->size() : names.size()) / names_per_token, at);
    if (!may_query(c, at)) return;
    if (names.empty()) {
        env_.payload.clear();
        dialect().sync_payload(env_.payload, {});
        return send_ok(c.id, env_.payload);
    }
    extra_state::query asked;
    asked.id = stored_id(c.id);
    asked.is_sync = true;
    std::vector<log_query> reads;
    for (std::string& name : names) {
        log_query q;
        q.topic = name;
        q.kind = log_query::what::state;
        if (c.since) q.at = place_of(*c.since);
        q.messages_max = answer_messages_max;
        q.bytes_max = std::max(sync_topic_bytes_min, page_bytes(*env_.settings) / names.size());
        asked.tickets.push_back(next_ticket());
        asked.states.push_back({std::move(name), {}, {}, false});
        reads.push_back(std::move(q));
    }
    asked.due = reads.size();
    auto const tickets = asked.tickets;
    extras().queries.push_back(std::move(asked));
    // An answer from inside may have been the last word.
    for (std::size_t i = 0; i != reads.size() && phase_ == phase::open; ++i) {
        port_.read(std::move(reads[i]), tickets[i]);
    }
}

void session::presence(command const& c, now at) {
    decision const d = ask(topic_action::subscribe, c.topic, {}, 0);
    if (d.what == verdict::pending) return hold(c);
    if (d.what == verdict::refused) return refuse(c.id, *d.why, at);
    if (!env_.rules->policy_of(c.topic).presence) {
        return refuse(c.id, {errc::unsupported, "presence of that topic is not kept"}, at);
    }
    if (!may_query(c, at)) return;
    auto const ticket = next_ticket();
    extra_state::query asked;
    asked.id = stored_id(c.id);
    asked.tickets = {ticket};
    extras().queries.push_back(std::move(asked));
    port_.members(c.topic, members_max, ticket);
}

std::optional<std::size_t> session::extra_state::query_of(std::uint32_t ticket) const noexcept {
    for (std::size_t i = 0; i != queries.size(); ++i) {
        auto const& t = queries[i].tickets;
        if (std::find(t.begin(), t.end(), ticket) != t.end()) return i;
    }
    return std::nullopt;
}

session::extra_state::query session::extra_state::take_query(std::size_t which) {
    query done = std::move(queries[which]);
    queries.erase(queries.begin() + static_cast<std::ptrdiff_t>(which));
    return done;
}

void session::on_read(publish_ticket ticket, result<log_page>&& page, now at) {
    if (!is_alive() || !extras_) return;
    auto const which = extras_->query_of(static_cast<std::uint32_t>(ticket));
    if (!which) return;
    extra_state::query& q = extras_->queries[*which];
    if (!page) {
        auto const done = extras_->take_query(*which);
        return send_error(done.id, page.error());
    }
    if (!q.is_sync) {
        auto const done = extras_->take_query(*which);
        env_.payload.clear();
        dialect().history_payload(env_.payload, {.messages = page->messages,
                                                 .head = page->head,
                                                 .more = page->more,
                                                 .missing = page->missing});
        return answer_query(done.id, at);
    }
    auto const nth = std::find(q.tickets.begin(), q.tickets.end(), ticket) - q.tickets.begin();
    topic_state_page& state = q.states[static_cast<std::size_t>(nth)];
    state.at = page->head;
    state.more = page->more;
    // Each page has at least one message: many of them are more than one answer may be.
    std::size_t const bytes = bytes_of(*page);
    if (q.bytes != 0 && q.bytes + bytes > env_.settings->ring.outbox_bytes / 2) {
        state.more = true;
    } else {
        q.bytes += bytes;
        state.messages = std::move(page->messages);
    }
    if (--q.due != 0) return;
    auto const done = extras_->take_query(*which);
    env_.payload.clear();
    dialect().sync_payload(env_.payload, done.states);
    answer_query(done.id, at);
}

void session::on_members(publish_ticket ticket, result<presence_page> const& page, now at) {
    if (!is_alive() || !extras_) return;
    auto const which = extras_->query_of(static_cast<std::uint32_t>(ticket));
    if (!which) return;
    auto const done = extras_->take_query(*which);
    if (!page) return send_error(done.id, page.error());
    env_.payload.clear();
    dialect().presence_payload(env_.payload, *page);
    answer_query(done.id, at);
}

}  // namespace weir
