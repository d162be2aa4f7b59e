#include "session/script.hpp"
#include "topic/dice.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace weir {
namespace {

position const somewhere{epoch_id{7}, 41};

/// A client that asks at random, loses its connection at random and comes back with what it has
/// handled, and a server that answers at random. In the end each id has one answer among what the
/// client has handled, and each publish was executed once.
class gambler {
public:
    explicit gambler(std::uint64_t seed) : dice_(seed) {
        s_.settings.messages_per_second = 100;
        s_.settings.subscriptions_max = 4;
        s_.settings.errors_per_minute = 1'000'000;
        s_.settings.ring.replay_frames = 1'000'000;
        s_.settings.ring.replay_bytes = 1'000'000'000;
        s_.open();
    }

    void run(int steps) {
        for (int i = 0; i != steps; ++i) {
            s_.port.answered = dice_.one_in(3) ? &s_.session() : nullptr;
            s_.port.answer = outcome();
            one();
            take_down();
            ASSERT_LE(s_.session().frames().received(), s_.session().frames().sent());
            ASSERT_LE(s_.session().frames().sent(), s_.session().frames().queued());
        }
        if (s_.port.away) come_back();
        s_.port.answered = nullptr;
        answer_everything();
        count_answers();
    }

private:
    result<position> outcome() {
        if (dice_.one_in(4)) return fault{errc::unavailable, "no"};
        return somewhere;
    }

    std::string topic() {
        return (dice_.one_in(3) ? "log." : "open.") +
               std::string(1, static_cast<char>('a' + dice_.below(6)));
    }

    /// The text of a command, mostly with an id.
    std::string compose(std::string fields) {
        if (!dice_.one_in(5)) {
            int const id = ++last_id_;
            asked_[id] = fields;
            fields += R"(,"id":)" + std::to_string(id);
        }
        return '{' + fields + '}';
    }
    void ask(std::string fields) {
        if (!s_.port.away) s_.says(compose(std::move(fields)));
    }

    /// Its payload is its id, so that one can see how often it was executed.
    std::string publish() {
        int const id = ++last_id_;
        asked_[id] = "publish";
        std::string text = R"({"type":"publish","topic":")" + topic() + R"(","payload":)" +
                           std::to_string(id) + R"(,"id":)" + std::to_string(id) + '}';
        publishes_[id] = text;
        return text;
    }

    void one() {
        switch (dice_.below(20)) {
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
                if (!s_.port.away) s_.says(publish());
                return;
            case 8:
                return ask(R"("type":"received","count":)" +
                           std::to_string(s_.handled.size() + (dice_.one_in(9) ? 1 : 0)));
            case 9:
                return ask(dice_.one_in(2) ? R"("type":"pong")" : R"("type":"jump")");
            case 10:
                return ask(R"("type":"history","topic":")" + topic() + '"');
            case 11:
                return ask(R"("type":"sync","topics":["log.a","log.b"])");
            case 12:
                return ask(dice_.one_in(2) ? R"("type":"sync")"
                                           : R"("type":"presence","topic":"log.a")");
            case 13:
                return answer_a_join();
            case 14:
                return answer_a_publish();
            case 15:
                return answer_a_read();
            case 16:
                s_.passes(milliseconds(dice_.below(50)));
                return s_.session().on_traffic(s_.at);
            case 17:
                return s_.port.away ? come_back() : leave();
            case 18:
                if (s_.port.away || dice_.one_in(4))
                    come_back();  // the old connection may still be there
                return;
            default:
                if (dice_.one_in(2)) {
                    s_.session().subscribe_by_server(topic(), s_.at);
                    return;
                }
                s_.session().unsubscribe_by_server(topic(), {errc::forbidden, "no"});
        }
    }

    void leave() {
        if (dice_.one_in(2)) publish();  // which does not arrive
        if (dice_.one_in(2)) s_.session().close(close_reason::heartbeat_missed);
        if (dice_.one_in(2)) answer_a_publish();
        s_.port.answered = nullptr;
        ASSERT_TRUE(s_.detaches());
    }

