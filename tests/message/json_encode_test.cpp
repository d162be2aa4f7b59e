#include "kit/decode_one.hpp"
#include "message/encoding.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>

namespace weir {
namespace {

using nlohmann::json;

TEST_F(json_encode, message_with_everything_in_the_order_of_the_contract) {
    message m;
    m.topic = "chat.42";
    m.event = "chat_message";
    m.payload = R"({ "text" : 1e400 })";
    m.key = "k";
    m.from = "alice";
    m.at = {epoch_, 18446744073709551615U};
    m.time = 1700000000123;
    EXPECT_EQ(
        event(m),
        R"({"type":"message","topic":"chat.42","event":"chat_message","offset":18446744073709551615,)"
        R"("key":"k","from":"alice","time":1700000000123,"payload":{ "text" : 1e400 }})");
}

TEST_F(json_encode, message_leaves_out_what_is_not_there) {
    message m;
    m.topic = "a";
    m.payload = "null";
    EXPECT_EQ(event(m), R"({"type":"message","topic":"a","payload":null})");
}

TEST_F(json_encode, a_payload_keeps_its_bytes) {
    message m;
    m.topic = "a";
    m.payload = "{\n\t\"b\" : 1.0,\r\n \"a\":[ ] }";
    EXPECT_EQ(event(m), "{\"type\":\"message\",\"topic\":\"a\",\"payload\":" + m.payload + "}");
}

TEST_F(json_encode, message_escapes_its_strings) {
    message m;
    m.topic = "a";
    m.payload = "1";
    m.event = "\"\\/\b\f\n\r\t\x01\x1F\x7F";
    m.key = std::string("\0é漢😀", 10);
    m.from = "\xFF oops \xE2\x82";
    std::string const out = event(m);
    EXPECT_NE(out.find(R"("event":"\"\\/\b\f\n\r\t\u0001\u001f)"), std::string::npos) << out;
    json const read = json::parse(out);
    EXPECT_EQ(read["event"], m.event);
    EXPECT_EQ(read["key"], m.key);
    EXPECT_EQ(read["from"], "\xEF\xBF\xBD oops \xEF\xBF\xBD");
}

TEST_F(json_encode, welcome_with_everything) {
    welcome w;
    w.session = id128::random();
    w.secret = id128::random();
    w.user = "ali\"ce";
    w.resumed = true;
    w.reason = "expired";
    w.mode = heartbeat_mode::message;
    w.heartbeat_interval = milliseconds(30000);
    w.heartbeat_timeout = milliseconds(10000);
    w.message_bytes = 65536;
    w.messages_per_second = 100;
    w.subscriptions = 128;
    w.replay_messages = 1024;
    w.resume_window = milliseconds(120000);
    w.dedupe_window = milliseconds(300000);
    w.time = 1700000000123;
    json const expected = {
        {"type", "welcome"},
        {"payload",
         {{"session", w.session.text()},
          {"secret", w.secret.text()},
          {"user", "ali\"ce"},
          {"resumed", true},
          {"reason", "expired"},
          {"heartbeat", {{"mode", "message"}, {"interval_ms", 30000}, {"timeout_ms", 10000}}},
          {"limits",
           {{"message_bytes", 65536},
            {"messages_per_second", 100},
            {"subscriptions", 128},
            {"replay_messages", 1024}}},
          {"resume_window_ms", 120000},
          {"dedupe_window_ms", 300000},
          {"time", 1700000000123}}}};
    EXPECT_EQ(json::parse(event(w)), expected);
}

TEST_F(json_encode, welcome_for_nobody) {
    json const read = json::parse(event(welcome{}));
    EXPECT_TRUE(read["payload"]["user"].is_null());
    EXPECT_FALSE(read["payload"].contains("reason"));
    EXPECT_EQ(read["payload"]["resumed"], false);
    EXPECT_EQ(read["payload"]["heartbeat"]["mode"], "frame");
}

TEST_F(json_encode, goaway) {
    EXPECT_EQ(
        event(goaway{"draining", milliseconds(1234), milliseconds(30000)}),
        R"({"type":"goaway","payload":{"reason":"draining","reconnect_after_ms":1234,"deadline_ms":30000}})");
}

TEST_F(json_encode, ok) {
    auto const ok = [&](request_id id, std::string_view payload) {
        return encode([&](std::string& out) { dialect_->encode_ok(out, id, payload); });
    };
    EXPECT_EQ(ok("7", ""), R"({"type":"ok","id":"7"})");
    EXPECT_EQ(ok(request_id::of(7), "{}"), R"({"type":"ok","id":7,"payload":{}})");
    EXPECT_EQ(ok(request_id::of_negative(-7), ""), R"({"type":"ok","id":-7})");
    EXPECT_EQ(ok("a\"\n", "[1]"), R"({"type":"ok","id":"a\"\n","payload":[1]})");
    EXPECT_EQ(ok("", ""), R"({"type":"ok","id":""})");
    EXPECT_EQ(ok({}, ""), R"({"type":"ok"})");
}

TEST_F(json_encode, error) {
    auto const error = [&](request_id id, fault const& f) {
        return encode([&](std::string& out) { dialect_->encode_error(out, id, f); });
    };
    EXPECT_EQ(error({}, {errc::bad_request, "no \"good\""}),
              R"({"type":"error","payload":{"code":"bad_request","message":"no \"good\""}})");
    EXPECT_EQ(
        error(request_id::of(7), {errc::unavailable, "m", milliseconds(2500), outcome::unknown}),
        R"({"type":"error","id":7,"payload":{"code":"unavailable","message":"m","retry_after_ms":2500,"outcome":"unknown"}})");
    EXPECT_EQ(
        error("x", {errc::conflict, "m", milliseconds(0), outcome::not_stored}),
        R"({"type":"error","id":"x","payload":{"code":"conflict","message":"m","outcome":"not_stored"}})");
}

