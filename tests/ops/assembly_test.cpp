#include <weir/config/load.hpp>
#include <weir/ops/assembly.hpp>

#include <gtest/gtest.h>

namespace weir::ops {
namespace {

config::settings from(std::string const& yaml) {
    auto loaded = config::load_text("test.yaml", yaml, {});
    for (auto const& f : loaded.faults) ADD_FAILURE() << f.text();
    return loaded.values;
}

TEST(assembly_test, every_limit_of_the_file_reaches_its_place) {
    auto const s = from(R"(
auth: {anonymous: true}
heartbeat: {interval: 21s, timeout: 7s, min: 5s, max: 90s}
session: {hello_timeout: 3s, idle_timeout: 4m, max_lifetime: 5h, resume_window: 6m,
          replay: {messages: 24, bytes: 25KiB}, detached: {per_ip: 26, per_user: 27, total: 28}}
limits: {connections: 11, connections_per_ip: 12, connections_per_user: 13, handshakes_per_second: 14,
         handshakes_per_ip_per_second: 15,
         http_requests_per_ip_per_second: 150, messages_per_second: 16, messages_per_second_per_user: 17,
         message_bytes: 18KiB, outbox_bytes: 19KiB, subscriptions: 20, topics: 21, errors: 22,
         history_bytes: 29MiB, backlog: {messages: 4321, bytes: 2MiB}, memory: 1GiB}
compression: {enabled: false, min_bytes: 23}
dedupe_window: 30m
shards: 3
topics: [{match: "a.{user}", subscribe: [owner, authenticated], publish: nobody}]
)");
    auto const made = make_live_settings(s);
    ASSERT_TRUE(made.has_value());
    live_settings const& live = **made;
    EXPECT_TRUE(live.session.anonymous);
    EXPECT_EQ(live.session.heartbeat.interval, seconds(21));
    EXPECT_EQ(live.session.heartbeat.timeout, seconds(7));
    EXPECT_EQ(live.session.heartbeat.min, seconds(5));
    EXPECT_EQ(live.session.heartbeat.max, seconds(90));
    EXPECT_EQ(live.session.hello_timeout, seconds(3));
    EXPECT_EQ(live.session.idle_timeout, seconds(240));
    EXPECT_EQ(live.session.max_lifetime, seconds(18'000));
    EXPECT_EQ(live.session.resume_window, seconds(360));
    EXPECT_EQ(live.session.dedupe_window, seconds(1800));
    EXPECT_EQ(live.session.ring.replay_frames, 24U);
    EXPECT_EQ(live.session.ring.replay_bytes, 25U * 1024);
    EXPECT_EQ(live.detached.per_ip, 26U);
    EXPECT_EQ(live.detached.per_user, 27U);
    EXPECT_EQ(live.detached.total, 28U);
    EXPECT_EQ(live.session.messages_per_second, 16U);
    EXPECT_EQ(live.session.message_bytes, 18U * 1024);
    EXPECT_EQ(live.session.ring.outbox_bytes, 19U * 1024);
    EXPECT_EQ(live.session.subscriptions_max, 20U);
    EXPECT_EQ(live.session.errors_per_minute, 22U);
    EXPECT_EQ(live.directory.connections, 11U);
    EXPECT_EQ(live.directory.connections_per_ip, 12U);
    EXPECT_EQ(live.directory.connections_per_user, 13U);
    EXPECT_EQ(live.directory.handshakes_per_ip_per_second, 15);
    EXPECT_EQ(live.directory.http_requests_per_ip_per_second, 150);
    EXPECT_EQ(live.directory.messages_per_second_per_user, 17);
    EXPECT_EQ(live.handshakes_per_second, 14);
    EXPECT_EQ(live.memory_limit, std::size_t{1} << 30);
    EXPECT_FALSE(live.compression);
    EXPECT_EQ(live.compression_min_bytes, 23U);
    EXPECT_EQ(live.verifier, nullptr);
    EXPECT_EQ(live.tls, nullptr);
    EXPECT_TRUE(live.rules.allow(topic_action::subscribe, "a.ann", "bob").has_value());
    EXPECT_FALSE(live.rules.allow(topic_action::publish, "a.ann", "ann").has_value());
    EXPECT_FALSE(live.rules.allow(topic_action::subscribe, "b", "ann").has_value());

    auto const fixed = make_shard_settings(s);
    EXPECT_EQ(fixed.shards, 3U);
    EXPECT_EQ(fixed.topics_max, 21U);
    EXPECT_EQ(fixed.history_bytes_max, std::size_t{29} << 20);
    EXPECT_EQ(fixed.backlog_messages_max, 4321U);
    EXPECT_EQ(fixed.backlog_bytes_max, std::size_t{2} << 20);
    EXPECT_EQ(fixed.dedupe_window, seconds(1800));
}

TEST(assembly_test, a_machine_gets_as_many_shards_as_there_can_be) {
    EXPECT_EQ(shards_for(0), 1U);
    EXPECT_EQ(shards_for(256), 256U);
    EXPECT_EQ(shards_for(257), 256U);
    EXPECT_EQ(shards_for(4096), 256U);
}

TEST(assembly_test, what_a_rule_keeps_reaches_its_topics) {
    auto const made = make_live_settings(from(R"(
auth: {anonymous: true}
topics:
  - {match: log, history: {messages: 31, bytes: 32MiB, age: 33h}, presence: true}
  - {match: some, history: {messages: 34}}
  - {match: last, state: last, slow: drop_oldest}
  - {match: keyed, state: {kind: keyed, keys: 35}, slow: conflate, rate: 0.5/s}
  - {match: plain}
)"));
    ASSERT_TRUE(made.has_value());
    rule_set const& rules = (*made)->rules;
    topic_policy wanted;
    wanted.history = {.messages = 31, .bytes = std::uint64_t{32} << 20, .age = seconds(33 * 3600)};
    wanted.presence = true;
    EXPECT_EQ(rules.policy_of("log"), wanted);

    wanted = {};
    wanted.history = {.messages = 34, .bytes = std::uint64_t{1} << 20, .age = seconds(24 * 3600)};
    EXPECT_EQ(rules.policy_of("some"), wanted);

    wanted = {};
    wanted.state = state_kind::last;
    wanted.slow = slow_policy::drop_oldest;
    EXPECT_EQ(rules.policy_of("last"), wanted);

    wanted = {};
    wanted.state = state_kind::keyed;
    wanted.state_keys = 35;
    wanted.slow = slow_policy::conflate;
    wanted.rate = 0.5;
    EXPECT_EQ(rules.policy_of("keyed"), wanted);
    EXPECT_EQ(rules.policy_of("plain"), topic_policy{});
}

TEST(assembly_test, nothing_is_kept_for_a_replay_where_nothing_is_resumed) {
    auto const made = make_live_settings(from(R"(
auth: {anonymous: true}
session: {resume_window: 0s}
)"));
    ASSERT_TRUE(made.has_value());
    EXPECT_EQ((*made)->session.resume_window, seconds(0));
    EXPECT_EQ((*made)->session.ring.replay_frames, 0U);
    EXPECT_EQ((*made)->session.ring.replay_bytes, 0U);
}

TEST(assembly_test, a_certificate_that_is_not_there_is_named) {
    auto s = from("auth: {anonymous: true}\n");
    s.listen.public_listener.tls = {"/nowhere/chain.pem", "/nowhere/key.pem"};
    auto const made = make_live_settings(s);
    ASSERT_FALSE(made.has_value());
    EXPECT_NE(made.error().message.find("/nowhere/chain.pem"), std::string::npos);
}

}  // namespace
}  // namespace weir::ops
