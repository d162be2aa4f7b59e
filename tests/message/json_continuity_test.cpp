#include "message/encoding.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

// What continuity says to a client, byte for byte: gaps, presence, pages of history and state.
namespace weir {
namespace {

class json_continuity : public json_encode {
protected:
    std::string gap(std::string_view topic, loss const& what) {
        return encode([&](std::string& out) { dialect_->encode_gap(out, topic, what); });
    }
    std::string answer(subscribed const& s) {
        return encode([&](std::string& out) { dialect_->subscribed_payload(out, s); });
    }
    std::string history(std::vector<message_ptr> const& messages, position const& head, bool more,
                        std::optional<loss> const& missing = {}) {
        return encode([&](std::string& out) {
            dialect_->history_payload(
                out, {.messages = messages, .head = head, .more = more, .missing = missing});
        });
    }
    std::string sync(std::vector<topic_state_page> const& topics) {
        return encode([&](std::string& out) { dialect_->sync_payload(out, topics); });
    }
    std::string members(presence_page const& page) {
        return encode([&](std::string& out) { dialect_->presence_payload(out, page); });
    }
    message_ptr stored(std::uint64_t offset, std::string payload, std::string key = {}) {
        message m;
        m.topic = "a";
        m.payload = std::move(payload);
        m.key = std::move(key);
        m.at = {epoch_, offset};
        return std::make_shared<message const>(std::move(m));
    }
    std::string at(std::uint64_t offset) {
        return R"({"epoch":")" + epoch_text_ + R"(","offset":)" + std::to_string(offset) + '}';
    }
};

TEST_F(json_continuity, a_gap_tells_what_is_known_of_the_loss) {
    EXPECT_EQ(
        gap("chat.42", {.from = 5, .to = 9, .count = 5, .reason = gap_reason::trimmed}),
        R"({"type":"gap","topic":"chat.42","payload":{"reason":"trimmed","from":5,"to":9,"count":5}})");
    EXPECT_EQ(gap("a", {.reason = gap_reason::bus}),
              R"({"type":"gap","topic":"a","payload":{"reason":"bus"}})");
    EXPECT_EQ(gap("a", {.count = 1, .reason = gap_reason::slow}),
              R"({"type":"gap","topic":"a","payload":{"reason":"slow","count":1}})");
    EXPECT_EQ(
        gap("a", {.to = 18446744073709551615U, .reason = gap_reason::epoch}),
        R"({"type":"gap","topic":"a","payload":{"reason":"epoch","to":18446744073709551615}})");
}

TEST_F(json_continuity, every_reason_of_a_gap_has_its_word) {
    struct row {
        gap_reason reason;
        std::string word;
    };
    std::vector<row> const rows = {
        {gap_reason::expired, "expired"}, {gap_reason::trimmed, "trimmed"},
        {gap_reason::epoch, "epoch"},     {gap_reason::slow, "slow"},
        {gap_reason::bus, "bus"},         {gap_reason::detached, "detached"},
    };
    ASSERT_EQ(rows.size(), gap_reason_count);
    for (row const& r : rows) {
        EXPECT_EQ(
            gap("a", {.from = 1, .reason = r.reason}),
            R"({"type":"gap","topic":"a","payload":{"reason":")" + r.word + R"(","from":1}})");
    }
}

TEST_F(json_continuity, the_answer_to_subscribe) {
    subscribed s{"a.b", {}, false, {}, {}, false};
    EXPECT_EQ(answer(s), R"({"topic":"a.b","recovered":false})");
    s.at = position{epoch_, 9};
    s.recovered = true;
    std::string const head = R"({"topic":"a.b","position":)" + at(9);
    EXPECT_EQ(answer(s), head + R"(,"recovered":true})");
    s.what = receipt{.from = 4, .to = 9, .missing = {}};
    EXPECT_EQ(answer(s), head + R"(,"recovered":true,"receipt":{"from":4,"to":9}})");
    s.what->from = 10;  // nothing had to be recovered
    s.state = 2;
    s.conflating = true;
    EXPECT_EQ(
        answer(s),
        head + R"(,"recovered":true,"receipt":{"from":10,"to":9},"state":2,"conflating":true})");
    s = {"a.b", position{epoch_, 9}, false, {}, 0, false};
    EXPECT_EQ(answer(s), head + R"(,"recovered":false,"state":0})");
    s.state.reset();
    s.what =
        receipt{.from = 4,
                .to = 9,
                .missing = loss{.from = 4, .to = 6, .count = 3, .reason = gap_reason::expired}};
    EXPECT_EQ(answer(s), head + R"(,"recovered":false,"receipt":{"from":4,"to":9,)"
                                R"("missing":{"reason":"expired","from":4,"to":6,"count":3}}})");
}

TEST_F(json_continuity, a_page_of_history) {
    EXPECT_EQ(history({}, {epoch_, 0}, false),
              R"({"messages":[],"position":)" + at(0) + R"(,"more":false})");
    EXPECT_EQ(history({stored(1, "1"), stored(2, R"({ "x" : 1e400 })", "k")}, {epoch_, 7}, true),
              R"({"messages":[{"type":"message","topic":"a","offset":1,"payload":1},)"
              R"({"type":"message","topic":"a","offset":2,"key":"k","payload":{ "x" : 1e400 }}],)"
              R"("position":)" +
                  at(7) + R"(,"more":true})");
}

TEST_F(json_continuity, a_message_is_the_same_in_a_page_and_alone) {
    message_ptr const m = stored(3, R"(["\ud83d\ude00"])", "\"key\"");
    EXPECT_EQ(history({m}, m->at, false),
              R"({"messages":[)" + event(*m) + R"(],"position":)" + at(3) + R"(,"more":false})");
}

TEST_F(json_continuity, the_state_of_several_topics) {
    EXPECT_EQ(sync({}), R"({"topics":{}})");
    std::vector<topic_state_page> const topics = {
        {"a", {epoch_, 9}, {stored(4, "1", "x"), stored(9, "2", "y")}, true},
        {"quiet.one", {epoch_, 0}, {}, false},
    };
    EXPECT_EQ(
        sync(topics),
        R"({"topics":{"a":{"position":)" + at(9) +
            R"(,"messages":[{"type":"message","topic":"a","offset":4,"key":"x","payload":1},)"
            R"({"type":"message","topic":"a","offset":9,"key":"y","payload":2}],"more":true},)"
            R"("quiet.one":{"position":)" +
            at(0) + R"(,"messages":[]}}})");
}

TEST_F(json_continuity, who_is_in_a_topic) {
    EXPECT_EQ(members({}), R"({"version":0,"total":0,"members":[]})");
    EXPECT_EQ(members({.version = 12,
                       .total = 300,
                       .members = {{"ann", 2, {}}, {"\"b\"\n", 1, R"({"name": "B"})"}}}),
              R"({"version":12,"total":300,"members":[{"user":"ann","connections":2},)"
              R"({"user":"\"b\"\n","connections":1,"info":{"name": "B"}}]})");
}

TEST_F(json_continuity, a_change_of_presence) {
    auto const change = [&](presence_change const& c) {
        return encode([&](std::string& out) { dialect_->encode_presence(out, c); });
    };
    EXPECT_EQ(
        change({.topic = "room.1", .version = 3, .joined = {{"ann", 1, {}}}, .left = {}}),
        R"({"type":"presence","topic":"room.1","payload":{"version":3,"joined":[{"user":"ann","connections":1}],"left":[]}})");
    EXPECT_EQ(
        change({.topic = "a", .version = 4, .joined = {}, .left = {"ann", "b\\b"}}),
        R"({"type":"presence","topic":"a","payload":{"version":4,"joined":[],"left":["ann","b\\b"]}})");
    EXPECT_EQ(change({.topic = "a",
                      .version = 18446744073709551615U,
                      .joined = {{"x", 1, "[1]"}, {"y", 1, {}}},
                      .left = {"z"}}),
              R"({"type":"presence","topic":"a","payload":{"version":18446744073709551615,)"
              R"("joined":[{"user":"x","connections":1,"info":[1]},{"user":"y","connections":1}],)"
              R"("left":["z"]}})");
}

}  // namespace
}  // namespace weir
