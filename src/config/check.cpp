#include "config/value.hpp"

#include <weir/base/assert.hpp>
#include <weir/base/observer.hpp>
#include <weir/base/quantity.hpp>
#include <weir/config/check.hpp>
#include <weir/config/suggest.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace weir::config {
namespace {

/// "97.6 GiB": for reading, not for writing into a file.
std::string about_bytes(std::uint64_t n) {
    constexpr std::string_view units[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB"};
    std::size_t unit = 0;
    std::uint64_t tenths = n * 10;
    while (tenths >= 10240 && unit + 1 < std::size(units)) {
        tenths /= 1024;
        ++unit;
    }
    std::string out = std::to_string(tenths / 10);
    if (unit > 0) out += '.' + std::to_string(tenths % 10);
    return out + ' ' + std::string(units[unit]);
}

std::string count(std::uint64_t n, std::string_view one, std::string_view many) {
    return std::to_string(n) + ' ' + std::string(n == 1 ? one : many);
}

std::string or_never(milliseconds d, std::string_view instead) {
    return d.count() == 0 ? std::string(instead) : format_duration(d);
}

std::string history_of(topic_rule const& rule) {
    history_settings const& h = rule.history;
    if (h.messages == 0) {
        return rule.state.kind != state_kind::none
                   ? "none"
                   : "none. Clients that connect later do not get earlier messages";
    }
    std::string out = "the newest " + count(h.messages, "message", "messages") +
                      " of each topic, at most " + format_bytes(h.bytes);
    if (h.age.count() > 0) out += " and " + format_duration(h.age) + " old";
    return out;
}

std::string slow_subscribers_of(topic_rule const& rule) {
    if (rule.history.messages != 0) return "fed from the history";
    if (rule.slow == slow_kind::disconnect) return "disconnected (4104)";
    if (rule.slow == slow_kind::drop_oldest) return "lose the oldest messages, with a gap";
    return "get the newest message of each key";
}

/// Lines about what a rule keeps and how it is delivered.
std::vector<std::string> describe_keeping(topic_rule const& rule) {
    std::vector<std::string> out{"history: " + history_of(rule)};
    if (rule.state.kind == state_kind::last) out.push_back("state: the newest message");
    if (rule.state.kind == state_kind::keyed) {
        out.push_back("state: the newest message of each key, at most " +
                      count(rule.state.keys, "key", "keys"));
    }
    out.push_back("slow subscribers: " + slow_subscribers_of(rule));
    if (rule.rate != 0) {
        out.push_back("rate: at most " + write_number(option_kind::rate, rule.rate) +
                      " per subscriber and key");
    }
    if (rule.presence) out.push_back("presence: subscribers can see who else is subscribed");
    return out;
}

class explanation {
public:
    explanation(loaded const& from, machine const& on, daemon_facts const& facts)
        : values_(from.values),
          faults_(from.faults),
          development_(from.development),
          on_(on),
          facts_(facts) {}

    std::string text() {
        if (development_) {
            heading("Development mode: no configuration file");
            line("this machine only; nobody has to log in; everyone may use every topic");
        }
        listeners();
        clients();
        topics();
        api();
        limits();
        memory();
        times();
        warnings();
        return std::move(out_);
    }

private:
    void heading(std::string_view text) {
        if (!out_.empty()) out_ += '\n';
        out_ += std::string(text) + '\n';
    }
    void line(std::string const& text) { out_ += "  " + text + '\n'; }
    void line(std::string_view name, std::string const& text) {
        std::string lead(name);
        lead.resize(std::max<std::size_t>(lead.size() + 2, 14), ' ');
        line(lead + text);
    }

    void listeners() {
        heading("Listeners");
        line("public", where(values_.listen.public_listener));
        line("internal", where(values_.listen.internal_listener));
        std::string const own = on_.cores == 0 ? "" : " (" + std::to_string(on_.cores) + " here)";
        line("shards", values_.shards == 0 ? "one per core" + own : std::to_string(values_.shards));
    }

    static std::string where(listener const& l) {
        bool const six = l.address.find(':') != std::string::npos;
        std::string out = l.tls.on() ? "https://" : "http://";
        out += six ? '[' + l.address + ']' : l.address;
        out += l.port == 0 ? ", any free port" : ':' + std::to_string(l.port);
        if (l.address == "0.0.0.0" || l.address == "::") {
            out += ", on every network of this machine";
        } else if (is_loopback(l.address)) {
            out += ", this machine only";
        }
        return out + (l.tls.on() ? ", TLS" : ", no TLS");
    }

    void clients() {
        auto const& auth = values_.auth;
        heading("Who can connect");
        if (auth.jwt.key.given()) {
            std::string token = "clients with a token signed with HS256; the user is its claim " +
                                auth.jwt.user_claim;
            if (!auth.jwt.issuer.empty()) token += "; iss must be " + auth.jwt.issuer;
            if (!auth.jwt.audience.empty()) token += "; aud must be " + auth.jwt.audience;
            line(token);
        }
        if (auth.anonymous) line("clients without a token; they have no user");
        if (!auth.jwt.key.given() && !auth.anonymous) {
            line("nobody: there is no auth.jwt.secret, and auth.anonymous is false");
            return;
        }
        std::vector<std::string_view> pages;
        for (std::string const& o : values_.origins) {
            pages.push_back(o == "same" ? std::string_view("the daemon's own host") : o);
        }
        line(pages.empty() ? "from no web page: origins is empty"
                           : "from web pages of " + join(pages));
        line("and from programs other than browsers, which send no Origin");
    }

    std::string words(access const& who) const {
        std::vector<std::string_view> out;
        if (who.anyone) {
            out.push_back(values_.auth.anonymous ? "everyone" : "everyone with a token");
        } else if (who.authenticated) {
            out.push_back("everyone with a token");
        } else if (who.owner) {
            out.push_back("the user whose id is {user}");
        }
        return out.empty() ? std::string("nobody") : join(out);
    }

    void topics() {
        heading("Topics: the first rule that matches counts");
        std::size_t number = 0;
        bool rest = true;
        for (topic_rule const& rule : values_.topics) {
            line(std::to_string(++number) + ". " + rule.match);
            line("   subscribe: " + words(rule.subscribe));
            line("   publish: " + words(rule.publish));
            for (std::string const& text : describe_keeping(rule)) line("   " + text);
            rest = rest && rule.match != "**";
        }
        if (rest) line(number == 0 ? "every topic: refused" : "every other topic: refused");
        line("$user.ID and $session.ID: each client's own, written by the server API only");
    }

    void api() {
        heading("Server API");
        if (values_.api.keys.empty()) line("off: api.keys is empty");
        for (api_key const& key : values_.api.keys) {
            std::vector<std::string_view> const scopes(key.scopes.begin(), key.scopes.end());
            line("key " + key.name + ": " + join(scopes));
        }
    }

    void limits() {
        auto const& l = values_.limits;
        heading("Limits");
        line("connections", std::to_string(l.connections) + "; " +
                                std::to_string(l.connections_per_ip) + " from one address, " +
                                std::to_string(l.connections_per_user) + " of one user");
        std::uint64_t const fill =
            (l.connections + l.handshakes_per_second - 1) / l.handshakes_per_second;
        line("handshakes", std::to_string(l.handshakes_per_second) + "/s, " +
                               std::to_string(l.handshakes_per_ip_per_second) +
                               "/s from one address; after a restart all clients are back in " +
                               count(fill, "second", "seconds"));
        line("messages", std::to_string(l.messages_per_second) + "/s per connection (burst " +
                             std::to_string(2 * l.messages_per_second) + "), " +
                             std::to_string(l.messages_per_second_per_user) +
                             "/s per user, each at most " + format_bytes(l.message_bytes));
        line("topics", std::to_string(l.topics) + "; " + std::to_string(l.subscriptions) +
                           " subscriptions per session");
        line("errors", count(l.errors, "malformed message", "malformed messages") +
                           " a minute, then the connection is closed with 4000");
        line("compression", values_.compression.enabled
                                ? "from " + format_bytes(values_.compression.min_bytes)
                                : std::string("off"));
    }

    void memory() {
        auto const& l = values_.limits;
        heading("What that may take");
        budget();
        std::uint64_t const history = bounded(l.history_bytes, limit_bytes() / 2);
        line("history", "logs and states of all topics: at most " + about_or_exact(history) +
                            (history < l.history_bytes ? ", half of the memory" : ""));
        sessions();
        std::uint64_t const needed = l.connections + facts_.descriptors_aside;
        if (on_.descriptors > 0) {
            line("descriptors",
                 std::to_string(needed) +
                     " for all connections; this process may "
                     "open " +
                     std::to_string(on_.descriptors) +
                     (on_.descriptors < needed ? ": raise it (ulimit -n, LimitNOFILE)" : ""));
        }
    }

    /// limits.memory in bytes; 0: a percentage of what is not known.
    std::uint64_t limit_bytes() const {
        std::uint64_t const m = values_.limits.memory;
        return m > 100 ? m : on_.memory_bytes / 100 * m;
    }
    static std::uint64_t bounded(std::uint64_t n, std::uint64_t bound) {
        return bound == 0 ? n : std::min(n, bound);
    }
    static std::string about_or_exact(std::uint64_t n) {
        std::string const exact = format_bytes(n);
        return exact.ends_with("iB") ? exact : about_bytes(n);
    }

    /// What is done as memory fills up.
    void budget() {
        std::uint64_t const m = values_.limits.memory;
        std::string said = "limits.memory is " + write_number(option_kind::share, m);
        if (m <= 100 && on_.memory_bytes > 0) {
            said +=
                " of the " + about_bytes(on_.memory_bytes) + " here: " + about_bytes(limit_bytes());
        }
        line("memory", said);
        if (m > 100 && on_.memory_bytes > 0 && m > on_.memory_bytes) {
            line("", "that is more than the " + about_bytes(on_.memory_bytes) +
                         " here: the system may kill the daemon before it acts");
        }
        constexpr std::string_view what[] = {
            "tails and caches shrink", "the oldest detached sessions end",
            "handshakes are refused with 503", "connections that hold the most are closed (4104)",
            "publishes are refused (unavailable)"};
        static_assert(std::size(what) == memory_step_count);
        for (std::size_t i = 0; i != memory_step_count; ++i) {
            line("",
                 "from " + std::to_string(memory_step_begins[i]) + "%: " + std::string(what[i]));
        }
    }

    /// How many sessions fit if each keeps as much as it may.
    void sessions() {
        auto const& l = values_.limits;
        std::uint64_t const memory = limit_bytes();
        if (memory == 0) return;
        line("outboxes", "clients that stop reading wait with up to " +
                             format_bytes(l.outbox_bytes) + " each: " +
                             count(bounded(memory / l.outbox_bytes, l.connections), "full one fits",
                                   "full ones fit"));
        auto const& s = values_.session;
        if (s.resume_window.count() == 0) return;
        std::uint64_t const all = l.connections + s.detached.total;
        line("replay",
             "sessions keep up to " + format_bytes(s.replay.bytes) +
                 " until the client says what it has received: " +
                 count(bounded(memory / s.replay.bytes, all), "full one fits", "full ones fit"));
    }

    void times() {
        auto const& h = values_.heartbeat;
        auto const& s = values_.session;
        heading("Times");
        line("heartbeat", "a ping every " + format_duration(h.interval) +
                              "; a dead connection is closed within " +
                              format_duration(h.interval + h.timeout) +
                              "; clients may ask for intervals of " + format_duration(h.min) +
                              " to " + format_duration(h.max));
        line("session", "first message within " + format_duration(s.hello_timeout) +
                            "; may be idle " + or_never(s.idle_timeout, "without limit") +
                            " and last " + or_never(s.max_lifetime, "without limit"));
        line("resume", s.resume_window.count() == 0
                           ? std::string("off: a session ends with its connection")
                           : "a session is kept for " + format_duration(s.resume_window) +
                                 " after its connection; a repeated publish is recognized for " +
                                 format_duration(values_.dedupe_window));
        line("drain",
             "all clients are disconnected within " + format_duration(values_.drain.timeout));
        storm();
    }

    /// If a drain has less time than the handshake limit needs, clients are refused at first.
    void storm() {
        auto const& l = values_.limits;
        auto const spread = static_cast<std::uint64_t>(facts_.drain_spread.count());
        if (spread == 0) return;
        std::uint64_t const rate = (l.connections * 1000 + spread - 1) / spread;
        if (rate <= l.handshakes_per_second) return;
        // What half of the limit takes back, in the four fifths of the time that a drain uses.
        std::uint64_t const enough =
            (l.connections * 5 + 2 * l.handshakes_per_second - 1) / (2 * l.handshakes_per_second);
        line("", std::to_string(l.connections) + " clients would leave over " +
                     format_duration(facts_.drain_spread) + ", " + std::to_string(rate) +
                     " per second, and limits.handshakes_per_second accepts only " +
                     std::to_string(l.handshakes_per_second) +
                     ": the others are told to try later; a drain.timeout of " +
                     format_duration(seconds(static_cast<std::int64_t>(enough))) +
                     " or more avoids that");
    }

    void warnings() {
        if (faults_.empty()) return;
        heading("Warnings");
        for (config_fault const& f : faults_) line(f.text());
    }

    settings const& values_;
    std::vector<config_fault> const& faults_;
    bool development_;
    machine on_;
    daemon_facts facts_;
    std::string out_;
};

}  // namespace

std::string explain(loaded const& from, machine const& on, daemon_facts const& facts) {
    WEIR_ASSERT(from.ok());
    return explanation(from, on, facts).text();
}

}  // namespace weir::config
