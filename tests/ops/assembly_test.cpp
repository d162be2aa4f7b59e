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
session: {hello_timeout: 3s, idle_timeout: 4m, max_lifetime: 5h}
limits: {connections: 11, connections_per_ip: 12, connections_per_user: 13, handshakes_per_second: 14,
         handshakes_per_ip_per_second: 15, messages_per_second: 16, messages_per_second_per_user: 17,
         message_bytes: 18KiB, outbox_bytes: 19KiB, subscriptions: 20, topics: 21, errors: 22}
compression: {enabled: false, min_bytes: 23}
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
    EXPECT_EQ(live.session.messages_per_second, 16U);
    EXPECT_EQ(live.session.message_bytes, 18U * 1024);
    EXPECT_EQ(live.session.ring.outbox_bytes, 19U * 1024);
    EXPECT_EQ(live.session.subscriptions_max, 20U);
    EXPECT_EQ(live.session.errors_per_minute, 22U);
    EXPECT_EQ(live.people.connections, 11U);
    EXPECT_EQ(live.people.connections_per_ip, 12U);
    EXPECT_EQ(live.people.connections_per_user, 13U);
    EXPECT_EQ(live.people.handshakes_per_ip_per_second, 15);
    EXPECT_EQ(live.people.messages_per_second_per_user, 17);
    EXPECT_EQ(live.handshakes_per_second, 14);
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
