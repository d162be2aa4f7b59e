#include "config/combination.hpp"

#include "config/secret_files.hpp"
#include "config/syntax.hpp"

#include <weir/base/quantity.hpp>

#include <functional>
#include <initializer_list>
#include <set>
#include <string>
#include <utility>

namespace weir::config {
namespace {

constexpr std::size_t jwt_secret_least = 32;  // RFC 7518 section 3.2: as long as the hash
constexpr std::size_t api_key_least = 16;
constexpr std::uint64_t sessions_a_shard = std::uint64_t{1} << 20;  // what a session id can name

class checker {
public:
    checker(settings const& values, provenance const& origins, fault_list& faults)
        : values_(values), origins_(origins), faults_(faults), refused_(faults.refused()) {}

    void listeners() {
        listener const& open = values_.listen.public_listener;
        listener const& inner = values_.listen.internal_listener;
        tls(open, "listen.public.tls");
        tls(inner, "listen.internal.tls");
        if (open.port != 0 && open.port == inner.port && overlap(open.address, inner.address)) {
            error({"listen.internal.port", "listen.public.port", "listen.internal.address",
                   "listen.public.address"},
                  "the internal listener has the public one's port " + std::to_string(open.port) +
                      " on an address that overlaps");
        }
        if (is_loopback(inner.address)) return;
        if (values_.api.keys.empty()) {
            warning({"listen.internal.address"},
                    "metrics and health are open to the network here, without a key");
        } else if (!inner.tls.on()) {
            warning({"listen.internal.address"},
                    "API keys cross the network in clear text; set listen.internal.tls or use "
                    "127.0.0.1");
        }
    }

    void heartbeat() {
        auto const& h = values_.heartbeat;
        std::string const interval = "interval " + format_duration(h.interval);
        std::string const min = "min " + format_duration(h.min);
        std::string const max = "max " + format_duration(h.max);
        if (h.min > h.max) {
            error({"heartbeat.min", "heartbeat.max"}, min + " is above " + max);
        } else if (h.interval < h.min) {
            error({"heartbeat.interval", "heartbeat.min"},
                  interval + " is below " + min + "; change both together");
        } else if (h.interval > h.max) {
            error({"heartbeat.interval", "heartbeat.max"},
                  interval + " is above " + max + "; change both together");
        }
        if (h.timeout > h.interval) {
            error({"heartbeat.timeout", "heartbeat.interval"},
                  "timeout " + format_duration(h.timeout) + " is above " + interval +
                      ": the next ping would be sent before the last one has timed out");
        }
    }

    void limits() {
        auto const& l = values_.limits;
        if (l.backlog.bytes < l.message_bytes) {
            error({"limits.backlog.bytes", "limits.message_bytes"},
                  "bytes " + format_bytes(l.backlog.bytes) +
                      " cannot hold one message of message_bytes " + format_bytes(l.message_bytes));
        }
        if (l.outbox_bytes < l.message_bytes) {
            error({"limits.outbox_bytes", "limits.message_bytes"},
                  "outbox_bytes " + format_bytes(l.outbox_bytes) +
                      " cannot hold one message of message_bytes " + format_bytes(l.message_bytes));
        }
    }

    void sessions() {
        auto const& s = values_.session;
        std::uint64_t const places = values_.shards * sessions_a_shard;
        if (values_.shards != 0 && values_.limits.connections + s.detached.total > places) {
            error({"limits.connections", "session.detached.total", "shards"},
                  "connections " + std::to_string(values_.limits.connections) +
                      " and session.detached.total " + std::to_string(s.detached.total) +
                      " are more than the " + std::to_string(places) + " sessions that shards " +
                      std::to_string(values_.shards) + " can hold");
        }
        if (s.resume_window.count() == 0) return;
        if (values_.limits.outbox_bytes > s.replay.bytes) {
            error({"limits.outbox_bytes", "session.replay.bytes"},
                  "outbox_bytes " + format_bytes(values_.limits.outbox_bytes) +
                      " is above session.replay.bytes " + format_bytes(s.replay.bytes) +
                      ": what was sent at once could not all be sent again after a resume");
        }
        if (values_.dedupe_window < s.resume_window) {
            warning({"dedupe_window", "session.resume_window"},
                    "dedupe_window " + format_duration(values_.dedupe_window) +
                        " is below session.resume_window " + format_duration(s.resume_window) +
                        ": a publish that a client sends again after a late resume may be "
                        "stored twice");
        }
    }

