#include "session/script.hpp"
#include "topic/dice.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace weir {
namespace {

using step = std::function<void(script&)>;

position const somewhere{epoch_id{7}, 41};

step says(std::string text) {
    return [text](script& s) { s.says(text); };
}

/// A life of a session with something of everything in it.
std::vector<step> life() {
    return {
        says(R"({"type":"hello","id":1,"payload":{"token":"ann"}})"),
        says(R"({"type":"subscribe","topic":"open.a","id":2})"),
        says(R"({"type":"subscribe","topic":"open.b","id":3})"),
        says(R"({"type":"subscribe","topic":"open.a"})"),
        says(R"({"type":"publish","topic":"open.a","payload":1,"id":4})"),
        says(R"({"type":"publish","topic":"open.a","payload":1})"),
        [](script& s) { s.talk().on_joined("open.a", as_answer(somewhere)); },
        says(R"({"type":"unsubscribe","topic":"open.b","id":5})"),
        [](script& s) {
            for (auto const& p : s.port.publishes) s.talk().on_published(p.ticket, somewhere);
        },
        says(R"({"type":"ping","id":6})"),
        says(R"({"type":"received","count":0})"),
        says(R"({"type":"jump","id":7})"),
        says("nonsense"),
        [](script& s) { s.talk().subscribe_by_server("$user.ann", s.at); },
        [](script& s) { s.talk().on_joined("$user.ann", fault{errc::limit_reached, "full"}); },
        [](script& s) { s.talk().go_away({"drain", milliseconds(1), milliseconds(1)}); },
        [](script& s) { s.talk().unsubscribe_by_server("open.a", {errc::forbidden, "no"}); },
        [](script& s) { s.passes(milliseconds(24'000)); },
        [](script& s) { s.talk().on_pong_frame(s.at); },
        [](script& s) { s.talk().on_delivered(s.at); },
        says(R"({"type":"pong"})"),
    };
}

/// Everything that ends a session, whatever it is doing.
std::vector<std::pair<char const*, step>> ends() {
    return {
        {"server", [](script& s) { s.talk().close(close_reason::disconnected); }},
        {"binary", [](script& s) { s.talk().on_binary(s.at); }},
        {"silence", [](script& s) { s.passes(milliseconds(100'000)); }},
        {"errors",
         [](script& s) {
             for (int i = 0; i != 30; ++i) s.says("x");
         }},
        {"flood",
         [](script& s) {
             for (int i = 0; i != 130; ++i) s.says(R"({"type":"ping"})");
         }},
        {"second hello",
         [](script& s) {
             for (int i = 0; i != 30; ++i) s.says(R"({"type":"hello","payload":{"token":"old"}})");
         }},
    };
}

/// The port of the script fails the test when it is asked anything after close.
TEST(every_step, after_the_end_nothing_is_asked_any_more) {
    auto const steps = life();
    for (auto const& [name, end] : ends()) {
        for (std::size_t cut = 0; cut <= steps.size(); ++cut) {
            SCOPED_TRACE(std::string(name) + " after step " + std::to_string(cut));
            script s;
            s.settings.messages_per_second = 10;
            s.settings.errors_per_minute = 10;
            session& talk = s.connect();
            for (std::size_t i = 0; i != cut; ++i) steps[i](s);
            ASSERT_FALSE(s.port.closed);
            end(s);
            ASSERT_TRUE(s.port.closed);
            EXPECT_TRUE(talk.is_closing());
            EXPECT_FALSE(talk.is_open());
            EXPECT_EQ(talk.deadline(), never);
            s.did();
            for (step const& more : steps) more(s);
            for (auto const& [again, another] : ends()) another(s);
            EXPECT_EQ(s.did(), actions{});
        }
    }
}

TEST(every_step, a_session_may_be_destroyed) {
    auto const steps = life();
    for (std::size_t cut = 0; cut <= steps.size(); ++cut) {
        script s;
        s.connect();
        for (std::size_t i = 0; i != cut; ++i) steps[i](s);
        s.drop();
        EXPECT_EQ(s.people.connections(), 0U);
    }
}

/// Asks at random and answers at random, and keeps count of what each id was answered.
class gambler {
public:
    explicit gambler(std::uint64_t seed) : dice_(seed) {
        s_.settings.messages_per_second = 200;
        s_.settings.subscriptions_max = 4;
        s_.settings.errors_per_minute = 1'000'000;
        s_.connect();
    }

    void run(int steps) {
        for (int i = 0; i != steps; ++i) {
            s_.port.answered = dice_.one_in(3) ? &s_.talk() : nullptr;
            s_.port.answer = outcome();
            one();
            take_down();
        }
        s_.port.answered = nullptr;
        answer_everything();
        take_down();
        for (auto const& [id, answers] : answers_) {
            EXPECT_EQ(answers, 1) << "id " << id << ": " << asked_.at(id);
        }
        EXPECT_GT(answers_.size(), 50U);
    }

private:
    result<position> outcome() {
        if (dice_.one_in(4)) return fault{errc::unavailable, "no"};
        return somewhere;
    }

    std::string topic() {
        return "open." + std::string(1, static_cast<char>('a' + dice_.below(6)));
    }

    void ask(std::string fields) {
        if (!dice_.one_in(5)) {
            int const id = ++last_id_;
            answers_[id] = 0;
            asked_[id] = fields;
            fields += R"(,"id":)" + std::to_string(id);
        }
        for (std::string const& line : s_.says('{' + fields + '}')) read(line);
    }

    void one() {
        switch (dice_.below(16)) {
            case 0:
            case 1:
            case 2:
                return ask(R"("type":"subscribe","topic":")" + topic() + '"');
            case 3:
            case 4:
                return ask(R"("type":"unsubscribe","topic":")" + topic() + '"');
            case 5:
            case 6:
            case 7:
                return ask(R"("type":"publish","payload":1,"topic":")" + topic() + '"');
            case 8:
                return ask(R"("type":"received","count":)" + std::to_string(dice_.below(3)));
            case 9:
                return ask(dice_.one_in(2) ? R"("type":"ping")" : R"("type":"pong")");
            case 10:
                return ask(R"("type":"jump")");
            case 11:
                return ask(R"("type":"subscribe","topic":"shut")");
            case 12:
                return answer_a_join();
            case 13:
                return answer_a_publish();
            case 14:
                for (std::string const& line : s_.passes(milliseconds(dice_.below(50)))) read(line);
                return s_.talk().on_traffic(s_.at);
            default:
                if (dice_.one_in(2)) {
                    s_.talk().subscribe_by_server(topic(), s_.at);
                } else {
                    s_.talk().unsubscribe_by_server(topic(), {errc::forbidden, "no"});
                }
        }
    }

    /// A join that was answered before is answered again now and then: nobody waits for it.
    void answer_a_join() {
        if (s_.port.joined.empty()) return;
        auto const which =
            std::next(s_.port.joined.begin(),
                      static_cast<std::ptrdiff_t>(dice_.below(s_.port.joined.size())));
        std::string const name = which->first;
        result<position> const said = outcome();
        if (!said) s_.port.joined.erase(which);
        s_.talk().on_joined(name, as_answer(said));
    }

    void answer_a_publish() {
        if (open_publishes_.empty()) return;
        std::size_t const i = dice_.below(open_publishes_.size());
        publish_ticket const ticket = open_publishes_[i];
        open_publishes_.erase(open_publishes_.begin() + static_cast<std::ptrdiff_t>(i));
        s_.talk().on_published(ticket, outcome());
    }

    void answer_everything() {
        take_down();
        while (!open_publishes_.empty()) answer_a_publish();
        auto const topics = s_.port.joined;
        for (auto const& [name, at] : topics) s_.talk().on_joined(name, as_answer(somewhere));
    }

    /// What was said since; also which publishes the port has to answer.
    void take_down() {
        for (std::string const& line : s_.port.log) read(line);
        for (auto const& p : s_.port.publishes) {
            if (s_.port.answered == nullptr) open_publishes_.push_back(p.ticket);
        }
        s_.port.publishes.clear();
        s_.port.log.clear();
    }

    void read(std::string const& line) {
        std::size_t const brace = line.find('{');
        if (brace == std::string::npos) return;
        auto const said = nlohmann::json::parse(line.substr(brace));
        if (said.contains("id")) ++answers_.at(said.at("id").get<int>());
    }

    dice dice_;
    script s_;
    int last_id_ = 0;
    std::map<int, int> answers_;
    std::map<int, std::string> asked_;
    std::vector<publish_ticket> open_publishes_;
};

TEST(every_step, each_id_is_answered_exactly_once) {
    SCOPED_TRACE(seed_trace());
    for (std::uint64_t round = 0; round != 10; ++round) {
        SCOPED_TRACE(round);
        gambler g(test_seed() + round);
        g.run(400);
        if (testing::Test::HasFailure()) return;
    }
}

}  // namespace
}  // namespace weir
