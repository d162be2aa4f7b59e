#include "session/script.hpp"

#include "kit/decode_one.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace weir {
namespace {

constexpr directory_limits roomy{.connections = 1000,
                                 .connections_per_ip = 1000,
                                 .connections_per_user = 3,
                                 .handshakes_per_ip_per_second = 0,
                                 .messages_per_second_per_user = 0};

}  // namespace

topic_rule rule(std::string match, right subscribe, right publish, topic_policy policy) {
    return {std::move(match), {subscribe}, {publish}, policy};
}

std::vector<topic_rule> script::usual_rules() {
    topic_policy all;
    all.history.messages = 100;
    all.state = state_kind::keyed;
    all.presence = true;
    topic_policy newest;
    newest.slow = slow_policy::conflate;
    return {rule("open.**", right::anyone, right::anyone),
            rule("members.**", right::authenticated, right::authenticated),
            rule("inbox.{user}", right::owner, right::nobody),
            rule("news.**", right::anyone, right::nobody),
            rule("log.**", right::anyone, right::anyone, all),
            rule("ticks.**", right::anyone, right::nobody, newest),
            rule("**", right::nobody, right::nobody)};
}

void fake_port::send(std::string_view body, bool numbered) {
    EXPECT_FALSE(numbered ? over : closed) << body;
    if (body.find(R"("type":"welcome")") != std::string_view::npos) {
        EXPECT_FALSE(numbered);
        last_welcome = body;
        log.emplace_back("welcome");
    } else {
        log.push_back((numbered ? "send " : "express ") + std::string(body));
    }
    if (talk == nullptr) return;
    if (talk->frames().push(make_frame("", std::string(body), numbered)) == enqueued::queued)
        return;
    log.emplace_back("overflow");
    if (!away) return talk->close(close_reason::slow_consumer);
    talk->ruin(resume_result::overflow);
}

namespace {

std::string told(subscribe_options const& o) {
    std::string text;
    if (o.since) text += " since " + std::to_string(o.since->offset);
    if (o.last != 0) text += " last " + std::to_string(o.last);
    if (o.state) text += " state";
    if (o.presence) text += " presence";
    if (o.rate > 0) text += " rate";
    if (o.by_server) text += " by server";
    return text;
}

std::string told(log_query::what kind) {
    return kind == log_query::what::after    ? "after"
           : kind == log_query::what::before ? "before"
                                             : "state";
}

}  // namespace

void fake_port::subscribe(std::string_view topic, subscribe_options const& with) {
    EXPECT_FALSE(over);
    EXPECT_FALSE(subscribed(topic)) << topic;
    asked_since = with.since;
    joined.emplace(topic, joined_topic{position{epoch_id{7}, 41}, with.by_server});
    log.push_back("subscribe " + std::string(topic) + told(with));
    if (answered == nullptr) return;
    if (!answer) joined.erase(joined.find(topic));
    answered->on_joined(topic, as_answer(answer));
}

join_answer fake_port::change(std::string_view topic, subscribe_options const& with) {
    EXPECT_FALSE(closed);
    EXPECT_TRUE(subscribed(topic)) << topic;
    log.push_back("change " + std::string(topic) + told(with));
    return {.at = joined.find(topic)->second.at};
}

std::vector<session_port::topic_name> fake_port::topics() const {
    std::vector<topic_name> all;
    for (auto const& [name, t] : joined) all.push_back({name, t.by_server});
    return all;
}

void fake_port::read(log_query q, publish_ticket ticket) {
    EXPECT_FALSE(closed);
    log.push_back("read " + told(q.kind) + ' ' + q.topic);
    reads.push_back({std::move(q), ticket});
    if (answered == nullptr) return;
    if (answer) return answered->on_read(ticket, log_page{*answer, {}, {}, false}, at);
    answered->on_read(ticket, answer.error(), at);
}

void fake_port::members(std::string_view topic, std::uint32_t, publish_ticket ticket) {
    EXPECT_FALSE(closed);
    log.push_back("members " + std::string(topic));
    log_query q;
    q.topic = topic;
    reads.push_back({std::move(q), ticket, true});
    if (answered == nullptr) return;
    if (answer) return answered->on_members(ticket, presence_page{}, at);
    answered->on_members(ticket, answer.error(), at);
}

