#pragma once

#include "shard/server_fixture.hpp"

#include <weir/message/json_text.hpp>

#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

namespace weir {

/// A server that keeps what continuity needs, and clients that count as the contract says.
/// Topics: log.** has a history of 1000, short.** one of 10, keyed.** a state by key, seen.**
/// presence, drop.** drops its oldest, newest.** conflates, paced.** at ten a second; others have
/// nothing.
class continuity_fixture : public server_fixture {
public:
    static std::shared_ptr<live_settings> keeping(std::size_t outbox_bytes = 1 << 20,
                                                  bool presence = true) {
        auto live = everything_allowed();
        live->session.ring.outbox_bytes = outbox_bytes;
        live->session.ring.replay_frames = 1024;
        live->session.ring.replay_bytes = 2 << 20;
        auto const rule = [](std::string match, topic_policy p) {
            return topic_rule{std::move(match), {right::anyone}, {right::anyone}, p};
        };
        topic_policy history;
        history.history = {1000, 8 << 20, milliseconds(600'000)};
        topic_policy brief;
        brief.history = {10, 8 << 20, milliseconds(600'000)};
        topic_policy keyed;
        keyed.state = state_kind::keyed;
        topic_policy seen;
        seen.presence = presence;
        topic_policy drop;
        drop.slow = slow_policy::drop_oldest;
        topic_policy newest;
        newest.slow = slow_policy::conflate;
        topic_policy paced = newest;
        paced.rate = 10;
        live->rules =
            rule_set({rule("log.**", history), rule("short.**", brief), rule("keyed.**", keyed),
                      rule("seen.**", seen), rule("drop.**", drop), rule("newest.**", newest),
                      rule("paced.**", paced), rule("**", {})});
        return live;
    }

    /// A client with a session: counts what it hears.
    struct member {
        std::unique_ptr<ws_client> link;
        std::string session, secret, token;
        std::uint64_t count = 0;  ///< numbered messages heard
    };

    static std::string field(std::string const& text, std::string const& name) {
        auto const at = text.find('"' + name + "\":");
        if (at == std::string::npos) return {};
        auto from = at + name.size() + 3;
        if (text[from] == '"') {
            ++from;
            return text.substr(from, text.find('"', from) - from);
        }
        return text.substr(from, text.find_first_of(",}]", from) - from);
    }
    static std::uint64_t number(std::string const& text, std::string const& name) {
        return std::stoull(field(text, name));
    }
    static bool is_numbered(std::string const& text) {
        for (auto const* const type : {"welcome", "ping", "pong", "goaway"}) {
            if (text.starts_with(std::string(R"({"type":")") + type + '"')) return false;
        }
        return true;
    }

    /// The next message, counted.
    static asio::awaitable<std::string> hear_any(member& m) {
        auto text = co_await hear(*m.link, "{");
        if (is_numbered(text)) ++m.count;
        co_return text;
    }
    /// The next one that starts so; those before it are counted too.
    static asio::awaitable<std::string> hear_of(member& m, std::string start) {
        for (;;) {
            auto text = co_await hear_any(m);
            if (text.starts_with(start)) co_return text;
        }
    }
    static asio::awaitable<void> tell(member& m, std::string text) {
        co_await say(*m.link, std::move(text));
    }

    /// What verifies the tokens of those with a name.
    static std::shared_ptr<auth::verifier const> names() {
        return auth::make_jwt_verifier(
            {.secret = std::string(32, 's'), .issuer = {}, .audience = {}});
    }
    static std::string token_of(std::string user) {
        return auth::issue_token(std::string(32, 's'), {.user = std::move(user),
                                                        .now = read_clocks().wall,
                                                        .issuer = {},
                                                        .audience = {}})
            .value();
    }
    /// Nobody, or a user; the live settings must have names() then.
    asio::awaitable<member> join(std::string user = {}) {
        member m;
        m.link = co_await client();
        if (!user.empty()) m.token = token_of(std::move(user));
        co_await say(*m.link, m.token.empty()
                                  ? R"({"type":"hello"})"
                                  : R"({"type":"hello","payload":{"token":")" + m.token + "\"}}");
        auto const welcome = co_await hear(*m.link, R"({"type":"welcome")");
        m.session = field(welcome, "session");
        m.secret = field(welcome, "secret");
        co_return m;
    }
    static std::string resume_text(member const& m, std::uint64_t received) {
        auto const token = m.token.empty() ? "" : R"("token":")" + m.token + "\",";
        return R"({"type":"hello","payload":{)" + token + R"("resume":{"session":")" + m.session +
               R"(","secret":")" + m.secret + R"(","received":)" + std::to_string(received) + "}}}";
    }
    /// A new connection of that session; answers the welcome. On whichever shard it lands.
    asio::awaitable<std::string> come_back(member& m) {
        m.link = co_await client();
        co_await say(*m.link, resume_text(m, m.count));
        co_return co_await hear(*m.link, R"({"type":"welcome")");
    }
    /// Until the server has seen that so many sessions are without a connection.
    asio::awaitable<void> detached(std::uint64_t wanted) {
        return counted(wanted, [](observer const& o) { return o.sessions_detached.read(); });
    }
    /// Until the server has replaced that many messages by newer ones of their keys.
    asio::awaitable<void> conflated(std::uint64_t wanted) {
        return counted(
            wanted, [](observer const& o) { return at(o.dropped, drop_reason::conflated).read(); });
    }
    /// Until what all shards have counted is that many.
    asio::awaitable<void> counted(std::uint64_t wanted, std::uint64_t (*read)(observer const&)) {
        asio::steady_timer look(control);
        for (auto const end = patience(); std::chrono::steady_clock::now() < end;) {
            std::uint64_t n = 0;
            for (auto const* o : server->observers()) n += read(*o);
            if (n == wanted) co_return;
            look.expires_after(milliseconds(1));
            co_await look.async_wait(asio::use_awaitable);
        }
        throw std::runtime_error("the server never counted that many");
    }
    /// Subscribes; answers the ok.
    static asio::awaitable<std::string> subscribe(member& m, std::string topic,
                                                  std::string more = {}) {
        co_await tell(m, R"({"type":"subscribe","id":"s","topic":")" + topic + '"' + more + "}");
        co_return co_await hear_of(m, R"({"type":"ok","id":"s")");
    }
};

}  // namespace weir
