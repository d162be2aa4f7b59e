#include "message/decoding.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace weir {
namespace {

using testing::IsEmpty;
using testing::Optional;

std::string long_text(std::size_t bytes) {
    return std::string(bytes, 'x');
}

TEST_F(json_decode, every_type_by_its_name) {
    struct row {
        std::string_view text;
        command_type type;
    };
    for (row const& r : std::vector<row>{
             {R"({"type":"hello"})", command_type::hello},
             {R"({"type":"auth","token":"t"})", command_type::auth},
             {R"({"type":"subscribe","topic":"a"})", command_type::subscribe},
             {R"({"type":"unsubscribe","topic":"a"})", command_type::unsubscribe},
             {R"({"type":"publish","topic":"a","payload":1})", command_type::publish},
             {R"({"type":"sync"})", command_type::sync},
             {R"({"type":"history","topic":"a"})", command_type::history},
             {R"({"type":"presence","topic":"a"})", command_type::presence},
             {R"({"type":"call","method":"m"})", command_type::call},
             {R"({"type":"received","count":0})", command_type::received},
             {R"({"type":"ping"})", command_type::ping},
             {R"({"type":"pong"})", command_type::pong},
             {R"({"type":""})", command_type::unknown},
             {R"({"type":"Ping"})", command_type::unknown},
             {R"({"type":"unknown"})", command_type::unknown},
             {R"({"type":"invalid"})", command_type::unknown},
             {R"({"type":"ping\u0000"})", command_type::unknown},
         }) {
        command const& c = read(r.text);
        EXPECT_EQ(c.type, r.type) << r.text;
        EXPECT_TRUE(c.id.empty()) << r.text;
    }
}

TEST_F(json_decode, an_unknown_type_keeps_its_name_and_id_and_nothing_else_is_checked) {
    command const& c =
        read(R"({"type":"shrug","id":"9","topic":5,"echo":null,"count":"x","since":[]})");
    EXPECT_EQ(c.type, command_type::unknown);
    EXPECT_EQ(c.type_name, "shrug");
    EXPECT_EQ(json_id(c.id), "\"9\"");
}

TEST_F(json_decode, publish_with_everything) {
    command const& c = read(
        R"({"type":"publish","id":"7","topic":"chat.42","event":"chat_message","payload":{"text":"hello"},)"
        R"("key":"k","dedupe":"d-1","volatile":true,"echo":false})");
    EXPECT_EQ(c.type, command_type::publish);
    EXPECT_EQ(c.type_name, "publish");
    EXPECT_EQ(json_id(c.id), "\"7\"");
    EXPECT_EQ(c.topic, "chat.42");
    EXPECT_EQ(c.event, "chat_message");
    EXPECT_EQ(c.payload, R"({"text":"hello"})");
    EXPECT_EQ(c.key, "k");
    EXPECT_EQ(c.dedupe, "d-1");
    EXPECT_TRUE(c.is_volatile);
    EXPECT_FALSE(c.echo);
}

TEST_F(json_decode, publish_with_the_least) {
    command const& c = read(R"({"topic":"a","payload":null,"type":"publish"})");
    EXPECT_EQ(c.payload, "null");
    EXPECT_THAT(c.event, IsEmpty());
    EXPECT_THAT(c.key, IsEmpty());
    EXPECT_THAT(c.dedupe, IsEmpty());
    EXPECT_FALSE(c.is_volatile);
    EXPECT_TRUE(c.echo);
}

TEST_F(json_decode, a_payload_is_its_own_bytes_without_the_space_around_it) {
    for (std::string_view const payload :
         {"1e400", "-0", "0.10", "123456789012345678901234567890", "\"\\u0041\\/\"", "{}",
          "{ \"b\" : 1,\r\n\t\"a\":2, \"a\":3 }", "[1, 2]", "\"\"", "true",
          "\"\xF0\x9F\x98\x80\""}) {
        std::string const text = "{\"type\":\"publish\",\"payload\" : \n " + std::string(payload) +
                                 " \t,\"topic\":\"a\"}";
        EXPECT_EQ(read(text).payload, payload);
    }
}

TEST_F(json_decode, escapes_mean_what_they_say_in_keys_and_values) {
    command const& c = read(
        R"({"\u0074yp\u0065":"p\u0075blish","top\u0069c":"chat\u002e42","\u0065vent":"\ud83d\ude00\"\\\/\n",)"
        R"("k\u0065y":"\u0000\u00e9\u20ac","payload":"\u0041","id":"\u0037","echo":false})");
    EXPECT_EQ(c.type, command_type::publish);
    EXPECT_EQ(c.type_name, "publish");
    EXPECT_EQ(c.topic, "chat.42");
    EXPECT_EQ(c.event, "\xF0\x9F\x98\x80\"\\/\n");
    EXPECT_EQ(c.key, std::string_view("\0\xC3\xA9\xE2\x82\xAC", 6));
    EXPECT_EQ(c.payload, R"("\u0041")");
    EXPECT_EQ(c.id, request_id("7"));
    EXPECT_FALSE(c.echo);
}

