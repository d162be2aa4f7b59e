#include "shard/continuity_fixture.hpp"

namespace weir {
namespace {

struct resume_fixture : continuity_fixture, testing::WithParamInterface<unsigned> {
    void SetUp() override { start(GetParam(), keeping()); }

    std::uint64_t resumes(resume_result what) const {
        std::uint64_t n = 0;
        for (auto const* o : server->observers()) n += at(o->resumes, what).read();
        return n;
    }
};

// With four shards most connections land on another shard than their session's.
INSTANTIATE_TEST_SUITE_P(shards, resume_fixture, testing::Values(1U, 2U, 4U));

TEST_P(resume_fixture, gives_everything_once_and_in_order_however_often_the_line_is_cut) {
    static constexpr std::uint64_t each = 20;
    run([](resume_fixture& f) -> asio::awaitable<void> {
        auto m = co_await f.join();
        co_await subscribe(m, "log.a");
        co_await subscribe(m, "plain.a");
        std::uint64_t published = 0;
        std::uint64_t log = 0;
        std::uint64_t plain = 0;
        for (int round = 0; round != 12; ++round) {
            for (std::uint64_t i = 0; i != each; ++i) {
                auto const payload = std::to_string(++published);
                co_await f.server->publish(note("log.a", payload));
                co_await f.server->publish(note("plain.a", payload));
            }
            // Part of it is read, the line is cut, and more is published meanwhile.
            for (int i = 0; i != round; ++i) {
                auto const text = co_await hear_of(m, R"({"type":"message")");
                auto& of = field(text, "topic") == "log.a" ? log : plain;
                EXPECT_EQ(number(text, "payload"), ++of) << text;
            }
            m.link.reset();
            co_await f.detached(1);
            for (std::uint64_t i = 0; i != each; ++i) {
                auto const payload = std::to_string(++published);
                co_await f.server->publish(note("log.a", payload));
                co_await f.server->publish(note("plain.a", payload));
            }
            auto const welcome = co_await f.come_back(m);
            EXPECT_NE(welcome.find("\"resumed\":true"), std::string::npos) << welcome;
            EXPECT_EQ(field(welcome, "session"), m.session);
        }
        while (log != published || plain != published) {
            auto const text = co_await hear_any(m);
            EXPECT_TRUE(text.starts_with(R"({"type":"message")")) << text;
            auto& of = field(text, "topic") == "log.a" ? log : plain;
            EXPECT_EQ(number(text, "payload"), ++of) << text;
        }
    }(*this));
    EXPECT_EQ(resumes(resume_result::resumed), 12U);
}

TEST_P(resume_fixture, while_the_old_connection_looks_alive_takes_over) {
    run([](resume_fixture& f) -> asio::awaitable<void> {
        auto m = co_await f.join();
        co_await subscribe(m, "log.b");
        for (int i = 0; i != 8; ++i) {
            auto const old = std::move(m.link);
            auto const welcome = co_await f.come_back(m);
            EXPECT_NE(welcome.find("\"resumed\":true"), std::string::npos) << welcome;
            auto const end = co_await hear_close(*old);
            EXPECT_EQ(end.code, 4006);
            co_await f.server->publish(note("log.b", std::to_string(i)));
            auto const text = co_await hear_of(m, R"({"type":"message")");
            EXPECT_EQ(field(text, "payload"), std::to_string(i));
        }
    }(*this));
}

TEST_P(resume_fixture, takes_over_its_old_connection_though_the_user_may_have_no_more) {
    auto live = keeping();
    live->verifier = names();
    live->directory.connections_per_user = 1;
    server->apply(live);
    run([](resume_fixture& f) -> asio::awaitable<void> {
        auto m = co_await f.join("ann");
        co_await subscribe(m, "log.mine");
        for (int i = 0; i != 8; ++i) {
            auto const old = std::move(m.link);
            auto const welcome = co_await f.come_back(m);
            EXPECT_NE(welcome.find("\"resumed\":true"), std::string::npos) << welcome;
            EXPECT_EQ((co_await hear_close(*old)).code, 4006);
        }
        // Not without the secret, and not to open another one.
        for (auto const& text : {resume_text({.link = {},
                                              .session = m.session,
                                              .secret = id128::random().text(),
                                              .token = m.token},
                                             0),
                                 R"({"type":"hello","payload":{"token":")" + m.token + "\"}}"}) {
            auto const stranger = co_await f.client();
            co_await say(*stranger, text);
            EXPECT_EQ((co_await hear_close(*stranger)).code, 4102);
        }
        // Absent it has no place: whoever came meanwhile has it.
        m.link.reset();
        co_await f.detached(1);
        auto next = co_await f.join("ann");
        m.link = co_await f.client();
        co_await say(*m.link, resume_text(m, m.count));
        EXPECT_EQ((co_await hear_close(*m.link)).code, 4102);
        co_await next.link->close(1000, {}, patience());
        co_await f.server->publish(note("log.mine", "1"));
        for (bool back = false; !back;) {  // once the server has noticed
            m.link = co_await f.client();
            co_await say(*m.link, resume_text(m, m.count));
            auto const got = co_await m.link->receive(patience());
            back = got && std::holds_alternative<std::string>(*got);
        }
        EXPECT_EQ(field(co_await hear_of(m, R"({"type":"message")"), "payload"), "1");
    }(*this));
}

TEST_P(resume_fixture, that_cannot_be_says_why_and_opens_a_new_session) {
    run([](resume_fixture& f) -> asio::awaitable<void> {
        struct row {
            std::string session, secret;
            std::uint64_t received;
            char const* reason;
        };
        auto m = co_await f.join();
        co_await subscribe(m, "log.c");
        auto const other = id128::random().text();
        for (row const& r : {row{other, m.secret, 0, "unknown"}, row{m.session, other, 1, "secret"},
                             row{m.session, m.secret, 1000, "lost"},
                             row{"no id at all", m.secret, 0, "unknown"}}) {
            member wrong;
            wrong.session = r.session;
            wrong.secret = r.secret;
            wrong.count = r.received;
            auto const welcome = co_await f.come_back(wrong);
            EXPECT_NE(welcome.find("\"resumed\":false"), std::string::npos) << welcome;
            EXPECT_EQ(field(welcome, "reason"), r.reason) << welcome;
            EXPECT_NE(field(welcome, "session"), m.session);
            // And it is a session like any other.
            co_await say(*wrong.link, R"({"type":"ping","id":3})");
            co_await hear(*wrong.link, R"({"type":"pong","id":3)");
        }
        // A client that has confirmed what it now wants again.
        co_await tell(m, R"({"type":"received","count":1,"id":1})");
        co_await hear_of(m, R"({"type":"ok","id":1)");
        member behind;
        behind.session = m.session;
        behind.secret = m.secret;
        auto const welcome = co_await f.come_back(behind);
        EXPECT_EQ(field(welcome, "reason"), "overflow") << welcome;
        // The session itself has not suffered.
        auto const back = co_await f.come_back(m);
        EXPECT_NE(back.find("\"resumed\":true"), std::string::npos) << back;
    }(*this));
}

TEST_P(resume_fixture, a_session_that_was_ended_is_gone) {
    run([](resume_fixture& f) -> asio::awaitable<void> {
        auto done = co_await f.join();
        co_await done.link->close(1000, "bye", patience());
        auto thrown_out = co_await f.join();
        co_await f.server->disconnect(
            {.session = *session_id::parse(thrown_out.session), .user = {}},
            close_reason::disconnected, "");
        EXPECT_EQ((co_await hear_close(*thrown_out.link)).code, 4003);
        for (member* const m : {&done, &thrown_out}) {
            auto const welcome = co_await f.come_back(*m);
            EXPECT_EQ(field(welcome, "reason"), "expired") << welcome;
        }
        auto away = co_await f.join();
        away.link.reset();
        co_await f.detached(1);
        EXPECT_EQ(
            co_await f.server->disconnect({.session = *session_id::parse(away.session), .user = {}},
                                          close_reason::disconnected, ""),
            1U);
        co_await f.detached(0);
    }(*this));
}

TEST_P(resume_fixture, a_publish_sent_again_is_executed_once) {
    run([](resume_fixture& f) -> asio::awaitable<void> {
        auto reader = co_await f.join();
        co_await subscribe(reader, "log.once");
        auto m = co_await f.join();
        for (int i = 1; i <= 30; ++i) {
            auto const text = R"({"type":"publish","id":)" + std::to_string(i) +
                              R"(,"topic":"log.once","payload":)" + std::to_string(i) + "}";
            co_await tell(m, text);
            if (i % 3 == 0) co_await hear_of(m, R"({"type":"ok")");
            m.link.reset();  // whether it was executed: the client does not know
            co_await f.detached(1);
            auto const welcome = co_await f.come_back(m);
            EXPECT_NE(welcome.find("\"resumed\":true"), std::string::npos) << welcome;
            if (i % 3 == 0) continue;
            co_await tell(m, text);
            auto const ok = co_await hear_of(m, R"({"type":"ok","id":)" + std::to_string(i));
            EXPECT_EQ(number(ok, "offset"), static_cast<std::uint64_t>(i)) << ok;
        }
        for (int i = 1; i <= 30; ++i) {
            auto const text = co_await hear_of(reader, R"({"type":"message")");
            EXPECT_EQ(number(text, "payload"), static_cast<std::uint64_t>(i)) << text;
        }
    }(*this));
}

TEST_P(resume_fixture, more_that_wait_than_may_push_out_the_oldest) {
    auto live = keeping();
    live->detached.total = 3;
    server->apply(live);
    run([](resume_fixture& f) -> asio::awaitable<void> {
        std::vector<member> all;
        for (int i = 0; i != 5; ++i) {
            all.push_back(co_await f.join());
            all.back().link.reset();
            co_await f.detached(static_cast<std::uint64_t>(std::min(i + 1, 3)));
        }
        for (std::size_t i = 0; i != all.size(); ++i) {
            auto const welcome = co_await f.come_back(all[i]);
            bool const resumed = welcome.find("\"resumed\":true") != std::string::npos;
            EXPECT_EQ(resumed, i >= 2) << welcome;
        }
    }(*this));
}

TEST_P(resume_fixture, what_the_server_sent_while_away_comes_too) {
    run([](resume_fixture& f) -> asio::awaitable<void> {
        auto m = co_await f.join();
        m.link.reset();
        co_await f.detached(1);
        session_target const whom{.session = *session_id::parse(m.session), .user = {}};
        EXPECT_EQ(co_await f.server->send(whom, "note", "1"), 1U);
        EXPECT_EQ(co_await f.server->subscribe(whom, "log.late"), 1U);
        co_await f.server->publish(note("log.late", "2"));
        auto const welcome = co_await f.come_back(m);
        EXPECT_NE(welcome.find("\"resumed\":true"), std::string::npos) << welcome;
        for (auto const* const payload : {"1", "2"}) {
            EXPECT_EQ(field(co_await hear_any(m), "payload"), payload);
        }
    }(*this));
}

}  // namespace
}  // namespace weir
