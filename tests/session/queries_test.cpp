#include "session/answers.hpp"
#include "session/script.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace weir {
namespace {

using what = log_query::what;
std::string const busy_text = "too many answers wait to be read";
constexpr char const* in_a_second = R"(,"retry_after_ms":1000)";

message_ptr stored(std::uint64_t offset, std::string payload = "1") {
    auto m = std::make_shared<message>();
    m->topic = "log.a";
    m->payload = std::move(payload);
    m->at = at_position(offset);
    return m;
}
log_page page(std::uint64_t head, std::vector<message_ptr> messages, bool more = false) {
    return {at_position(head), std::move(messages), {}, more};
}
std::string shown(std::uint64_t offset) {
    return R"({"type":"message","topic":"log.a","offset":)" + std::to_string(offset) +
           R"(,"payload":1})";
}

struct asking : script {
    asking() {
        settings.messages_per_second = 0;
        open();
    }
    actions answers(std::size_t which, result<log_page> p) {
        session().on_read(port.reads.at(which).ticket, std::move(p), at);
        return did();
    }
    log_query const& asked(std::size_t which = 0) const { return port.reads.at(which).what; }
};

TEST(history, asks_for_what_the_client_asks_for) {
    struct row {
        char const* fields;
        what kind;
        std::optional<std::uint64_t> at;
        std::uint32_t messages;
    };
    std::string const since = R"("since":{"epoch":")" + epoch + R"(","offset":7})";
    for (row const& r : std::vector<row>{
             {"", what::before, {}, 100},
             {R"(,"last":1)", what::before, {}, 1},
             {R"(,"last":1000)", what::before, {}, 1000},
             {R"(,"last":4294967295)", what::before, {}, 1000},
             {",since", what::after, 7, 1000},
             {R"(,since,"last":5)", what::before, 7, 5},
         }) {
        SCOPED_TRACE(r.fields);
        std::string fields = r.fields;
        if (auto const i = fields.find("since"); i != std::string::npos)
            fields.replace(i, 5, since);
        asking s;
        EXPECT_EQ(s.says(R"({"type":"history","topic":"log.a","id":1)" + fields + '}'),
                  actions{std::string("read ") + (r.kind == what::after ? "after" : "before") +
                          " log.a"});
        log_query const& q = s.asked();
        EXPECT_EQ(q.topic, "log.a");
        EXPECT_EQ(q.kind, r.kind);
        EXPECT_EQ(q.at.has_value(), r.at.has_value());
        if (r.at && q.at) EXPECT_EQ(*q.at, at_position(*r.at));
        EXPECT_EQ(q.messages_max, r.messages);
        EXPECT_EQ(q.bytes_max, s.settings.ring.outbox_bytes / 8);
    }
}

TEST(history, a_page_is_a_share_of_the_outbox) {
    for (auto const& [outbox, bytes] : std::vector<std::pair<std::size_t, std::size_t>>{
             {1 << 20, 128 * 1024}, {1 << 30, 256 * 1024}, {80, 10}, {1, 1}}) {
        asking s;
        s.settings.ring.outbox_bytes = outbox;
        s.says(R"({"type":"history","topic":"log.a","id":1})");
        EXPECT_EQ(s.asked().bytes_max, bytes);
    }
}

TEST(history, is_answered_by_what_was_read) {
    asking s;
    s.says(R"({"type":"history","topic":"log.a","id":1})");
    EXPECT_EQ(s.answers(0, page(9, {stored(7), stored(8)}, true)),
              actions{ok("1", R"({"messages":[)" + shown(7) + ',' + shown(8) + "]," + at_offset(9) +
                                  R"(,"more":true})")});
    EXPECT_EQ(s.answers(0, page(9, {})), actions{}) << "once";
    s.says(R"({"type":"history","topic":"log.a","id":2})");
    EXPECT_EQ(s.answers(1, page(0, {})),
              actions{ok("2", R"({"messages":[],)" + at_offset(0) + R"(,"more":false})")});
}

TEST(queries, history_says_what_is_missing) {
    asking s;
    s.says(R"({"type":"history","topic":"log.a","since":{"epoch":"x","offset":3},"id":1})");
    auto p = page(9, {});
    p.missing = loss{.from = 1, .to = 9, .count = 9, .reason = gap_reason::epoch};
    EXPECT_EQ(s.answers(0, p),
              actions{ok("1", R"({"messages":[],)" + at_offset(9) +
                                  R"(,"more":false,"missing":{"reason":"epoch","from":1,"to":9,)" +
                                  R"("count":9}})")});
}

TEST(queries, an_error_of_the_read_is_the_answer) {
    asking s;
    fault const no{errc::unavailable, "queues are full", seconds(2)};
    auto const answer = [&](char const* id) {
        return actions{error(id, "unavailable", "queues are full", R"(,"retry_after_ms":2000)")};
    };
    s.says(R"({"type":"history","topic":"log.a","id":1})");
    EXPECT_EQ(s.answers(0, no), answer("1"));
    s.says(R"({"type":"sync","topics":["log.a","log.b"],"id":2})");
    EXPECT_EQ(s.answers(2, no), answer("2")) << "the second of its two reads";
    EXPECT_EQ(s.answers(1, page(1, {})), actions{});
    s.says(R"({"type":"presence","topic":"log.a","id":3})");
    s.session().on_members(s.port.reads.at(3).ticket, no, s.at);
    EXPECT_EQ(s.did(), answer("3"));
}

TEST(queries, need_the_right_to_subscribe) {
    asking s;
    for (char const* const type : {"history", "presence"}) {
        EXPECT_EQ(s.says(std::string(R"({"type":")") + type + R"(","topic":"shut","id":1})"),
                  actions{error("1", "forbidden", "subscribing to shut is not open to clients")});
        EXPECT_EQ(s.says(std::string(R"({"type":")") + type + R"(","topic":"members.a","id":1})"),
                  actions{error("1", "unauthorized", "subscribing to members.a needs a login")});
    }
    EXPECT_EQ(s.says(R"({"type":"sync","topics":["log.a","shut"],"id":1})"),
              actions{error("1", "forbidden", "subscribing to shut is not open to clients")});
}

TEST(queries, without_an_id_nobody_waits_for_them) {
    asking s;
    EXPECT_EQ(s.says(R"({"type":"history","topic":"log.a"})"), actions{});
    EXPECT_EQ(s.says(R"({"type":"sync","topics":["log.a"]})"), actions{});
    EXPECT_EQ(s.says(R"({"type":"presence","topic":"log.a"})"), actions{});
}

TEST(queries, so_many_may_wait) {
    asking s;
    auto const ask = [&](std::string const& id) {
        return s.says(R"({"type":"history","topic":"log.a","id":)" + id + '}');
    };
    for (int i = 0; i != 16; ++i) EXPECT_EQ(ask("0"), actions{"read before log.a"});
    EXPECT_EQ(ask("1"), actions{error("1", "unavailable", busy_text, in_a_second)});
    EXPECT_EQ(s.says(R"({"type":"sync","topics":["log.a"],"id":1})"),
              actions{error("1", "unavailable", busy_text, in_a_second)});
    EXPECT_EQ(s.says(R"({"type":"presence","topic":"log.a","id":1})"),
              actions{error("1", "unavailable", busy_text, in_a_second)});
    s.answers(7, page(1, {}));
    EXPECT_EQ(ask("1"), actions{"read before log.a"});
}

TEST(queries, are_refused_while_the_outbox_is_half_full) {
    asking s;
    s.settings.ring.outbox_bytes = 1000;
    s.reads = false;
    ASSERT_EQ(s.session().frames().push(make_frame("", std::string(500, 'x'), true)),
              enqueued::queued);
    EXPECT_EQ(s.says(R"({"type":"history","topic":"log.a","id":1})"), actions{"read before log.a"});
    ASSERT_EQ(s.session().frames().push(make_frame("", "x", true)), enqueued::queued);
    EXPECT_EQ(s.says(R"({"type":"history","topic":"log.a","id":2})"),
              actions{error("2", "unavailable", busy_text, in_a_second)});
    s.reads = true;
    s.did();
    EXPECT_EQ(s.says(R"({"type":"history","topic":"log.a","id":3})"), actions{"read before log.a"});
}

/// They were asked while there was room, and their answers all come at once.
TEST(queries, their_own_answers_close_nobody) {
    asking s;
    s.settings.ring.outbox_bytes = 40'000;
    s.reads = false;
    for (int i = 0; i != 16; ++i) {
        s.says(R"({"type":"history","topic":"log.a","id":)" + std::to_string(i) + '}');
    }
    for (std::size_t i = 0; i != 16; ++i) {
        s.answers(i, page(1, {stored(1, '"' + std::string(5000, 'x') + '"')}));
    }
    EXPECT_TRUE(s.session().is_open());
    s.reads = true;
    s.did();
    std::size_t whole = 0;
    std::size_t refused = 0;
    for (std::string const& text : s.handled) {
        if (text.find(R"("type":"ok")") != std::string::npos) ++whole;
        if (text.find(busy_text) != std::string::npos) ++refused;
    }
    EXPECT_EQ(whole + refused, 16U);
    EXPECT_GE(whole, 4U);
}

TEST(sync, of_one_and_of_several) {
    asking s;
    EXPECT_EQ(s.says(R"({"type":"sync","topics":["log.b"],"id":1})"), actions{"read state log.b"});
    EXPECT_EQ(s.answers(0, page(9, {stored(7)})),
              actions{ok("1", R"({"topics":{"log.b":{)" + at_offset(9) + R"(,"messages":[)" +
                                  shown(7) + "]}}}")});
    EXPECT_EQ(s.says(R"({"type":"sync","topics":["log.b","log.a"],"id":2})"),
              (actions{"read state log.b", "read state log.a"}));
    EXPECT_EQ(s.answers(2, page(5, {})), actions{}) << "whichever comes first";
    EXPECT_EQ(s.answers(1, page(9, {stored(7)}, true)),
              actions{ok("2", R"({"topics":{"log.b":{)" + at_offset(9) + R"(,"messages":[)" +
                                  shown(7) + R"(],"more":true},"log.a":{)" + at_offset(5) +
                                  R"(,"messages":[]}}})")});
}

TEST(sync, of_none) {
    asking s;
    EXPECT_EQ(s.says(R"({"type":"sync","topics":[],"id":1})"),
              actions{ok("1", R"({"topics":{}})")});
    EXPECT_EQ(s.says(R"({"type":"sync","id":2})"), actions{ok("2", R"({"topics":{}})")});
}

TEST(sync, of_a_topic_without_state_is_refused) {
    asking s;
    EXPECT_EQ(s.says(R"({"type":"sync","topics":["log.a","open.a"],"id":1})"),
              actions{error("1", "unsupported", "no state is kept of open.a")});
}

TEST(sync, without_topics_is_of_all_that_are_subscribed_and_have_state) {
    asking s;
    s.port.answered = &s.session();
    for (char const* const topic : {"log.a", "open.a", "ticks.a", "log.b"}) {
        s.says(std::string(R"({"type":"subscribe","topic":")") + topic + "\"}");
    }
    s.session().subscribe_by_server("$user.ann", s.at);
    s.port.answered = nullptr;
    s.did();
    EXPECT_EQ(s.says(R"({"type":"sync","id":1})"),
              (actions{"read state log.a", "read state log.b"}));
    s.says(R"({"type":"unsubscribe","topic":"log.a"})");
    EXPECT_EQ(s.answers(0, page(1, {})), actions{}) << "what was asked is answered all the same";
    EXPECT_EQ(s.answers(1, page(1, {})).size(), 1U);
}

TEST(sync, is_paged_by_since) {
    asking s;
    s.says(R"({"type":"sync","topics":["log.a"],"id":1,"since":{"epoch":")" + epoch +
           R"(","offset":7}})");
    EXPECT_EQ(s.asked().kind, what::state);
    EXPECT_EQ(s.asked().at, at_position(7));
    EXPECT_EQ(s.asked().messages_max, 1000U);
    EXPECT_EQ(s.asked().bytes_max, s.settings.ring.outbox_bytes / 8);
}