    void tokens() {
        auto const& jwt = values_.auth.jwt;
        std::string const& key = jwt.key.value;
        if (key.starts_with("-----BEGIN")) {
            error({"auth.jwt.secret_file", "auth.jwt.secret"},
                  "is a PEM key or certificate; HS256 needs a secret of random bytes");
        } else if (!key.empty() && key.size() < jwt_secret_least) {
            error({"auth.jwt.secret_file", "auth.jwt.secret"},
                  "has " + count_bytes(key.size()) +
                      "; HS256 needs at least 32, or it can be guessed. Make one with: openssl "
                      "rand -base64 32");
        }
        if (!jwt.key.given() && !values_.auth.anonymous) {
            warning({"auth.anonymous", "auth.jwt.secret", "auth.jwt.secret_file"},
                    "nobody can connect: set auth.jwt.secret for clients with tokens, or "
                    "auth.anonymous for clients without");
        }
    }

    void rules() {
        auto const& all = values_.topics;
        if (all.empty()) warning({"topics"}, "without a rule every topic is refused");
        for (std::size_t i = 0; i < all.size(); ++i) {
            std::string const place = "topics[" + std::to_string(i) + ']';
            if (all[i].match.empty()) continue;
            owner(all[i], place);
            keeping(all[i], place);
            for (std::size_t k = 0; k < i; ++k) {
                if (!covers(all[k].match, all[i].match)) continue;
                warning({place + ".match"}, "is never reached: topics[" + std::to_string(k) +
                                                "] (" + all[k].match +
                                                ") comes first and matches all of it");
                break;
            }
        }
    }

    void keys() {
        auto const& all = values_.api.keys;
        for (std::size_t i = 0; i < all.size(); ++i) {
            std::string const place = "api.keys[" + std::to_string(i) + ']';
            std::string const& value = all[i].key.value;
            if (!all[i].key.given()) {
                error({place + ".key", place + ".key_file", place},
                      "is empty; give key or key_file");
            } else if (!value.empty() && value.size() < api_key_least) {
                error({place + ".key_file", place + ".key"},
                      "has " + count_bytes(value.size()) +
                          "; an API key needs at least 16, or it can be guessed. Make one with: "
                          "openssl rand -base64 32");
            }
            for (std::size_t k = 0; k < i; ++k) {
                std::string const first = "api.keys[" + std::to_string(k) + ']';
                if (!all[i].name.empty() && all[k].name == all[i].name) {
                    error({place + ".name"}, "is already the name of " + first);
                }
                if (!value.empty() && all[k].key.value == value) {
                    error({place + ".key_file", place + ".key"},
                          "is the same key as that of " + first);
                }
            }
        }
    }

    void development() {
        for (auto const& [path, address] :
             {std::pair{"listen.public.address", values_.listen.public_listener.address},
              std::pair{"listen.internal.address", values_.listen.internal_listener.address}}) {
            if (is_loopback(address)) continue;
            error({path}, address +
                              " is beyond loopback, where development mode does not listen: "
                              "anonymous clients may do everything; give a file with -c");
        }
    }

private:
    using paths = std::initializer_list<std::string_view>;

    static std::string count_bytes(std::size_t n) {
        return std::to_string(n) + (n == 1 ? " byte" : " bytes");
    }

