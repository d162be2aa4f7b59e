#include "bench/history_checker.hpp"

#include <weir/base/dice.hpp>

#include <algorithm>

namespace weir::bench {
namespace {

std::uint64_t print_of(std::string_view payload) noexcept {
    std::uint64_t h = 0xcbf29ce484222325U;  // FNV-1a
    for (char const c : payload) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    auto const mixed = mix(h);
    return mixed == 0 ? 1 : mixed;
}

constexpr std::size_t holes_remembered = 8;

std::string range_text(std::uint64_t from, std::uint64_t to) {
    return std::to_string(from) + " to " + std::to_string(to);
}

}  // namespace

history_checker::history_checker(settings s) : settings_(std::move(s)) {
    topics_.resize(settings_.topics.size());
    for (std::uint32_t t = 0; t != topics_.size(); ++t) {
        if (has(settings_.keyed, t)) topics_[t].keys.emplace(settings_.seats.size());
    }
    memories_.resize(settings_.seats.size());
    for (auto const& topics : settings_.seats) {
        auto& all = cursors_.emplace_back();
        for (std::uint32_t const topic : topics) all.emplace_back().topic = topic;
    }
}

std::uint32_t history_checker::epoch_index(std::uint32_t topic, std::string const& epoch) {
    auto& all = topics_[topic].records;
    for (std::size_t i = all.size(); i-- != 0;) {
        if (all[i].epoch() == epoch) return static_cast<std::uint32_t>(i);
    }
    all.emplace_back(epoch);
    return static_cast<std::uint32_t>(all.size() - 1);
}

void history_checker::subscribed(seat s, subscribe_answer const& a,
                                 std::optional<place> const& since) {
    cursor& c = cursors_[s.client][s.slot];
    remember(s.client, {.is = recent::what::answer,
                        .topic = c.topic,
                        .a = a.at ? a.at->offset : 0,
                        .b = a.receipt ? a.receipt->from : 0});
    if (!a.at) return;
    if (a.again) return options_replaced(s, c, a);
    auto const epoch = static_cast<std::int32_t>(epoch_index(c.topic, a.at->epoch));
    bool const another = c.ever && c.epoch != epoch;
    if (another && !settings_.epochs_change) {
        report(kind::epoch, s.client,
               where(s, a.at->offset) + ": another epoch than before, " + a.at->epoch);
    }
    bool const behind = c.ever && !another && a.at->offset < c.seen;
    c.ahead.clear();
    c.open = false;
    c.count = 0;
    if (!c.ever || another) c.passed = c.seen = 0;
    if (another && topics_[c.topic].keys) topics_[c.topic].keys->begin_anew();
    // Its position may be below what it has: that comes again, now in the order of the topic.
    if (c.conflating && since) c.seen = std::min(c.seen, since->offset);
    c.conflating = a.conflating;
    c.position = a.at->offset;
    c.strict_above = c.promised = 0;
    c.version.reset();
    c.repeats = c.ever;
    c.epoch = epoch;
    record(c).raise(a.at->offset);
    if (behind) {
        report(kind::contradiction, s.client,
               where(s, a.at->offset) + ": the newest message, said the answer, but " +
                   std::to_string(c.seen) + " was delivered before");
    }
    if (!c.ever && !a.state) c.above = a.at->offset;
    recover(s, c, a, since);
    if (a.state) state_follows(s, c, a);
    c.ever = true;
}

void history_checker::recover(seat s, cursor& c, subscribe_answer const& a,
                              std::optional<place> const& since) {
    std::uint64_t const head = a.at->offset;
    if (!since) {
        c.passed = std::max(c.passed, head);
        return;
    }
    bool const same = since->epoch == a.at->epoch;
    std::uint64_t const known = same ? since->offset : 0;
    if (!a.receipt) {
        // `recovered` true: all of it follows. False: none, and that is the declaration.
        if (!a.recovered && head > known) {
            declare(c, known + 1, head);
            if (auto& keys = topics_[c.topic].keys) keys->lost(s.client, known + 1, head);
        }
        c.passed = a.recovered ? known : std::max(known, head);
        return;
    }
    auto const& r = *a.receipt;
    bool const empty = r.from > r.to;
    if (same && !empty && r.from > known + 1) {
        report(kind::hole, s.client,
               where(s, r.from) + ": the receipt begins here, but " + std::to_string(known) +
                   " was the last known");
    }
    if (empty ? head > known && same : r.to < head) {
        report(kind::hole, s.client, where(s, r.to) + ": the receipt ends before the position");
    }
    c.passed = same ? known : (r.from == 0 ? 0 : r.from - 1);
    if (!r.missing) return;
    if (!same && r.missing->from == 0 && r.missing->to == 0) {
        ++counts_.gaps;  // of the old epoch; all that is kept of the new one follows
        return;
    }
    auto const from = r.missing->from == 0 ? c.passed + 1 : r.missing->from;
    auto const to = r.missing->to == 0 ? r.to : r.missing->to;
    if (from <= c.passed && same) {
        report(kind::contradiction, s.client,
               where(s, from) + ": declared lost, but delivered before (receipt)");
    }
    if (to >= from) {
        declare(c, from, to);
        if (auto& keys = topics_[c.topic].keys) keys->lost(s.client, from, to);
    }
    pass_declared(c);
}

void history_checker::declare(cursor& c, std::uint64_t from, std::uint64_t to) {
    ++counts_.gaps;
    counts_.declared_lost += to + 1 - from;
    c.ahead.push_back({from, to});
}

void history_checker::pass_declared(cursor& c) {
    for (bool moved = true; moved;) {
        moved = false;
        for (std::size_t i = 0; i != c.ahead.size(); ++i) {
            if (c.ahead[i].from > c.passed + 1) continue;
            c.passed = std::max(c.passed, c.ahead[i].to);
            c.ahead.erase(c.ahead.begin() + static_cast<std::ptrdiff_t>(i));
            moved = true;
            break;
        }
    }
}

void history_checker::gap(seat s, declared_loss const& what) {
    cursor& c = cursors_[s.client][s.slot];
    remember(s.client, {.is = recent::what::gap, .topic = c.topic, .a = what.from, .b = what.to});
    if (what.reason == "epoch") {
        if (!settings_.epochs_change) {
            report(kind::epoch, s.client, where(s, what.from) + ": a gap says so");
        }
        ++counts_.gaps;
        c.epoch = -1;
        return;
    }
    bool const nowhere = what.from == 0 && what.to == 0 && what.count == 0;
    if (nowhere && has(settings_.presence, c.topic)) {  // the members are to be asked for anew
        ++counts_.gaps;
        c.version.reset();
        return;
    }
    if (topics_[c.topic].keys) gap_by_key(s, c, what);
    if (c.conflating) return;
    if (what.from != 0 && what.from <= c.seen) {
        report(kind::contradiction, s.client,
               where(s, what.from) + ": declared lost by a gap, but " + std::to_string(c.seen) +
                   " was delivered before");
    }
    if (what.to != 0 && what.to < std::max(what.from, c.seen + 1)) {
        report(kind::contradiction, s.client, where(s, what.to) + ": a gap that ends before here");
        return;
    }
    auto const from = std::max(what.from, c.passed + 1);
    if (what.to != 0) {
        if (what.from > c.passed + 1) close_hole(s, c, what.from);
        if (what.to >= from) declare(c, from, what.to);
        pass_declared(c);
        if (c.epoch >= 0) record(c).raise(what.to);
        return;
    }
    ++counts_.gaps;
    if (what.from > c.passed + 1) close_hole(s, c, what.from);
    c.count = what.count == 0 || (c.open && c.count == 0) ? 0 : c.count + what.count;
    c.open = true;
}

/// Everything in front of `offset` is passed now; what was not declared is a hole.
void history_checker::close_hole(seat s, cursor& c, std::uint64_t offset) {
    pass_declared(c);
    auto const first = c.passed + 1;
    c.passed = std::max(c.passed, offset - 1);
    if (c.open) {
        std::uint64_t const lost = offset > first ? offset - first : 0;
        counts_.declared_lost += lost;
        if (c.count != 0 && c.count != lost) {
            report(kind::contradiction, s.client,
                   where(s, first) + ": a gap told of " + std::to_string(c.count) + " lost, but " +
                       std::to_string(lost) + " are");
        }
        c.open = false;
        c.count = 0;
        return;
    }
    if (offset <= first) return;
    auto& holes = holes_[{s.client, s.slot}];
    holes.push_back({first, offset - 1});
    if (holes.size() > holes_remembered) holes.erase(holes.begin());
    auto text =
        where(s, first) + ": " + range_text(first, offset - 1) + " never came, and no gap said so";
    if (!settings_.echo_off) return report(kind::hole, s.client, std::move(text));
    pending_.push_back({s, c.epoch, first, offset - 1, text + account(s.client)});
}

void history_checker::delivered(seat s, std::uint64_t offset, std::string_view payload) {
    took(s, {.offset = offset, .payload = payload});
}

void history_checker::in_strict_order(seat s, cursor& c, std::uint64_t offset) {
    if (offset <= c.seen) {
        auto& holes = holes_[{s.client, s.slot}];
        bool const skipped = std::any_of(holes.begin(), holes.end(), [&](range const& h) {
            return offset >= h.from && offset <= h.to;
        });
        report(skipped ? kind::reordered : kind::repeated, s.client,
               where(s, offset) + (skipped ? ": came after " : ": came again after ") +
                   std::to_string(c.seen));
    } else if (offset <= c.passed && !c.open) {
        report(kind::contradiction, s.client,
               where(s, offset) + ": delivered, although declared lost up to " +
                   std::to_string(c.passed));
        c.seen = offset;
    } else {
        if (offset != c.passed + 1 || c.open) close_hole(s, c, offset);
        if (offset <= c.passed) {
            report(kind::contradiction, s.client,
                   where(s, offset) + ": delivered, although declared lost up to " +
                       std::to_string(c.passed));
        }
        c.passed = std::max(c.passed, offset);
        c.seen = offset;
        if (!c.ahead.empty()) pass_declared(c);
    }
}

void history_checker::compare(seat s, cursor const& c, std::uint64_t offset,
                              std::string_view payload) {
    topic_record& log = topics_[c.topic].records[static_cast<std::size_t>(c.epoch)];
    log.raise(offset);
    auto* const e = log.at(offset);
    if (e == nullptr) {
        ++counts_.unverified;
        return;
    }
    auto const print = print_of(payload);
    if (e->print != 0) {
        if (e->print != print) {
            report(kind::differs, s.client,
                   where(s, offset) + ": another message than others got there (publish " +
                       std::to_string(e->number) + " of " + std::to_string(e->publisher) +
                       "): " + std::string(payload.substr(0, 80)));
        }
        return;
    }
    e->print = print;
    auto const marks = read_payload(payload);
    if (!marks) {
        if (payload == "null" && topics_[c.topic].keys) return;  // it removes a key
        return report(
            kind::differs, s.client,
            where(s, offset) + ": nobody published " + std::string(payload.substr(0, 80)));
    }
    if (e->publisher != topic_record::none &&
        (e->publisher != marks->publisher || e->number != marks->number)) {
        report(kind::not_there, s.client,
               where(s, offset) + ": was acknowledged for publish " + std::to_string(e->number) +
                   " of " + std::to_string(e->publisher) + ", but is " +
                   std::to_string(marks->number) + " of " + std::to_string(marks->publisher));
    }
    e->publisher = marks->publisher;
    e->number = marks->number;
    executed(c.topic, static_cast<std::uint32_t>(c.epoch), offset, marks->publisher, marks->number);
}

void history_checker::executed(std::uint32_t topic, std::uint32_t epoch, std::uint64_t offset,
                               std::uint32_t publisher, std::uint64_t number) {
    auto* const p = publishers_[publisher].at(number);
    std::string const name = "publish " + std::to_string(number) + " of " +
                             std::to_string(publisher) + " at " + settings_.topics[topic] +
                             " offset " + std::to_string(offset);
    if (p == nullptr) {
        return report(kind::executed_twice, publisher, name + ": long after later ones");
    }
    if (p->said == publish_record::word::refused) {
        report(kind::refused_stored, publisher, name + ": an error had said it is not stored");
    }
    if (p->offset == 0) {
        p->topic = topic;
        p->epoch = epoch;
        p->offset = offset;
    } else if (p->topic != topic || p->epoch != epoch || p->offset != offset) {
        // Acknowledged for one place and seen at another, or seen at two.
        report(kind::executed_twice, publisher,
               name + ": and at " + settings_.topics[p->topic] + " offset " +
                   std::to_string(p->offset));
    }
}

void history_checker::acknowledged(std::uint32_t client, std::uint64_t number, std::uint32_t topic,
                                   place const& at) {
    ++counts_.acknowledged;
    auto const epoch = epoch_index(topic, at.epoch);
    topic_record& log = topics_[topic].records[epoch];
    log.raise(at.offset);
    std::string const name = "publish " + std::to_string(number) + " of " + std::to_string(client) +
                             ", acknowledged at " + settings_.topics[topic] + " offset " +
                             std::to_string(at.offset);
    auto* const p = publishers_[client].at(number);
    if (p == nullptr) {
        ++counts_.unverified;
        return;
    }
    p->said = publish_record::word::acknowledged;
    if (auto& keys = topics_[topic].keys; keys && p->nanoseconds != 0) {
        keys->told(p->key, {at.offset, p->nanoseconds, client, p->echo, p->removal});
    }
    if (p->offset != 0) {
        if (p->topic != topic || p->epoch != epoch || p->offset != at.offset) {
            report(kind::not_there, client,
                   name + ", but is at " + settings_.topics[p->topic] + " offset " +
                       std::to_string(p->offset));
        }
        return;
    }
    p->topic = topic;
    p->epoch = epoch;
    p->offset = at.offset;
    auto* const e = log.at(at.offset);
    if (e == nullptr) {
        if (log.has_unseen() || topics_[topic].keys) {  // a removal does not name its publisher
            ++counts_.unverified;
        } else {
            report(kind::not_there, client, name + ", where everybody got something else");
        }
        return;
    }
    if (e->publisher != topic_record::none) {
        report(kind::not_there, client,
               name + ", where publish " + std::to_string(e->number) + " of " +
                   std::to_string(e->publisher) + " is");
        return;
    }
    e->publisher = client;
    e->number = number;
}

void history_checker::refused(std::uint32_t client, std::uint64_t number) {
    ++counts_.refused;
    auto* const p = publishers_[client].at(number);
    if (p == nullptr) return;
    p->said = publish_record::word::refused;
    if (p->offset == 0) return;
    report(kind::refused_stored, client,
           "publish " + std::to_string(number) + " of " + std::to_string(client) +
               " is at offset " + std::to_string(p->offset) + " of " + settings_.topics[p->topic]);
}

void history_checker::unknown(std::uint32_t client, std::uint64_t number) {
    ++counts_.unknown;
    if (auto* const p = publishers_[client].at(number)) p->said = publish_record::word::unknown;
}

}  // namespace weir::bench
