#include "bench/history_checker.hpp"

#include <algorithm>
#include <iterator>

// When it is over, what is forgotten, and how a fault is told.
namespace weir::bench {

void history_checker::broken(std::uint32_t client, std::string text) {
    report(kind::protocol, client, std::move(text));
}

void history_checker::happened(std::uint32_t client, event what, std::uint64_t detail) {
    remember(client, {.is = recent::what::told, .told = what, .a = detail});
    if (what == event::resumed) ++counts_.resumed;
    if (what == event::anew) ++counts_.anew;
    if (what == event::lost) {
        ++counts_.lost_connections;
        ++counts_.endings[detail];
    }
    if (what == event::given_up) ++counts_.given_up;
}

void history_checker::head_of(std::uint32_t topic, place const& at) {
    auto const epoch = epoch_index(topic, at.epoch);
    topics_[topic].records[epoch].raise(at.offset);
}

std::vector<std::pair<std::uint32_t, place>> history_checker::heads() const {
    std::vector<std::pair<std::uint32_t, place>> all;
    for (std::uint32_t t = 0; t != topics_.size(); ++t) {
        for (auto const& r : topics_[t].records) all.push_back({t, {r.epoch(), r.head()}});
    }
    return all;
}

bool history_checker::there(std::uint32_t client, cursor const& c) const {
    if (!c.ever || c.epoch < 0) return false;
    auto const& topic = topics_[c.topic];
    if (c.promised != 0 && c.promised > topic.keys->changed_above(c.position)) return false;
    if (topic.keys && !topic.keys->missing(client, c.above, 1).empty()) return false;
    if (c.conflating || c.open) return true;
    auto const head = topic.records[static_cast<std::size_t>(c.epoch)].head();
    for (auto offset = c.passed + 1; offset <= head; ++offset) {
        if (!own_quiet(client, c, offset).value_or(false)) return false;
    }
    return true;
}

bool history_checker::caught_up(std::uint32_t client) const {
    auto const& all = cursors_[client];
    return std::all_of(all.begin(), all.end(), [&](cursor const& c) { return there(client, c); });
}

bool history_checker::caught_up() const {
    for (std::uint32_t i = 0; i != cursors_.size(); ++i) {
        if (!caught_up(i)) return false;
    }
    return true;
}

void history_checker::mark() {
    marks_.assign(topics_.size(), {});
    for (std::size_t t = 0; t != topics_.size(); ++t) {
        for (auto const& r : topics_[t].records) marks_[t].push_back(r.head());
    }
}

bool history_checker::past_mark() const {
    auto const past = [this](cursor const& c) {
        if (!c.ever || c.epoch < 0) return false;
        auto const& marks = marks_[c.topic];
        auto const epoch = static_cast<std::size_t>(c.epoch);
        return c.open || epoch >= marks.size() || c.passed >= marks[epoch];
    };
    return std::all_of(cursors_.begin(), cursors_.end(),
                       [&](auto const& all) { return std::all_of(all.begin(), all.end(), past); });
}

void history_checker::finish() {
    for (std::uint32_t i = 0; i != cursors_.size(); ++i) {
        for (std::uint32_t slot = 0; slot != cursors_[i].size(); ++slot) {
            cursor const& c = cursors_[i][slot];
            if (there(i, c)) continue;
            report_missing_keys({i, slot}, c);
            if (c.conflating && c.promised == 0) continue;
            auto const head = c.epoch < 0 ? 0 : record(c).head();
            report(kind::missing_tail, i,
                   where({i, slot}, c.passed) + ": nothing came after it, but the topic goes to " +
                       std::to_string(head));
        }
    }
    explain_holes(true);
    trim();
}

void history_checker::trim() {
    explain_holes(false);
    std::vector<std::vector<std::uint64_t>> least(topics_.size());
    for (std::size_t t = 0; t != topics_.size(); ++t) {
        for (auto const& r : topics_[t].records) least[t].push_back(r.head());
    }
    for (auto const& all : cursors_) {
        for (cursor const& c : all) {
            if (c.epoch < 0) continue;
            auto& at = least[c.topic][static_cast<std::size_t>(c.epoch)];
            if (c.passed < at) at = c.passed;
        }
    }
    for (hole const& h : pending_) {  // still to be explained by what is there
        auto& at = least[cursors_[h.at.client][h.at.slot].topic][static_cast<std::size_t>(h.epoch)];
        at = std::min(at, h.from - 1);
    }
    for (std::uint32_t t = 0; t != topics_.size(); ++t) {
        for (std::size_t e = 0; e != topics_[t].records.size(); ++e) {
            topics_[t].records[e].forget(
                least[t][e],
                [&](std::uint64_t, topic_record::entry const& it) { in_order(t, it); });
        }
    }
}

/// Entries come by here in the order of the topic.
void history_checker::in_order(std::uint32_t topic, topic_record::entry const& e) {
    if (e.publisher == topic_record::none || e.print == 0) return;
    // What was under way in a session that was lost may be executed after what came in the next.
    auto* const p = publishers_[e.publisher].at(e.number);
    if (p == nullptr || p->said != publish_record::word::acknowledged) return;
    auto& last = topics_[topic].published[e.publisher];
    if (last > e.number) {
        report(kind::publisher_order, e.publisher,
               "publish " + std::to_string(e.number) + " of " + std::to_string(e.publisher) +
                   " comes after " + std::to_string(last) + " in " + settings_.topics[topic]);
    }
    last = std::max(last, e.number);
}

std::size_t history_checker::kept() const {
    std::size_t n = 0;
    for (auto const& t : topics_) {
        for (auto const& r : t.records) n += r.kept();
    }
    return n;
}

void history_checker::remember(std::uint32_t client, recent r) {
    memory& m = memories_[client];
    r.when = ++m.events;
    if (r.is == recent::what::message) {
        m.messages[m.of_messages++ % m.messages.size()] = r;
    } else {
        m.others[m.of_others++ % m.others.size()] = r;
    }
}

void history_checker::report(kind what, std::uint32_t client, std::string text) {
    ++found_;
    ++found_of_[static_cast<std::size_t>(what)];
    if (findings_.size() == settings_.findings_max) return;
    findings_.push_back({what, std::string(to_string(what)) + ": client " + std::to_string(client) +
                                   ", " + std::move(text) + account(client)});
}

std::string history_checker::where(seat s, std::uint64_t offset) const {
    cursor const& c = cursors_[s.client][s.slot];
    std::string const epoch =
        c.epoch < 0 ? "?" : topics_[c.topic].records[static_cast<std::size_t>(c.epoch)].epoch();
    return settings_.topics[c.topic] + " epoch " + epoch + " offset " + std::to_string(offset);
}

std::string history_checker::account(std::uint32_t client) const {
    if (client >= memories_.size()) return {};
    memory const& m = memories_[client];
    std::vector<recent> all;
    for (auto const& part : {m.messages, m.others}) {
        std::copy_if(part.begin(), part.end(), std::back_inserter(all),
                     [](recent const& r) { return r.is != recent::what::nothing; });
    }
    std::sort(all.begin(), all.end(),
              [](recent const& a, recent const& b) { return a.when < b.when; });
    std::string out = "; before:";
    std::uint32_t last = 0;
    for (recent const& r : all) {
        if (last != 0 && r.when != last + 1) {
            out += " (" + std::to_string(r.when - last - 1) + " messages),";
        }
        last = r.when;
        out += told(r) + ",";
    }
    out.pop_back();
    return out;
}

std::string history_checker::told(recent const& r) const {
    auto const a = std::to_string(r.a);
    switch (r.is) {
        case recent::what::message:
            return " message " + a + " of " + topic_of(r);
        case recent::what::gap:
            return " gap " + a + "-" + std::to_string(r.b) + " of " + topic_of(r);
        case recent::what::answer:
            return " subscribed at " + a + " of " + topic_of(r);
        default:
            break;
    }
    constexpr std::array<char const*, 5> names{"opened at ", "resumed at ", "anew at ",
                                               "lost with code ", "given up at "};
    return std::string(" ") + names[static_cast<std::size_t>(r.told)] + a;
}

std::string_view to_string(history_checker::kind k) noexcept {
    using enum history_checker::kind;
    switch (k) {
        case hole:
            return "hole";
        case repeated:
            return "repeated";
        case reordered:
            return "reordered";
        case contradiction:
            return "contradiction";
        case differs:
            return "differs";
        case executed_twice:
            return "executed twice";
        case not_there:
            return "not where acknowledged";
        case refused_stored:
            return "refused but stored";
        case publisher_order:
            return "publisher's order";
        case epoch:
            return "epoch";
        case missing_tail:
            return "missing at the end";
        case protocol:
            return "protocol";
        case key_order:
            return "order of a key";
        case stale_key:
            return "newest of a key missing";
        case state:
            return "state";
        case promise:
            return "promised state";
        case verdict:
            return "resume verdict";
        case presence:
            return "presence";
    }
    return "?";
}

}  // namespace weir::bench