TEST(sync, of_many_shares_the_page) {
    asking s;
    std::string topics;
    for (int i = 0; i != 64; ++i)
        topics += (i == 0 ? "\"log." : ",\"log.") + std::to_string(i) + '"';
    s.says(R"({"type":"sync","id":1,"topics":[)" + topics + "]}");
    ASSERT_EQ(s.port.reads.size(), 64U);
    for (std::size_t i = 0; i != 64; ++i) EXPECT_EQ(s.asked(i).bytes_max, 4096U);
    // A page has at least one message, whatever its size.
    for (std::size_t i = 0; i != 64; ++i) {
        s.answers(i, page(9, {stored(7, '"' + std::string(60'000, 'x') + '"')}));
    }
    ASSERT_EQ(s.handled.size(), 1U);
    EXPECT_LE(s.handled[0].size(), s.settings.ring.outbox_bytes);
    EXPECT_GE(s.handled[0].size(), 300'000U);
    EXPECT_NE(s.handled[0].find(R"("log.63":{)" + at_offset(9) + R"(,"messages":[],"more":true})"),
              std::string::npos)
        << "what has no room is to be asked for by itself";
}

TEST(sync, a_name_that_is_said_twice_counts_once) {
    asking s;
    EXPECT_EQ(s.says(R"({"type":"sync","topics":["log.a","log.b","log.a"],"id":1})"),
              (actions{"read state log.a", "read state log.b"}));
}

TEST(presence, is_of_topics_that_keep_it) {
    asking s;
    EXPECT_EQ(s.says(R"({"type":"presence","topic":"open.a","id":1})"),
              actions{error("1", "unsupported", "presence of that topic is not kept")});
    EXPECT_EQ(s.says(R"({"type":"presence","topic":"log.a","id":2})"), actions{"members log.a"});
    presence_page p{4, 2, {{"ann", 1, R"({"x":1})"}}};
    s.session().on_members(s.port.reads.at(0).ticket, p, s.at);
    EXPECT_EQ(
        s.did(),
        actions{ok(
            "2",
            R"({"version":4,"total":2,"members":[{"user":"ann","connections":1,"info":{"x":1}}]})")});
    s.session().on_members(s.port.reads.at(0).ticket, p, s.at);
    EXPECT_EQ(s.did(), actions{}) << "once";
}

TEST(queries, nothing_is_read_for_a_session_that_an_answer_has_ended) {
    asking s;
    s.settings.resume_window = milliseconds(0);
    s.settings.ring.outbox_frames = 1;
    s.reads = false;
    ASSERT_EQ(s.session().frames().push(make_frame("", "x", true)), enqueued::queued);
    s.port.answered = &s.session();
    s.port.answer = fault{errc::unavailable, "no"};
    actions const done = s.says(R"({"type":"sync","topics":["log.a","log.b","log.c"],"id":1})");
    EXPECT_EQ(done.front(), "read state log.a");
    EXPECT_EQ(done.back().substr(0, 10), "close 4104");
}

}  // namespace
}  // namespace weir