    /// What was on the way to the client is lost, and what it has no answer to it sends again.
    void come_back() {
        auto const& r = s_.session().frames();
        auto const known = s_.handled.size();
        auto const lost = dice_.below(std::min<std::size_t>(known - r.received(), 10) + 1);
        std::size_t const resumes = ++resumes_;
        auto const done = s_.resumes(s_.hello_again(known - lost));
        ASSERT_FALSE(done.empty());
        ASSERT_EQ(done.front(), "welcome") << "resume " << resumes;
        std::vector<int> unanswered;
        for (auto const& [id, text] : publishes_) {
            if (count(id) == 0) unanswered.push_back(id);
        }
        for (int const id : unanswered) s_.says(publishes_.at(id));
    }

    std::size_t count(int id) const {
        std::string const mark = R"("id":)" + std::to_string(id) + ',';
        std::string const last = R"("id":)" + std::to_string(id) + '}';
        return static_cast<std::size_t>(
            std::count_if(s_.handled.begin(), s_.handled.end(), [&](std::string const& text) {
                return text.find(mark) != std::string::npos || text.find(last) != std::string::npos;
            }));
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
        s_.session().on_joined(name, as_answer(said));
    }

    void answer_a_publish() {
        if (open_publishes_.empty()) return;
        std::size_t const i = dice_.below(open_publishes_.size());
        publish_ticket const ticket = open_publishes_[i];
        open_publishes_.erase(open_publishes_.begin() + static_cast<std::ptrdiff_t>(i));
        s_.session().on_published(ticket, outcome());
    }

    void answer_a_read() {
        if (open_reads_.empty()) return;
        std::size_t const i = dice_.below(open_reads_.size());
        auto const [ticket, members] = open_reads_[i];
        open_reads_.erase(open_reads_.begin() + static_cast<std::ptrdiff_t>(i));
        bool const fails = dice_.one_in(4);
        fault const no{errc::unavailable, "no"};
        if (members) {
            s_.session().on_members(ticket, fails ? result<presence_page>(no) : presence_page{},
                                    s_.at);
        } else {
            s_.session().on_read(ticket, fails ? result<log_page>(no) : log_page{}, s_.at);
        }
    }

    void answer_everything() {
        take_down();
        while (!open_publishes_.empty()) answer_a_publish();
        while (!open_reads_.empty()) answer_a_read();
        auto const topics = s_.port.joined;
        for (auto const& [name, at] : topics) s_.session().on_joined(name, as_answer(somewhere));
        take_down();
    }

    /// What was said since, and what the port has to answer.
    void take_down() {
        for (auto const& p : s_.port.publishes) {
            if (auto const id = std::stoi(p.what.payload); id != 0) ++executed_[id];
            if (s_.port.answered == nullptr) open_publishes_.push_back(p.ticket);
        }
        for (auto const& r : s_.port.reads) {
            if (s_.port.answered == nullptr) open_reads_.emplace_back(r.ticket, r.members);
        }
        s_.port.publishes.clear();
        s_.port.reads.clear();
        s_.did();
    }

    void count_answers() const {
        std::map<int, int> answers;
        for (std::string const& text : s_.handled) {
            auto const said = nlohmann::json::parse(text);
            if (said.contains("id")) ++answers[said.at("id").get<int>()];
        }
        for (auto const& [id, fields] : asked_) {
            EXPECT_EQ(answers[id], 1) << "id " << id << ": " << fields;
        }
        for (auto const& [id, times] : executed_) EXPECT_EQ(times, 1) << "publish " << id;
        EXPECT_GT(asked_.size(), 30U);
        EXPECT_GT(resumes_, 3U);
    }

    dice dice_;
    script s_;
    int last_id_ = 0;
    std::map<int, std::string> asked_;
    std::map<int, std::string> publishes_;  ///< their texts
    std::map<int, int> executed_;
    std::vector<publish_ticket> open_publishes_;
    std::vector<std::pair<publish_ticket, bool>> open_reads_;
    std::size_t resumes_ = 0;
};

TEST(every_id, is_answered_exactly_once_and_executed_at_most_once) {
    SCOPED_TRACE(seed_trace());
    for (std::uint64_t round = 0; round != 20; ++round) {
        SCOPED_TRACE(round);
        gambler g(test_seed() + round);
        g.run(400);
        if (testing::Test::HasFailure()) return;
    }
}

}  // namespace
}  // namespace weir