    void tls(listener const& on, std::string const& path) {
        if (on.tls.certificate.empty() == on.tls.key.empty()) return;
        bool const no_key = on.tls.key.empty();
        error(
            {path + (no_key ? ".certificate" : ".key")},
            no_key ? "is set without " + path + ".key" : "is set without " + path + ".certificate");
    }

    void owner(topic_rule const& rule, std::string const& place) {
        if (has_user_segment(rule.match)) return;
        for (auto const& [who, name] :
             {std::pair{rule.subscribe, ".subscribe"}, std::pair{rule.publish, ".publish"}}) {
            if (!who.owner) continue;
            error({place + name},
                  "owner needs a {user} segment in match to say whose topic it is, and " +
                      rule.match + " has none");
        }
    }

    /// What a rule keeps, and how it is delivered.
    void keeping(topic_rule const& rule, std::string const& place) {
        bool const state = rule.state.kind != state_kind::none;
        if (rule.rate != 0 && !state && rule.slow != slow_kind::conflate) {
            error({place + ".rate", place + ".state.kind", place + ".state", place + ".slow"},
                  "needs state or slow: conflate, so that a newer message may replace an older one "
                  "of the same key");
        }
        if (rule.state.kind != state_kind::keyed && origins_.contains(place + ".state.keys")) {
            error({place + ".state.keys", place + ".state.kind"},
                  std::string("belongs to kind: keyed; ") +
                      (state ? "kind: last keeps one message" : "this topic has no state"));
        }
        if (rule.history.messages == 0) return;
        auto const& l = values_.limits;
        if (rule.history.bytes > l.history_bytes) {
            error({place + ".history.bytes", "limits.history_bytes"},
                  "one topic's " + format_bytes(rule.history.bytes) +
                      " are more than limits.history_bytes " + format_bytes(l.history_bytes) +
                      " has for all topics");
        } else if (rule.history.bytes < l.message_bytes) {
            warning({place + ".history.bytes", "limits.message_bytes"},
                    "bytes " + format_bytes(rule.history.bytes) +
                        " cannot hold one message of limits.message_bytes " +
                        format_bytes(l.message_bytes) + ": such a message is not kept");
        }
        if (rule.slow != slow_kind::disconnect) {
            warning({place + ".slow"},
                    "has no effect with history: slow subscribers are fed from the history");
        }
    }

    /// A wildcard address takes the port on every address; SO_REUSEPORT would hide the clash.
    static bool overlap(std::string const& a, std::string const& b) {
        auto const every = [](std::string const& s) { return s == "0.0.0.0" || s == "::"; };
        return a == b || every(a) || every(b);
    }

    /// Points at the first of the paths that somebody set, else at the first. Silent when a value
    /// on one of them was refused: then it is not what was meant that contradicts.
    void report(severity weight, paths of, std::string message) {
        std::string_view path = *of.begin();
        for (std::string_view const p : of) {
            if (refused_.contains(p)) return;
        }
        for (std::string_view const p : of) {
            if (!origins_.contains(p)) continue;
            path = p;
            break;
        }
        faults_.add(weight, origin_of(origins_, path), std::string(path), std::move(message));
    }
    void error(paths of, std::string message) { report(severity::error, of, std::move(message)); }
    void warning(paths of, std::string message) {
        report(severity::warning, of, std::move(message));
    }

    settings const& values_;
    provenance const& origins_;
    fault_list& faults_;
    std::set<std::string, std::less<>> refused_;  // before any combination was looked at
};

}  // namespace

void check_combinations(settings const& values, provenance const& origins, fault_list& faults) {
    checker check(values, origins, faults);
    check.listeners();
    check.heartbeat();
    check.limits();
    check.sessions();
    check.tokens();
    check.rules();
    check.keys();
}

void check_development(settings const& values, provenance const& origins, fault_list& faults) {
    checker(values, origins, faults).development();
}

}  // namespace weir::config
