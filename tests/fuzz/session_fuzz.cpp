// A session between a client that says anything, loses its connection and comes back, and a server
// that answers late or at once. It must ask nothing after its end, count as its client counts, and
// answer each id at most once on a connection.
//
// Input: bounds of the outbox, then steps: an operation and what it needs.

#include "kit/decode_one.hpp"

#include <weir/base/assert.hpp>
#include <weir/session/session.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace weir;

class anybody final : public auth::verifier {
public:
    result<auth::identity> verify(std::string_view token, wall_ms) const override {
        if (token != "ann") return fault{errc::unauthorized, "no"};
        auth::identity who;
        who.user = token;
        return who;
    }
};

/// Asserts what an owner may rely on, and lets answers wait or gives them at once.
class port final : public session_port {
public:
    session* talk = nullptr;
    now at{};
    bool at_once = false, good = true;
    bool closed = false, over = false, away = false;
    std::map<std::string, bool, std::less<>> joined;  ///< by the server?
    std::vector<std::pair<publish_ticket, char>> asked;
    std::string secret;

    result<position> outcome() const {
        if (good) return position{epoch_id{7}, 41};
        return fault{errc::unavailable, "no"};
    }
    void answer(publish_ticket ticket, char what) {
        auto const said = outcome();
        if (what == 'p') return talk->on_published(ticket, said);
        if (what == 'm') {
            return talk->on_members(
                ticket, said ? result<presence_page>(presence_page{}) : said.error(), at);
        }
        talk->on_read(ticket, said ? result<log_page>(log_page{}) : said.error(), at);
    }

    void send(std::string_view body, bool numbered) override {
        WEIR_ASSERT(numbered ? !over : !closed);
        constexpr std::string_view mark = R"("secret":")";
        auto const found = body.find(mark);
        if (!numbered && found != std::string_view::npos)
            secret = body.substr(found + mark.size(), 22);
        auto const pushed = talk->frames().push(make_frame("", std::string(body), numbered));
        if (pushed == enqueued::queued) return;
        if (!away) return talk->close(close_reason::slow_consumer);
        talk->ruin(resume_result::overflow);
    }
    void subscribe(std::string_view topic, subscribe_options const& with) override {
        WEIR_ASSERT(!over && !subscribed(topic));
        joined.emplace(topic, with.by_server);
        if (!at_once) return;
        if (!good) joined.erase(joined.find(topic));
        talk->on_joined(topic, good ? result<join_answer>(join_answer{})
                                    : result<join_answer>(fault{errc::limit_reached, "full"}));
    }
    join_answer change(std::string_view topic, subscribe_options const&) override {
        WEIR_ASSERT(!closed && subscribed(topic));
        return {};
    }
    void unsubscribe(std::string_view topic) override {
        WEIR_ASSERT(!over && subscribed(topic));
        joined.erase(joined.find(topic));
    }
    bool subscribed(std::string_view topic) const override { return joined.contains(topic); }
    std::size_t subscriptions() const override { return joined.size(); }
    std::vector<topic_name> topics() const override {
        std::vector<topic_name> all;
        for (auto const& [name, by_server] : joined) all.push_back({name, by_server});
        return all;
    }
    void ask(publish_ticket ticket, char what) {
        WEIR_ASSERT(!closed && ticket >> 32 == 0);
        if (at_once) return answer(ticket, what);
        asked.emplace_back(ticket, what);
    }
    void read(log_query, publish_ticket ticket) override { ask(ticket, 'r'); }
    void members(std::string_view, std::uint32_t, publish_ticket t) override { ask(t, 'm'); }
    void publish(publication, publish_ticket ticket) override { ask(ticket, 'p'); }
    std::optional<resume_result> resume(command::resume_request const&) override {
        WEIR_ASSERT(!closed);
        return resume_result::unknown;
    }
    void ping_frame() override { WEIR_ASSERT(!closed); }
    void close(close_reason why, std::string_view text) override {
        WEIR_ASSERT(!over && text.size() <= 123);
        closed = true;
        over = !talk->is_alive();
        if (why != close_reason::slow_consumer) return;
        talk->frames().clear();
        talk->ruin(resume_result::overflow);
    }
    void opened() override { WEIR_ASSERT(!closed); }
};

std::vector<topic_rule> rules() {
    topic_policy kept;
    kept.history.messages = 10;
    kept.state = state_kind::keyed;
    kept.presence = true;
    return {{"a.**", {right::anyone}, {right::anyone}, kept},
            {"b.**", {right::anyone}, {right::anyone}, {}},
            {"c.**", {right::authenticated}, {right::nobody}, {}}};
}