std::optional<resume_result> fake_port::resume(command::resume_request const& what) {
    EXPECT_FALSE(closed);
    log.push_back("resume " + std::string(what.session));
    return on_resume(what);
}

void fake_port::unsubscribe(std::string_view topic) {
    EXPECT_FALSE(over);
    EXPECT_TRUE(subscribed(topic)) << topic;
    joined.erase(joined.find(topic));
    log.push_back("unsubscribe " + std::string(topic));
}

bool fake_port::subscribed(std::string_view topic) const {
    return joined.contains(topic);
}

void fake_port::publish(publication p, publish_ticket ticket) {
    EXPECT_FALSE(closed);
    EXPECT_EQ(ticket >> 32, 0U);
    log.push_back("publish " + p.topic);
    publishes.push_back({std::move(p), ticket});
    if (answered != nullptr) answered->on_published(ticket, answer);
}

void fake_port::ping_frame() {
    EXPECT_FALSE(closed);
    log.emplace_back("ping frame");
}

void fake_port::close(close_reason why, std::string_view text) {
    EXPECT_FALSE(over);
    EXPECT_LE(text.size(), 123U);
    closed = true;
    over = talk == nullptr || !talk->is_alive();
    // What a client does not read cannot be kept for it.
    if (talk != nullptr && why == close_reason::slow_consumer) {
        talk->frames().clear();
        talk->ruin(resume_result::overflow);
    }
    log.push_back("close " + std::to_string(describe(why).code) + ' ' + std::string(text));
}

result<auth::identity> fake_verifier::verify(std::string_view token, wall_ms) const {
    auto const found = tokens.find(token);
    if (found != tokens.end()) return found->second;
    return fault{errc::unauthorized, "the token's signature is wrong"};
}

