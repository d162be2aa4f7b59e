#include "session/script.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

// What a question costs beyond one message: by the names it asks for and the bytes it is answered.
namespace weir {
namespace {

/// A hundred a second, so ten milliseconds each and a burst of two hundred.
struct paying : script {
    paying() { open(R"({"type":"hello","payload":{"token":"ann"}})"); }

    /// Messages that are let in now.
    int left() {
        int n = 0;
        while (says(R"({"type":"ping","id":1})").front().starts_with("express")) ++n;
        return n;
    }
    static std::string sync(int names) {
        std::string text = R"({"type":"sync","id":1,"topics":[)";
        for (int i = 0; i != names; ++i) {
            text += (i == 0 ? "\"log." : ",\"log.") + std::to_string(i) + '"';
        }
        return text + "]}";
    }
    log_page page_of(std::size_t bytes) {
        message m;
        m.topic = "log.a";
        m.payload = '"' + std::string(bytes, 'x') + '"';
        m.at = {epoch_id{7}, 1};
        return {m.at, {std::make_shared<message const>(m)}, {}, false};
    }
};

TEST(cost, of_names) {
    struct row {
        int names, cost;
    };
    for (row const& r : {row{1, 1}, row{15, 1}, row{16, 2}, row{160, 11}, row{1000, 63}}) {
        paying s;
        EXPECT_EQ(s.says(s.sync(r.names)).size(), static_cast<std::size_t>(r.names));
        EXPECT_EQ(s.left(), 199 - r.cost) << r.names;
    }
}

TEST(cost, of_bytes_answered) {
    paying s;
    s.settings.ring.outbox_bytes = 4 << 20;
    s.says(R"({"type":"history","topic":"log.a","id":1})");
    s.session().on_read(s.port.reads.at(0).ticket, s.page_of(100), s.at);
    s.says(R"({"type":"history","topic":"log.a","id":2})");
    s.session().on_read(s.port.reads.at(1).ticket, s.page_of(10 * 16 * 1024), s.at);
    s.did();
    EXPECT_EQ(s.left(), 199 - 1 - 11);
}

TEST(cost, beyond_what_is_left_is_a_debt_that_the_next_message_waits_for) {
    paying s;
    s.settings.messages_per_second = 10;
    EXPECT_EQ(s.says(s.sync(1000)).size(), 1000U);
    auto const refused = s.says(R"({"type":"ping","id":1})");
    // 63 of the 19 that were left; the one that was taken for it is among them.
    EXPECT_NE(refused.front().find(R"("retry_after_ms":4)"), std::string::npos) << refused.front();
    EXPECT_EQ(at(s.counts.limited, limit_kind::messages).read(), 1U);
    s.passes(seconds(5));
    EXPECT_EQ(s.says(R"({"type":"ping"})").size(), 1U);
}

TEST(cost, a_debt_is_bounded) {
    paying s;
    s.settings.messages_per_second = 1;
    for (int i = 0; i != 3; ++i) s.says(s.sync(1000));
    s.passes(seconds(11));
    EXPECT_EQ(s.says(R"({"type":"ping","id":1})"), actions{R"(express {"type":"pong","id":1})"});
}

TEST(cost, is_also_the_users) {
    paying s;
    directory_limits limits;
    limits.messages_per_second_per_user = 10;
    s.directory.change(limits);
    s.settings.messages_per_second = 10'000;
    s.says(s.sync(1000));
    auto const refused = s.says(R"({"type":"ping","id":1})");
    EXPECT_NE(refused.front().find("this user"), std::string::npos) << refused.front();
    EXPECT_EQ(at(s.counts.limited, limit_kind::messages_per_user).read(), 1U);
}

TEST(cost, nothing_where_there_is_no_limit) {
    paying s;
    s.settings.messages_per_second = 0;
    for (int i = 0; i != 10; ++i) {
        s.says(s.sync(1000));
        for (auto const& r : s.port.reads) s.session().on_read(r.ticket, log_page{}, s.at);
        s.port.reads.clear();
        s.did();
    }
    EXPECT_EQ(s.says(R"({"type":"ping","id":1})"), actions{R"(express {"type":"pong","id":1})"});
}

}  // namespace
}  // namespace weir