TEST_F(json_encode, unsubscribed) {
    EXPECT_EQ(
        encode([&](std::string& out) {
            dialect_->encode_unsubscribed(out, "chat.42", {errc::forbidden, "revoked"});
        }),
        R"({"type":"unsubscribed","topic":"chat.42","payload":{"code":"forbidden","message":"revoked"}})");
}

TEST_F(json_encode, ping_and_pong) {
    EXPECT_EQ(encode([&](std::string& out) { dialect_->encode_ping(out); }), R"({"type":"ping"})");
    EXPECT_EQ(encode([&](std::string& out) { dialect_->encode_pong(out, {}); }),
              R"({"type":"pong"})");
    EXPECT_EQ(encode([&](std::string& out) { dialect_->encode_pong(out, "p"); }),
              R"({"type":"pong","id":"p"})");
}

TEST_F(json_encode, payload_of_an_answer_to_publish) {
    std::string const where = "{\"epoch\":\"" + epoch_text_ + "\",\"offset\":5}";
    auto const published = [&](std::optional<position> const& at) {
        return encode([&](std::string& out) { dialect_->published_payload(out, at); });
    };
    EXPECT_EQ(published(std::nullopt), "{}");
    EXPECT_EQ(published(position{epoch_, 5}), "{\"position\":" + where + "}");
}

TEST_F(json_encode, what_a_client_published_arrives_as_it_was) {
    std::string const text =
        R"({"type":"publish","topic":"a","event":"\ud83d\ude00","key":"\"\\","payload":{"n":0.10,"s":"\u00e9"}})";
    auto const read = decode_one(*dialect_, text);
    auto const& c = std::get<command>(read);
    message m;
    m.topic = c.topic;
    m.event = c.event;
    m.key = c.key;
    m.payload = c.payload;
    EXPECT_EQ(event(m),
              "{\"type\":\"message\",\"topic\":\"a\",\"event\":\"\xF0\x9F\x98\x80\","
              R"("key":"\"\\","payload":{"n":0.10,"s":"\u00e9"}})");
}

}  // namespace
}  // namespace weir
