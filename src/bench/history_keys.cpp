#include "bench/history_checker.hpp"

#include <algorithm>

// Subscriptions with options: keys, state, conflation, presence, `echo`, and verdicts on resumes.
namespace weir::bench {
namespace {

/// Between the server's clock of an absence and the client's.
constexpr milliseconds verdict_slack{1500};

}  // namespace

void history_checker::publishes(std::uint32_t client, std::uint64_t number,
                                publish_facts const& facts) {
    auto* const p = publishers_[client].at(number);
    if (p == nullptr) return;
    p->key = facts.key;
    p->nanoseconds = facts.nanoseconds;
    p->echo = facts.echo;
    p->removal = facts.removal;
    latest_ = std::max(latest_, facts.nanoseconds);
}

void history_checker::took(seat s, topic_message const& m) {
    cursor& c = cursors_[s.client][s.slot];
    ++counts_.delivered;
    remember(s.client, {.is = recent::what::message, .topic = c.topic, .a = m.offset});
    if (c.epoch < 0) {  // of an epoch whose name nobody told
        ++counts_.unverified;
        return;
    }
    if (topics_[c.topic].keys) note_key(c, m);
    if (c.promised != 0 && promised_message(s, c, m)) {
        // It may be any offset up to the position.
    } else if (c.conflating || m.offset <= c.strict_above) {
        by_key(s, c, m, c.repeats && m.offset <= c.position);
        c.seen = std::max(c.seen, m.offset);
        c.passed = std::max(c.passed, m.offset);
    } else {
        if (topics_[c.topic].keys) by_key(s, c, m, true);
        in_strict_order(s, c, m.offset);
    }
    compare(s, c, m.offset, m.payload);
}

/// Whoever sees a message tells the newest of its key.
void history_checker::note_key(cursor const& c, topic_message const& m) {
    key_value v{.offset = m.offset, .removal = m.payload == "null"};
    if (auto const marks = read_payload(m.payload)) {
        v.nanoseconds = marks->nanoseconds;
        v.publisher = marks->publisher;
        auto const* const p = publishers_[marks->publisher].at(marks->number);
        if (p != nullptr) v.echo = p->echo;
    }
    topics_[c.topic].keys->told(m.key, v);
}

void history_checker::by_key(seat s, cursor& c, topic_message const& m, bool again) {
    auto& keys = topics_[c.topic].keys;
    if (!keys) {
        return report(kind::protocol, s.client,
                      where(s, m.offset) + ": conflating, where nothing conflates");
    }
    if (auto const fault = keys->got(s.client, m.key, m.offset, again)) {
        report(kind::key_order, s.client, where(s, m.offset) + ": " + *fault);
    }
}

void history_checker::state_follows(seat s, cursor& c, subscribe_answer const& a) {
    c.promised = *a.state;
    c.state_last = 0;
    c.position = a.at->offset;
    c.passed = std::max(c.passed, c.position);
    c.ahead.clear();
    auto& keys = topics_[c.topic].keys;
    if (!keys) {
        return report(kind::protocol, s.client, where(s, c.position) + ": a state, of no keys");
    }
    keys->clear(s.client);
    if (c.promised == 0) keys->whole(s.client, c.position);
}

/// A key that changes while the state is sent comes only with its newer message: so there may be
/// fewer than were promised, but the newest of each key has to come.
bool history_checker::promised_message(seat s, cursor& c, topic_message const& m) {
    auto& keys = *topics_[c.topic].keys;
    if (m.offset > c.position) {
        c.promised = 0;
        c.seen = std::max(c.seen, c.position);
        keys.whole(s.client, c.position);
        return false;
    }
    if (m.offset <= c.state_last) {
        report(kind::promise, s.client,
               where(s, m.offset) + ": the state as of " + std::to_string(c.position) +
                   " is not in order, " + std::to_string(c.state_last) + " came before");
    }
    c.state_last = m.offset;
    by_key(s, c, m, false);
    if (--c.promised == 0) keys.whole(s.client, c.position);
    c.seen = std::max(c.seen, c.promised == 0 ? c.position : m.offset);
    return true;
}

void history_checker::positioned(seat s, place const& at) {
    cursor const& c = cursors_[s.client][s.slot];
    auto const& keys = topics_[c.topic].keys;
    if (!keys || c.epoch < 0) return;
    for (auto const& x : keys->missing(s.client, c.above, 1000)) {
        if (x.newest > at.offset) continue;
        report(kind::stale_key, s.client,
               where(s, at.offset) + ": the position, but the newest of key " + x.key + " at " +
                   std::to_string(x.newest) + " had not come");
    }
}

void history_checker::options_replaced(seat s, cursor& c, subscribe_answer const& a) {
    if (c.epoch < 0) return;
    record(c).raise(a.at->offset);
    c.version.reset();
    if (a.state) {
        report(kind::promise, s.client,
               where(s, a.at->offset) + ": subscribing again is answered without replay, but " +
                   std::to_string(*a.state) + " messages of the state were promised");
        state_follows(s, c, a);
    }
    if (c.conflating && !a.conflating) {
        c.strict_above = a.at->offset;
        c.passed = std::max(c.passed, a.at->offset);
        c.seen = std::max(c.seen, a.at->offset);
    }
    c.conflating = a.conflating;
}

void history_checker::gap_by_key(seat s, cursor& c, declared_loss const& what) {
    auto& keys = *topics_[c.topic].keys;
    if (what.to == 0) {
        keys.lost_before(s.client, latest_);
    } else {
        keys.lost(s.client, what.from == 0 ? 1 : what.from, what.to);
        if (c.epoch >= 0) record(c).raise(what.to);
    }
    if (!c.conflating) return;
    ++counts_.gaps;
    counts_.declared_lost += what.count;
}

void history_checker::state_is(std::uint32_t topic,
                               std::map<std::string, std::uint64_t> const& state) {
    auto& keys = topics_[topic].keys;
    if (!keys) return;
    for (auto const& text : keys->compare_state(state)) {
        report(kind::state, 0, settings_.topics[topic] + ": " + text);
    }
    for (auto const& [key, offset] : state) keys->told(key, {.offset = offset});
}

void history_checker::report_missing_keys(seat s, cursor const& c) {
    auto const& keys = topics_[c.topic].keys;
    if (!keys || c.epoch < 0) return;
    for (auto const& x : keys->missing(s.client, c.above)) {
        report(kind::stale_key, s.client,
               where(s, x.newest) + ": the newest of key " + x.key + ", but " +
                   (x.has == 0 ? "nothing" : std::to_string(x.has)) +
                   " was the last that came, and no gap said so");
    }
}

std::optional<bool> history_checker::own_quiet(std::uint32_t client, cursor const& c,
                                               std::uint64_t offset) const {
    auto const& log = topics_[c.topic].records[static_cast<std::size_t>(c.epoch)];
    auto const* const e = log.find(offset);
    if (e == nullptr || e->publisher == topic_record::none) return std::nullopt;
    if (e->publisher != client) return false;
    auto const found = publishers_.find(client);
    auto const* const p = found == publishers_.end() ? nullptr : found->second.find(e->number);
    return p == nullptr ? std::nullopt : std::optional(!p->echo);
}

/// A hole is none if all of it was published by that client with `echo` off. That may be known only
/// later: by the answer, or when others get the message.
void history_checker::explain_holes(bool finally) {
    std::erase_if(pending_, [&](hole& h) {
        cursor c = cursors_[h.at.client][h.at.slot];
        c.epoch = h.epoch;
        bool open = false;
        for (auto offset = h.from; offset <= h.to; ++offset) {
            auto const own = own_quiet(h.at.client, c, offset);
            if (own == false || (!own && finally)) {
                report(kind::hole, h.at.client, std::move(h.text));
                return true;
            }
            open = open || !own;
        }
        return !open;
    });
}

void history_checker::presence_changed(seat s, std::uint64_t version) {
    cursor& c = cursors_[s.client][s.slot];
    if (c.version && version != *c.version + 1) {
        report(kind::presence, s.client,
               settings_.topics[c.topic] + ": version " + std::to_string(version) + " came after " +
                   std::to_string(*c.version));
    }
    c.version = version;
}

void history_checker::not_resumed(std::uint32_t client, std::string_view reason,
                                  milliseconds silent) {
    ++counts_.verdicts[std::string(reason)];
    if (settings_.resume_window == milliseconds(0)) return;
    bool const late = silent + verdict_slack > settings_.resume_window;
    bool const fair = reason == "expired"   ? late
                      : reason == "unknown" ? settings_.epochs_change
                                            : reason == "overflow";
    if (fair) return;
    report(kind::verdict, client,
           "a session was not resumed, reason " + std::string(reason) + ", " +
               std::to_string(silent.count()) + " ms after the server was last heard");
}

}  // namespace weir::bench