TEST_F(json_decode, ids) {
    for (std::string_view const id : {"\"\"", "\"7\"", "0", "-1", "18446744073709551615",
                                      "-9223372036854775808", "\"\xC3\xA9\""}) {
        std::string const text = "{\"type\":\"ping\",\"id\":" + std::string(id) + "}";
        EXPECT_EQ(json_id(read(text).id), id);
    }
    std::string const longest = '"' + long_text(64) + '"';
    EXPECT_EQ(read("{\"type\":\"ping\",\"id\":" + longest + "}").id, request_id(long_text(64)));
    std::string escaped = "\"";
    for (int i = 0; i != 64; ++i) escaped += "\\u0041";
    escaped += '"';
    EXPECT_EQ(read("{\"type\":\"ping\",\"id\":" + escaped + "}").id,
              request_id(std::string(64, 'A')))
        << "what counts is what the string means";

    for (std::string const& id :
         {std::string("1.0"), std::string("1e3"), std::string("null"), std::string("true"),
          std::string("[1]"), std::string("{}"), '"' + long_text(65) + '"',
          std::string("18446744073709551616"), std::string("-9223372036854775809")}) {
        command_fault const& f = refuse("{\"type\":\"ping\",\"id\":" + id + "}");
        EXPECT_EQ(
            f.message,
            "field `id` must be a string of at most 64 bytes or an integer of 64 bits at byte "
            "20");
        EXPECT_TRUE(f.id.empty());
    }
}

TEST_F(json_decode, what_is_no_json_is_refused_at_its_byte) {
    expect_refused({
        {"", "unexpected end of text at byte 0"},
        {"hello", "expected a JSON object at byte 0"},
        {"[]", "expected a JSON object at byte 0"},
        {R"({"type":"ping"} x)", "text after the end of the value at byte 16"},
        {R"({"type":"ping")", "unexpected end of text at byte 14"},
        {R"({"type":'ping'})", "expected a value at byte 8"},
        {R"({"type":"ping",})", "expected a key in quotes at byte 15"},
        {"{\"type\":\"ping\",\"x\":\"\xFF\"}", "invalid UTF-8 at byte 20"},
        {R"({"type":"publish","topic":"a","payload":{"a":tru}})", "invalid literal at byte 48"},
    });
}

TEST_F(json_decode, depth_counts_the_envelope) {
    auto const with_depth = [](std::size_t n) {
        return R"({"type":"publish","topic":"a","payload":)" + std::string(n, '[') +
               std::string(n, ']') + "}";
    };
    EXPECT_EQ(read(with_depth(63)).payload.size(), 126U);
    EXPECT_EQ(refuse(with_depth(64)).message, "nested too deep at byte 103");
}

TEST_F(json_decode, a_fault_carries_the_id_when_the_envelope_told_it) {
    struct row {
        std::string_view text;
        std::string_view id;
    };
    for (row const& r : std::vector<row>{
             {R"({"id":"7","type":"publish","topic":"a..b","payload":1})", "\"7\""},
             {R"({"type":"publish","topic":"a..b","payload":1,"id":7})", "7"},
             {R"({"id":"7"})", "\"7\""},
             {R"({"type":5,"id":"7"})", "\"7\""},
             {R"({"id":7,"type":"publish","payload":tru})", "7"},
             {R"({"type":"publish","payload":tru,"id":7})", ""},  // what follows cannot be trusted
             {R"({"id":"7","type":"ping","type":"ping"})", "\"7\""},
             {R"({"type":"ping","type":"ping","id":"7"})", "\"7\""},
             {R"({"type":"ping","x":1,"x":2,"id":"7"})", "\"7\""},
             {R"({"type":"ping","id":"7","id":"8"})", ""},  // which?
             {R"({"type":"ping","id":1.5,"type":"ping"})", ""},
             {R"({"id":"7)", ""},
         }) {
        EXPECT_EQ(json_id(refuse(r.text).id), r.id) << r.text;
    }
}

