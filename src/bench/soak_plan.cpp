#include "bench/soak_plan.hpp"

#include <weir/auth/identity.hpp>

#include <algorithm>
#include <array>

namespace weir::bench {
namespace {

constexpr std::size_t replay_messages = 256;
constexpr std::uint32_t keys_of_topic = 6;
constexpr char const* secret = "a-secret-of-benchmarks-on-loopback";

/// A log outlasts every absence, and not by much: a daemon that is broken for an hour must not look
/// as if it leaked.
std::string kept_for(soak_options const& o) {
    return std::to_string(static_cast<int>(std::max(60.0, 4 * o.resume_window_seconds))) + "s";
}

}  // namespace

std::vector<std::string> soak_parts() {
    return {"keys", "state", "rate", "echo", "volatile", "presence", "again", "reload", "rewind"};
}

soak_plan::soak_plan(soak_options const& o, std::uint64_t seed) : options_(o), chance_(seed) {
    add_topics(kind::lasting, "soak.long.", 8);
    add_topics(kind::brief, "soak.short.", 4);
    add_topics(kind::live, "soak.live.", 4);
    if (has("keys")) {
        add_topics(kind::ticker, "soak.ticker.", 2);
        add_topics(kind::board, "soak.board.", 2);
        add_topics(kind::last, "soak.last.", 2);
        add_topics(kind::cursor, "soak.cursor.", 2);
        add_topics(kind::deep, "soak.deep.", 2);
    }
    plan_seats();
    if (!has("presence")) return;
    for (std::size_t i = 0; i != o.sessions; ++i) {
        auto const user = "user" + std::to_string(i);
        tokens_.push_back(
            auth::issue_token(secret, {.user = user, .now = read_clocks().wall}).value());
    }
}

bool soak_plan::has(char const* part) const {
    if (!options_.continuity) return false;
    auto const& with = options_.with;
    return with.empty() || std::find(with.begin(), with.end(), part) != with.end();
}

void soak_plan::add_topics(kind k, char const* prefix, std::uint32_t count) {
    for (std::uint32_t t = 0; t != count; ++t) {
        topics_.push_back(prefix + std::to_string(t));
        kinds_.push_back(k);
    }
}

/// Two topics with a long log, and one of each other kind.
void soak_plan::plan_seats() {
    auto const any_of = [this](kind k) {
        auto const first = std::find(kinds_.begin(), kinds_.end(), k);
        auto const count = std::count(kinds_.begin(), kinds_.end(), k);
        return static_cast<std::uint32_t>(first - kinds_.begin()) +
               static_cast<std::uint32_t>(chance_.below(static_cast<std::uint64_t>(count)));
    };
    for (std::size_t i = 0; i != options_.sessions; ++i) {
        auto& seats = seats_.emplace_back();
        seats.push_back(any_of(kind::lasting));
        auto const other = any_of(kind::lasting);
        if (other != seats.front()) seats.push_back(other);
        seats.push_back(any_of(kind::brief));
        seats.push_back(any_of(kind::live));
        if (!has("keys")) continue;
        for (auto const k : {kind::ticker, kind::board, kind::last, kind::cursor, kind::deep}) {
            seats.push_back(any_of(k));
        }
    }
}

bool soak_plan::keeps_state(kind k) const {
    return has("state") && (k == kind::ticker || k == kind::board || k == kind::last);
}

bool soak_plan::may_be_paced(kind k) const {
    return has("rate") &&
           (keeps_state(k) || k == kind::ticker || k == kind::cursor || k == kind::deep);
}

std::string soak_plan::configuration(std::size_t version) const {
    soak_options const& o = options_;
    bool const c = o.continuity;
    std::string yaml = "shards: " + std::to_string(o.shards) +
                       "\nauth: {anonymous: true, jwt: {secret: \"" + secret + "\"}}\n";
    auto const topics = [&](std::string const& match, std::string const& more) {
        yaml += "  - {match: \"" + match + "\", subscribe: anyone, publish: anyone" +
                (c ? more : "") + "}\n";
    };
    auto const by_version = [&](auto... values) {
        std::array const all{values...};
        return std::to_string(all[version % all.size()]);
    };
    std::string const keyed =
        has("state") ? ", state: {kind: keyed, keys: " + std::to_string(keys_of_topic) + "}" : "";
    std::string const age = ", age: " + kept_for(o) + "}";
    std::string const presence = has("presence") ? ", presence: true" : "";
    std::string const rate = has("rate") ? ", rate: " + by_version(3, 1, 20) + "/s" : std::string();
    yaml += "topics:\n";
    topics("soak.long.*", ", history: {messages: 20000, bytes: 16MiB" + age + presence);
    topics("soak.short.*",
           ", history: {messages: " + by_version(50, 80, 30) + ", bytes: 1MiB" + age);
    topics("soak.live.*", ", slow: drop_oldest");
    topics("soak.ticker.*", keyed + ", slow: conflate" + rate);
    topics("soak.board.*", keyed + ", history: {messages: 500, bytes: 1MiB" + age);
    topics("soak.last.*", std::string(has("state") ? ", state: last" : "") + ", slow: drop_oldest");
    topics("soak.cursor.*", ", slow: conflate");
    topics("soak.deep.*", ", slow: conflate, history: {messages: 20000, bytes: 16MiB" + age);
    if (c) {
        yaml += "session: {resume_window: " +
                std::to_string(static_cast<int>(o.resume_window_seconds * 1000)) +
                "ms, replay: {messages: " + std::to_string(replay_messages) +
                ", bytes: 256KiB},\n"
                "          detached: {per_ip: 10000, per_user: 10000, total: 100000}}\n";
    }
    return yaml +
           "heartbeat: {interval: 2s, timeout: 2s, min: 1s, max: 60s}\n"
           "limits: {messages_per_second: 100000, messages_per_second_per_user: 1000000,\n"
           "         handshakes_per_second: 100000, handshakes_per_ip_per_second: 10000,\n"
           "         connections_per_ip: 10000, message_bytes: 16KiB, outbox_bytes: 64KiB}\n"
           "log: {level: warn}\n";
}

std::string soak_plan::options_of(std::uint32_t topic) {
    auto const k = kinds_[topic];
    std::string members;
    if (keeps_state(k)) members += R"(,"state":true)";
    if (may_be_paced(k) && chance_.below(2) == 0) {
        std::array constexpr rates{"0.5", "2", "10"};
        members += R"(,"rate":)" + std::string(rates[chance_.below(rates.size())]);
    }
    if (k == kind::lasting && has("presence") && chance_.below(2) == 0) {
        members += R"(,"presence":true)";
    }
    return members;
}

fleet::settings soak_plan::settings(std::uint16_t port) {
    soak_options const& o = options_;
    fleet::settings s{.port = port,
                      .block = 1,
                      .topics = topics_,
                      .seats = seats_,
                      .publishers = std::min(o.publishers, o.sessions),
                      .published = {},
                      .rate = o.rate,
                      .payload_bytes = o.bytes,
                      .epochs_change = !o.continuity,
                      .seed = chance_.roll()};
    for (std::uint32_t t = 0; t != topics_.size(); ++t) {
        auto const k = kinds_[t];
        bool const keyed =
            k == kind::ticker || k == kind::board || k == kind::cursor || k == kind::deep;
        // A key has to change several times while a slow subscription waits for its turn.
        s.published.insert(s.published.end(), keyed ? 3 : 1, t);
        s.traits.push_back({.keys = keyed ? keys_of_topic : 0,
                            .state = keeps_state(k),
                            .presence = k == kind::lasting && has("presence")});
    }
    for (auto const& seats : seats_) {
        auto& options = s.options.emplace_back();
        for (auto const topic : seats) options.push_back(options_of(topic));
    }
    s.tokens = tokens_;
    s.echo_off = has("echo") ? 0.1 : 0;
    s.is_volatile = has("volatile") ? 0.1 : 0;
    s.removals = has("state") ? 0.05 : 0;
    s.rewind = has("rewind");
    if (o.continuity) {
        s.resume_window = milliseconds(static_cast<std::int64_t>(o.resume_window_seconds * 1000));
    }
    return s;
}

}  // namespace weir::bench