class life {
public:
    life(std::uint8_t const* data, std::size_t size) : rest_(data, size), rules_(rules()) {
        settings_.anonymous = true;
        settings_.subscriptions_max = 4;
        settings_.messages_per_second = 50;
        settings_.ring.outbox_bytes = 200 + next() * std::size_t{64};
        settings_.ring.outbox_frames = 1 + next() / 4U;
        settings_.ring.replay_frames = next() / 2U;
        settings_.ring.replay_bytes = 16'384;
        if (next() % 8 == 0) settings_.resume_window = milliseconds(0);
        env_.settings = &settings_;
        env_.rules = &rules_;
        env_.verifier = &tokens_;
        env_.directory = &people_;
        env_.dialects[native_json] = dialect_.get();
        env_.authority = &authority_;
        env_.counts = &counts_;
        at_.mono = mono_time(seconds(1000));
        at_.wall = 1'700'000'000'000;
        talk_ = std::make_unique<session>(env_, port_, session_id::random(), session::credential{},
                                          at_);
        port_.talk = talk_.get();
        talk_->start(at_);
    }

    void run() {
        while (!rest_.empty()) {
            step(next());
            check();
        }
    }

private:
    std::uint8_t next() {
        if (rest_.empty()) return 0;
        auto const b = rest_.front();
        rest_ = rest_.subspan(1);
        return b;
    }