TEST_F(json_decode, no_key_may_occur_twice) {
    expect_refused({
        {R"({"type":"ping","type":"ping"})", "duplicate key \"type\" at byte 15"},
        {R"({"type":"ping","typ\u0065":"ping"})", "duplicate key \"type\" at byte 15"},
        {R"({"id":1,"type":"ping","id":1})", "duplicate key \"id\" at byte 22"},
        {R"({"type":"ping","topic":1,"topic":2})", "duplicate key \"topic\" at byte 25"},
        {R"({"type":"ping","x":1,"y":2,"x":3})", "duplicate key \"x\" at byte 27"},
        {R"({"type":"ping","x":1,"\u0078":2})", "duplicate key \"x\" at byte 21"},
        {R"({"type":"ping","":1,"":2})", "duplicate key \"\" at byte 20"},
    });
    std::string many = R"({"type":"ping")";
    for (int i = 0; i != 5000; ++i) many += ",\"" + std::to_string(i) + "\":0";
    EXPECT_EQ(read(many + "}").type, command_type::ping);
    EXPECT_EQ(refuse(many + ",\"17\":0}").message,
              "duplicate key \"17\" at byte " + std::to_string(many.size() + 1));
}

TEST_F(json_decode, unknown_fields_and_fields_of_other_types_are_ignored) {
    command const& c = read(
        R"({"type":"unsubscribe","topic":"a","offset":[1,{"x":"y"}],"echo":7,"since":"x","Topic":5})");
    EXPECT_EQ(c.topic, "a");
    EXPECT_FALSE(c.since.has_value());
    EXPECT_EQ(read(R"({"type":"publish","topic":"a","payload":{"type":"hello","type":1}})").payload,
              R"({"type":"hello","type":1})");
}

TEST_F(json_decode, every_message_needs_a_type) {
    expect_refused({
        {"{}", "a message needs a type"},
        {R"({"id":"7"})", "a message needs a type"},
        {R"({"type":null})", "field `type` must be a string at byte 8"},
        {R"({"type":1})", "field `type` must be a string at byte 8"},
        {R"({"type":["ping"]})", "field `type` must be a string at byte 8"},
    });
}

TEST_F(json_decode, a_topic_is_a_name_wherever_it_is_needed) {
    for (std::string const type : {"subscribe", "unsubscribe", "publish", "history", "presence"}) {
        std::string const begin = "{\"payload\":1,\"type\":\"" + type + "\"";
        EXPECT_EQ(read(begin + R"(,"topic":"$user.a=40b"})").topic, "$user.a=40b");
        EXPECT_EQ(refuse(begin + "}").message, type + " needs a topic");
        EXPECT_EQ(refuse(begin + R"(,"topic":"chat..42"})").message,
                  "topic: empty segment at byte 5 of the name");
        EXPECT_EQ(refuse(begin + R"(,"topic":""})").message,
                  "topic: a name has at least one byte at byte 0 of the name");
        EXPECT_EQ(refuse(begin + R"(,"topic":7})").message,
                  "field `topic` must be a string at byte " + std::to_string(begin.size() + 9));
        EXPECT_EQ(read(begin + ",\"topic\":\"" + long_text(200) + "\"}").topic, long_text(200));
        EXPECT_EQ(refuse(begin + ",\"topic\":\"" + long_text(201) + "\"}").message,
                  "topic: a name has at most 200 bytes at byte 200 of the name");
    }
}

TEST_F(json_decode, publish_refuses_what_is_wrong) {
    expect_refused({
        {R"({"type":"publish","topic":"a"})", "publish needs a payload"},
        {R"({"type":"publish","payload":1})", "publish needs a topic"},
        {R"({"type":"publish","topic":"a","payload":1,"event":1})",
         "field `event` must be a string at byte 50"},
        {R"({"type":"publish","topic":"a","payload":1,"event":null})",
         "field `event` must be a string at byte 50"},
        {R"({"type":"publish","topic":"a","payload":1,"key":{}})",
         "field `key` must be a string at byte 48"},
        {R"({"type":"publish","topic":"a","payload":1,"key":""})",
         "field `key` must be not empty at byte 48"},
        {R"({"type":"publish","topic":"a","payload":1,"dedupe":1})",
         "field `dedupe` must be a string at byte 51"},
        {R"({"type":"publish","topic":"a","payload":1,"dedupe":""})",
         "field `dedupe` must be not empty at byte 51"},
        {R"({"type":"publish","topic":"a","payload":1,"volatile":1})",
         "field `volatile` must be true or false at byte 53"},
        {R"({"type":"publish","topic":"a","payload":1,"echo":"false"})",
         "field `echo` must be true or false at byte 49"},
        {R"({"type":"publish","topic":"a","payload":1,"echo":null})",
         "field `echo` must be true or false at byte 49"},
    });
}