script::script(bool anonymous) : directory(roomy), rules_(usual_rules()) {
    settings.anonymous = anonymous;
    at.mono = mono_time(seconds(1000));
    at.wall = 1'700'000'000'000;
    env.settings = &settings;
    env.rules = &rules_;
    env.verifier = &tokens;
    env.directory = &directory;
    env.dialects[native_json] = dialect_.get();
    env.authority = &rule_authority_;
    env.counts = &counts;
    tokens.tokens.emplace("ann", who("ann"));
    tokens.tokens.emplace("ben", who("ben"));
    auth::identity again = who("ann");
    again.token_id = "another";
    tokens.tokens.emplace("ann-again", again);
    tokens.tokens.emplace("short", who("ann", at.wall + 60'000));
    tokens.tokens.emplace("late", who("ann", at.wall - 10'000));
    tokens.tokens.emplace("old", fault{errc::token_expired, "the token has expired"});
}

auth::identity script::who(std::string user, wall_ms expires_at) {
    auth::identity i;
    i.user = std::move(user);
    i.expires_at = expires_at;
    i.accepted_until = expires_at == 0 ? 0 : expires_at + 30'000;
    return i;
}

session& script::connect(session::credential c) {
    drop();
    session_ = std::make_unique<weir::session>(env, port, session_id::random(), std::move(c), at);
    port.talk = session_.get();
    handled.clear();
    port.away = false;
    session_->start(at);
    return *session_;
}

session& script::connect_as(std::string_view token) {
    auto verified = tokens.verify(token, at.wall);
    session::credential c;
    if (verified) {
        c.identity = *std::move(verified);
    } else {
        c.refused = verified.error();
    }
    return connect(std::move(c));
}

session& script::open(std::string_view hello) {
    weir::session& s = connect();
    says(hello);
    EXPECT_TRUE(s.is_open());
    return s;
}

actions script::says(std::string_view text) {
    EXPECT_FALSE(port.away);
    session_->on_traffic(at);
    port.at = at;
    auto const decoded = decode_one(session_->dialect(), text);
    if (auto const* c = std::get_if<command>(&decoded)) {
        session_->on_command(*c, at);
    } else {
        session_->on_fault(std::get<command_fault>(decoded), at);
    }
    return did();
}

actions script::passes(milliseconds d) {
    mono_time const end = at.mono + d;
    while (session_->deadline() <= end) {
        milliseconds const step = std::chrono::ceil<milliseconds>(
            std::max(session_->deadline() - at.mono, nanoseconds(0)));
        at.mono += step;
        at.wall += step.count();
        mono_time const told = session_->deadline();
        session_->on_tick(at);
        if (session_->deadline() <= told) {
            ADD_FAILURE() << "a tick that does not move the deadline would spin";
            break;
        }
    }
    at.wall += std::chrono::ceil<milliseconds>(end - at.mono).count();
    at.mono = end;
    return did();
}

actions script::did() {
    if (reads && !port.closed) read_all();
    return std::exchange(port.log, {});
}

void script::drop() {
    port.talk = nullptr;
    session_.reset();
}

/// A client counts what it handles: its count is the ring's.
void script::read_all() {
    if (!session_) return;
    ring& r = session_->frames();
    std::vector<frame const*> waiting(r.outbox_frames());
    waiting.resize(r.peek(waiting));
    for (frame const* const f : waiting) {
        if (f->numbered()) handled.emplace_back(f->body());
    }
    r.commit(waiting.size());
    EXPECT_EQ(handled.size(), r.sent());
}

bool script::detaches() {
    bool const lives = session_->detach(at);
    port.away = true;
    port.closed = true;
    port.over = !lives;
    return lives;
}

std::string script::hello_again(std::uint64_t received, std::string_view more) const {
    auto const w = nlohmann::json::parse(port.last_welcome).at("payload");
    return R"({"type":"hello","payload":{"resume":{"session":")" +
           w.at("session").get<std::string>() + R"(","secret":")" +
           w.at("secret").get<std::string>() + R"(","received":)" + std::to_string(received) + '}' +
           std::string(more) + "}}";
}

actions script::joins(std::string_view topic, result<position> const& at_position) {
    if (!at_position) port.joined.erase(port.joined.find(topic));
    session_->on_joined(topic, as_answer(at_position));
    return did();
}

actions script::published(std::size_t which, result<position> const& at_position) {
    session_->on_published(port.publishes.at(which).ticket, at_position);
    return did();
}

actions script::resumes(std::string_view hello, std::string_view token) {
    auto const decoded = decode_one(session_->dialect(), hello);
    auto const& c = std::get<command>(decoded);
    session::credential credential;
    if (!token.empty()) credential.identity = *tokens.verify(token, at.wall);
    fake_port door;
    weir::session guest(env, door, session_id::random(), credential, at);
    std::optional<session::login> login;
    auto verdict = resume_result::unknown;
    door.on_resume = [&](command::resume_request const& what) -> std::optional<resume_result> {
        verdict = session_->may_resume(what, guest.user(), guest.speaks());
        if (verdict != resume_result::resumed) return verdict;
        login = guest.hand_over();
        return std::nullopt;
    };
    guest.on_command(c, at);
    if (login && !session_->find_place(*login, at)) {
        fake_port again;  // sent back to where it came from
        credential.identity = *login->identity;
        weir::session refused(env, again, session_id::random(), std::move(credential), at);
        refused.refuse_resume(resume_result::lost);
        refused.on_command(c, at);
        return again.log;
    }
    if (!login) {
        if (!guest.is_open()) return door.log;
        EXPECT_NE(door.last_welcome.find(R"("resumed":false)"), std::string::npos);
        EXPECT_NE(door.last_welcome.find('"' + std::string(to_string(verdict)) + '"'),
                  std::string::npos);
        return {"refused " + std::string(to_string(verdict))};
    }
    EXPECT_EQ(door.log, actions{"resume " + session_->id().text()});
    EXPECT_EQ(guest.deadline(), never);
    port.closed = port.away = false;
    handled.resize(std::min(handled.size(), static_cast<std::size_t>(c.resume->received)));
    session_->frames().rewind(c.resume->received);
    session_->resume(c, std::move(*login), at);
    return did();
}

void script::sends_numbered(std::size_t n) {
    for (std::size_t i = 0; i != n; ++i) {
        ASSERT_EQ(session_->frames().push(make_frame("", "x", true)), enqueued::queued);
    }
    read_all();
}

}  // namespace weir
