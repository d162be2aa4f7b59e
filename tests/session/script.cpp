#include "session/script.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace weir {
namespace {

constexpr directory_limits roomy{.connections = 1000,
                                 .connections_per_ip = 1000,
                                 .connections_per_user = 3,
                                 .handshakes_per_ip_per_second = 0,
                                 .messages_per_second_per_user = 0};

std::vector<topic_rule> rules() {
    return {{"open.**", {right::anyone}, {right::anyone}},
            {"members.**", {right::authenticated}, {right::authenticated}},
            {"inbox.{user}", {right::owner}, {right::nobody}},
            {"news.**", {right::anyone}, {right::nobody}},
            {"**", {right::nobody}, {right::nobody}}};
}

}  // namespace

void fake_port::send(std::string_view body, bool numbered) {
    EXPECT_FALSE(closed) << body;
    if (body.find(R"("type":"welcome")") != std::string_view::npos) {
        EXPECT_FALSE(numbered);
        last_welcome = body;
        log.emplace_back("welcome");
    } else {
        log.push_back((numbered ? "send " : "express ") + std::string(body));
    }
}

void fake_port::subscribe(std::string_view topic) {
    EXPECT_FALSE(closed);
    EXPECT_FALSE(subscribed(topic)) << topic;
    topics.emplace(topic, position{epoch_id{7}, 41});
    log.push_back("subscribe " + std::string(topic));
    if (answered == nullptr) return;
    if (!answer) topics.erase(topics.find(topic));
    answered->on_joined(topic, answer);
}

void fake_port::unsubscribe(std::string_view topic) {
    EXPECT_FALSE(closed);
    EXPECT_TRUE(subscribed(topic)) << topic;
    topics.erase(topics.find(topic));
    log.push_back("unsubscribe " + std::string(topic));
}

bool fake_port::subscribed(std::string_view topic) const {
    return topics.contains(topic);
}

std::optional<position> fake_port::position_of(std::string_view topic) const {
    return topics.find(topic)->second;
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
    EXPECT_FALSE(closed);
    EXPECT_LE(text.size(), 123U);
    closed = true;
    log.push_back("close " + std::to_string(describe(why).code) + ' ' + std::string(text));
}

result<auth::identity> fake_verifier::verify(std::string_view token, wall_ms) const {
    auto const found = tokens.find(token);
    if (found != tokens.end()) return found->second;
    return fault{errc::unauthorized, "the token's signature is wrong"};
}

script::script(bool anonymous) : people(roomy), rules_(rules()) {
    settings.anonymous = anonymous;
    at.mono = mono_time(seconds(1000));
    at.wall = 1'700'000'000'000;
    env.settings = &settings;
    env.rules = &rules_;
    env.verifier = &tokens;
    env.people = &people;
    env.words = words_.get();
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
    session_ = std::make_unique<session>(env, port, std::move(c), at);
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
    session& s = connect();
    says(hello);
    EXPECT_TRUE(s.is_open());
    return s;
}

actions script::says(std::string_view text) {
    session_->on_traffic(at);
    auto const decoded = words_->decode(text);
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
    return std::exchange(port.log, {});
}

actions script::joins(std::string_view topic, result<position> const& at_position) {
    if (!at_position) port.topics.erase(port.topics.find(topic));
    session_->on_joined(topic, at_position);
    return did();
}

actions script::published(std::size_t which, result<position> const& at_position) {
    session_->on_published(port.publishes.at(which).ticket, at_position);
    return did();
}

void script::sends_numbered(std::size_t n) {
    for (std::size_t i = 0; i != n; ++i) {
        ASSERT_EQ(session_->frames().push(make_frame("", "x", true)), enqueued::queued);
        session_->frames().commit(1);
    }
}

}  // namespace weir