TEST_F(json_decode, strings_have_their_bounds) {
    struct row {
        std::string begin;
        std::size_t bytes_max;
        std::string_view command::* target;
    };
    std::string const publish = R"({"type":"publish","topic":"a","payload":1,)";
    for (row const& r : std::vector<row>{
             {publish + "\"event\":", event_bytes_max, &command::event},
             {publish + "\"key\":", key_bytes_max, &command::key},
             {publish + "\"dedupe\":", dedupe_bytes_max, &command::dedupe},
             {R"({"type":"auth","token":)", token_bytes_max, &command::token},
             {R"({"type":"subscribe","topic":"a","token":)", token_bytes_max, &command::token},
             {R"({"type":"call","method":)", method_bytes_max, &command::method},
         }) {
        std::string const fits = long_text(r.bytes_max);
        EXPECT_EQ(read(r.begin + '"' + fits + "\"}").*r.target, fits);
        EXPECT_EQ(read(r.begin + '"' + long_text(r.bytes_max - 1) + "\\u0041\"}").*r.target,
                  long_text(r.bytes_max - 1) + "A");
        EXPECT_THAT(refuse(r.begin + '"' + fits + "x\"}").message,
                    testing::HasSubstr("must be at most " + std::to_string(r.bytes_max) +
                                       " bytes long at byte " + std::to_string(r.begin.size())));
    }
}

TEST_F(json_decode, hello_with_everything) {
    command const& c = read(
        R"({"type":"hello","id":1,"payload":{"token":"a.b.c","resume":{"session":"s","secret":"x","received":17},)"
        R"("heartbeat":{"mode":"message","interval_ms":15000},"client":"weir-js/1.0","more":{}}})");
    EXPECT_EQ(c.type, command_type::hello);
    EXPECT_EQ(c.token, "a.b.c");
    ASSERT_TRUE(c.resume.has_value());
    EXPECT_EQ(c.resume->session, "s");
    EXPECT_EQ(c.resume->secret, "x");
    EXPECT_EQ(c.resume->received, 17U);
    EXPECT_THAT(c.heartbeat, Optional(heartbeat_mode::message));
    EXPECT_THAT(c.heartbeat_every, Optional(milliseconds(15000)));
    EXPECT_EQ(c.client, "weir-js/1.0");
}

TEST_F(json_decode, hello_with_little) {
    for (std::string_view const text :
         {R"({"type":"hello"})", R"({"type":"hello","payload":{}})"}) {
        command const& c = read(text);
        EXPECT_THAT(c.token, IsEmpty());
        EXPECT_FALSE(c.resume || c.heartbeat || c.heartbeat_every);
    }
    command const& c = read(R"({"type":"hello","payload":{"heartbeat":{"mode":"frame"}}})");
    EXPECT_THAT(c.heartbeat, Optional(heartbeat_mode::frame));
    EXPECT_FALSE(c.heartbeat_every.has_value());
}

TEST_F(json_decode, hello_refuses_what_is_wrong) {
    expect_refused({
        {R"({"type":"hello","payload":1})", "field `payload` must be an object at byte 26"},
        {R"({"type":"hello","payload":null})", "field `payload` must be an object at byte 26"},
        {R"({"type":"hello","payload":{"token":1}})", "field `token` must be a string at byte 35"},
        {R"({"type":"hello","payload":{"token":"a","tok\u0065n":"b"}})",
         "duplicate key \"token\" in `payload` at byte 39"},
        {R"({"type":"hello","payload":{"resume":"x"}})",
         "field `resume` must be an object at byte 36"},
        {R"({"type":"hello","payload":{"resume":{"session":"s","secret":"x"}}})",
         "field `resume` must be {session, secret, received} at byte 36"},
        {R"({"type":"hello","payload":{"resume":{"session":1,"secret":"x","received":1}}})",
         "field `resume.session` must be a string at byte 47"},
        {R"({"type":"hello","payload":{"resume":{"session":"s","secret":[],"received":1}}})",
         "field `resume.secret` must be a string at byte 60"},
        {R"({"type":"hello","payload":{"resume":{"session":"s","secret":"x","received":-1}}})",
         "field `resume.received` must be an integer from 0 to 18446744073709551615 at byte 75"},
        {R"({"type":"hello","payload":{"heartbeat":"message"}})",
         "field `heartbeat` must be an object at byte 39"},
        {R"({"type":"hello","payload":{"heartbeat":{}}})",
         "field `heartbeat` must be {mode, interval_ms?} at byte 39"},
        {R"({"type":"hello","payload":{"heartbeat":{"mode":"both"}}})",
         "field `heartbeat.mode` must be \"frame\" or \"message\" at byte 47"},
        {R"({"type":"hello","payload":{"heartbeat":{"mode":1}}})",
         "field `heartbeat.mode` must be a string at byte 47"},
        {R"({"type":"hello","payload":{"heartbeat":{"mode":"frame","interval_ms":0}}})",
         "field `heartbeat.interval_ms` must be an integer from 1 to 86400000 at byte 69"},
        {R"({"type":"hello","payload":{"heartbeat":{"mode":"frame","interval_ms":1e3}}})",
         "field `heartbeat.interval_ms` must be an integer from 1 to 86400000 at byte 69"},
    });
}