    std::string topic() {
        std::uint8_t const b = next();
        return std::string(1, static_cast<char>('a' + b % 3)) + '.' + std::to_string(b / 3 % 6);
    }
    /// With an id of its own, mostly.
    std::string with_id(std::string fields) {
        if (next() % 4 != 0) fields += R"(,"id":"generated-)" + std::to_string(++last_id_) + '"';
        return '{' + fields + '}';
    }

    void say(std::string_view text) {
        if (port_.away) return;
        talk_->on_traffic(at_);
        auto const decoded = decode_one(*dialect_, text);
        if (auto const* c = std::get_if<command>(&decoded)) {
            talk_->on_command(*c, at_);
        } else {
            talk_->on_fault(std::get<command_fault>(decoded), at_);
        }
    }

    void step(std::uint8_t op) {
        port_.at = at_;
        port_.at_once = (op & 0x10) != 0;
        port_.good = (op & 0x20) == 0;
        switch (op % 16) {
            case 0:
                return say(with_id(R"("type":"subscribe","topic":")" + topic() + '"' +
                                   (next() % 2 == 0 ? R"(,"presence":true)" : "")));
            case 1:
                return say(with_id(R"("type":"unsubscribe","topic":")" + topic() + '"'));
            case 2:
                return publish();
            case 3:
                return again();
            case 4:
                return say(with_id(R"("type":"history","topic":")" + topic() + '"'));
            case 5:
                return say(with_id(next() % 2 == 0 ? R"("type":"sync")"
                                                   : R"("type":"presence","topic":"a.1")"));
            case 6:
                return say(R"({"type":"received","count":)" +
                           std::to_string(handled_.size() + next() % 2U) + '}');
            case 7:
                return anything();
            case 8:
                return read(next());
            case 9:
                return leave();
            case 10:
                return come_back();
            case 11:
                return answer();
            case 12:
                at_.mono += milliseconds(next() * 200);
                at_.wall += next() * 200;
                return talk_->on_tick(at_);
            case 13:
                return server();
            case 14:
                if (!port_.away) talk_->on_pong_frame(at_);
                return;
            default:
                return say(R"({"type":"hello","id":"h","payload":{"token":"ann"}})");
        }
    }

    void publish() {
        std::string const id = "\"generated-" + std::to_string(++last_id_) + '"';
        std::string const text =
            R"({"type":"publish","payload":1,"topic":")" + topic() + R"(","id":)" + id + '}';
        published_.push_back({id, text, attachment_});
        say(text);
    }
    /// As a client that came back: once a connection, and only what it has no answer to.
    void again() {
        for (auto& p : published_) {
            if (p.attachment == attachment_ ||
                std::find(handled_.begin(), handled_.end(), p.id) != handled_.end()) {
                continue;
            }
            p.attachment = attachment_;
            return say(p.text);
        }
    }
    void anything() {
        std::size_t const n = std::min<std::size_t>(next(), rest_.size());
        std::string const text(rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(n));
        rest_ = rest_.subspan(n);
        say(text);
    }

    /// The client handles the next frames, as far as there is a connection.
    void read(std::size_t n) {
        ring& r = talk_->frames();
        if (port_.away) return;
        std::vector<frame const*> waiting(std::min(n, r.outbox_frames()));
        WEIR_ASSERT(r.peek(waiting) == waiting.size());
        for (frame const* const f : waiting) {
            if (f->numbered()) handle(f->body());
        }
        r.commit(waiting.size());
    }
    void handle(std::string_view body) {
        constexpr std::string_view mark = R"("id":"generated-)";
        auto const at = body.find(mark);
        std::string id;
        if (at != std::string_view::npos) {
            auto const begin = at + 5;
            id = body.substr(begin, body.find('"', begin + 1) + 1 - begin);
            WEIR_ASSERT(std::find(handled_.begin(), handled_.end(), id) == handled_.end());
        }
        handled_.push_back(std::move(id));
    }

    void leave() {
        if (port_.away || port_.over) return;
        port_.closed = port_.away = true;
        port_.over = !talk_->detach(at_);
    }

    void come_back() {
        if (!talk_->is_alive() || port_.secret.empty()) return;
        std::uint64_t const received =
            handled_.size() - std::min<std::size_t>(handled_.size(), next());
        std::string const hello = R"({"type":"hello","payload":{"resume":{"session":")" +
                                  talk_->id().text() + R"(","secret":")" + port_.secret +
                                  R"(","received":)" + std::to_string(received) + "}}}";
        auto const decoded = decode_one(*dialect_, hello);
        auto const& c = std::get<command>(decoded);
        ring& r = talk_->frames();
        bool const may = settings_.resume_window.count() != 0 && !talk_->is_ruined() &&
                         r.standing_of(received) == ring::standing::good;
        auto const verdict = talk_->may_resume(*c.resume, talk_->user(), native_json);
        WEIR_ASSERT((verdict == resume_result::resumed) == may);
        if (!may) return;
        port_.closed = port_.away = false;
        handled_.resize(received);
        auto const queued = r.queued();
        r.rewind(received);
        WEIR_ASSERT(r.queued() == queued && r.sent() == received);
        session::login with;
        if (!talk_->user().empty()) {
            with.identity = std::make_shared<auth::identity const>(*tokens_.verify("ann", 0));
        }
        ++attachment_;
        talk_->resume(c, std::move(with), at_);
    }

    void answer() {
        if (port_.asked.empty()) {
            if (port_.joined.empty()) return;
            auto const which = std::next(port_.joined.begin(),
                                         static_cast<std::ptrdiff_t>(next() % port_.joined.size()));
            std::string const name = which->first;
            if (port_.good) return talk_->on_joined(name, join_answer{});
            port_.joined.erase(which);
            return talk_->on_joined(name, fault{errc::limit_reached, "full"});
        }
        auto const which =
            port_.asked.begin() + static_cast<std::ptrdiff_t>(next() % port_.asked.size());
        auto const [ticket, what] = *which;
        port_.asked.erase(which);
        port_.answer(ticket, what);
    }

    void server() {
        switch (std::uint8_t const b = next(); b % 8) {
            case 0:
            case 1:
                talk_->subscribe_by_server(topic(), at_);
                return;
            case 2:
            case 3:
                return talk_->unsubscribe_by_server(topic(), {errc::forbidden, "no"});
            case 4:
                return talk_->go_away({"drain", milliseconds(1), milliseconds(1)});
            case 5:
                if (!port_.away) talk_->close(close_reason::draining);
                return;
            case 6:
                return talk_->close(b < 128 ? close_reason::heartbeat_missed
                                            : close_reason::disconnected);
            default:
                if (!port_.away) talk_->on_unreadable(close_reason::unsupported_data, at_);
        }
    }

    void check() const {
        ring const& r = talk_->frames();
        WEIR_ASSERT(r.received() <= r.sent() && r.sent() <= r.queued());
        WEIR_ASSERT(r.sent() == handled_.size());
        WEIR_ASSERT(r.replay_frames() <= settings_.ring.replay_frames);
        WEIR_ASSERT(port_.over == !talk_->is_alive() || !talk_->opened_at());
        WEIR_ASSERT(!talk_->is_open() || !port_.closed);
    }

    struct sent {
        std::string id, text;
        int attachment;
    };
    std::span<std::uint8_t const> rest_;
    rule_set rules_;
    rule_authority authority_{rules_};
    anybody tokens_;
    session_settings settings_;
    directory people_{{}};
    observer counts_;
    std::unique_ptr<dialect> dialect_ = make_json_dialect();
    session_environment env_;
    now at_;
    port port_;
    std::unique_ptr<session> talk_;
    std::vector<std::string> handled_;  ///< ids of all numbered messages, empty without one
    std::vector<sent> published_;
    int last_id_ = 0;
    int attachment_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    life(data, size).run();
    return 0;
}