TEST_F(json_decode, whatever_a_client_calls_itself_is_taken_and_cut) {
    auto const client = [&](std::string_view raw) {
        return read(R"({"type":"hello","payload":{"client":)" + std::string(raw) + "}}").client;
    };
    EXPECT_EQ(client(R"("a\tb")"), "a\tb");
    EXPECT_EQ(client(R"({"name":"x"})"), R"({"name":"x"})");
    EXPECT_EQ(client("null"), "null");
    EXPECT_EQ(client('"' + long_text(300) + '"'), long_text(200));
    EXPECT_EQ(client('"' + long_text(199) + "\xE2\x82\xAC\""), long_text(199))
        << "not in the middle of a character";
}

TEST_F(json_decode, auth_needs_a_token) {
    EXPECT_EQ(read(R"({"type":"auth","token":"t"})").token, "t");
    expect_refused({
        {R"({"type":"auth"})", "auth needs a token"},
        {R"({"type":"auth","token":""})", "auth needs a token"},
        {R"({"type":"auth","token":5})", "field `token` must be a string at byte 23"},
        {R"({"type":"auth","payload":{"token":"t"}})", "auth needs a token"},
    });
}

TEST_F(json_decode, call_needs_a_method) {
    command const& c = read(R"({"type":"call","method":"rooms.list","payload":[1]})");
    EXPECT_EQ(c.method, "rooms.list");
    EXPECT_EQ(c.payload, "[1]");
    EXPECT_EQ(read(R"({"type":"call","method":"m"})").payload, "null");
    expect_refused({
        {R"({"type":"call","payload":1})", "call needs a method"},
        {R"({"type":"call","method":""})", "call needs a method"},
        {R"({"type":"call","method":{}})", "field `method` must be a string at byte 24"},
    });
}

TEST_F(json_decode, nothing_is_left_from_the_message_before) {
    read(
        R"({"type":"publish","topic":"a","payload":1,"key":"\u0041","dedupe":"d","echo":false,"volatile":true})");
    command const& c = read(R"({"type":"publish","topic":"b","payload":2})");
    EXPECT_THAT(c.key, IsEmpty());
    EXPECT_THAT(c.dedupe, IsEmpty());
    EXPECT_TRUE(c.echo);
    EXPECT_FALSE(c.is_volatile);
    refuse(R"({"type":"ping","x":1,"x":2})");
    EXPECT_EQ(read(R"({"type":"ping","x":1,"y":2})").type, command_type::ping);
}

TEST_F(json_decode, a_message_full_of_escapes_is_read_with_all_its_strings_intact) {
    std::string key;
    for (int i = 0; i != 200; ++i) key += "\\u0041";
    std::string const token_text = std::string(16000, 'x') + "\\n";
    for (int round = 0; round != 2; ++round) {
        command const& c = read(R"({"type":"publish","topic":"\u0061","payload":"\n","key":")" +
                                key + R"(","event":"\t\t","token":")" + token_text + "\"}");
        EXPECT_EQ(c.topic, "a");
        EXPECT_EQ(c.key, std::string(200, 'A'));
        EXPECT_EQ(c.event, "\t\t");
        std::string big(100'000, 'y');
        command const& s =
            read("{\"x\\n\":\"" + big + R"(","type":"subscribe","topic":"b\u002ec","token":"\/"})");
        EXPECT_EQ(s.topic, "b.c");
        EXPECT_EQ(s.token, "/");
    }
}

}  // namespace
}  // namespace weir
