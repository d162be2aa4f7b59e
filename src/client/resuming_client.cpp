#include <weir/client/json_object.hpp>
#include <weir/client/resuming_client.hpp>
#include <weir/message/json_text.hpp>

#include <algorithm>
#include <functional>
#include <utility>

namespace weir::client_engine {
namespace {

constexpr unsigned backoff_doublings_max = 5;  // 1, 2, 4, 8, 16 and then 30 s
constexpr milliseconds backoff_max{30'000};
constexpr milliseconds at_once_jitter{1000};

}  // namespace

advice advice_of(std::uint16_t code) noexcept {
    if (code == 4006) return advice::backoff;  // with a new session
    if (code >= 4200 && code < 4300) return advice::at_once;
    if (code >= 4000 && code < 4100) return advice::stay_away;
    if (code == 1000 || code == 1002 || code == 1003 || code == 1007 || code == 1009) {
        return advice::stay_away;
    }
    return advice::backoff;
}

resuming_client::resuming_client(settings s, client_link& link, witness& sees)
    : settings_(std::move(s)), link_(link), witness_(sees), chance_(settings_.seed) {
    for (std::uint32_t const topic : settings_.topics) {
        subscription& one = subscriptions_.emplace_back();
        one.topic = topic;
        one.options = settings_.options;
    }
}

mono_time resuming_client::due() const noexcept {
    if (phase_ == phase::done) return never;
    if (phase_ != phase::open) return due_;
    mono_time at = std::min(leave_at_, silent_since_ + silence_);
    for (subscription const& s : subscriptions_) at = std::min(at, s.again);
    return at;
}

bool resuming_client::tick(mono_time now) {
    if (due() > now) return false;
    if (phase_ == phase::away) {
        phase_ = phase::greeting;
        due_ = now + settings_.welcome_timeout;
        return true;
    }
    if (phase_ == phase::greeting || silent_since_ + silence_ <= now) {
        witness_.happened(settings_.number, witness::event::given_up, counted_);
        link_.drop();
        lost({}, now);
        return false;
    }
    if (leave_at_ <= now) {
        link_.drop();
        lost({.code = std::uint16_t{4200}}, now);
        return false;
    }
    for (std::size_t i = 0; i != subscriptions_.size(); ++i) {
        if (subscriptions_[i].again <= now) ask(i);
    }
    return false;
}

void resuming_client::opened(mono_time now) {
    silent_since_ = now;
    say_hello();
}

void resuming_client::say_hello() {
    std::string hello =
        R"({"type":"hello","payload":{"heartbeat":{"mode":"message","interval_ms":)" +
        std::to_string(settings_.heartbeat.count()) + "}";
    if (!settings_.token.empty()) {
        hello += R"(,"token":)";
        append_json_string(hello, settings_.token);
    }
    repeats_ = 0;
    if (!session_.empty()) {
        hello += R"(,"resume":{"session":)";
        append_json_string(hello, session_);
        hello += R"(,"secret":)";
        append_json_string(hello, secret_);
        // Every number from the last receipt on is true; what was handled after it comes again.
        if (settings_.rewind) repeats_ = chance_.below(counted_ - received_ + 1);
        received_ = std::max(received_, counted_ - repeats_);
        marks_.erase(marks_.begin(),
                     marks_.end() - static_cast<std::ptrdiff_t>(std::min(repeats_, marks_.size())));
        hello += R"(,"received":)" + std::to_string(counted_ - repeats_) + "}";
    }
    link_.send(hello + "}}");
}

void resuming_client::lost(ending const& how, mono_time now) {
    if (phase_ == phase::done) return;
    witness_.happened(settings_.number, witness::event::lost, how.code.value_or(0));
    leave_at_ = never;
    for (subscription& s : subscriptions_) {
        if (s.again != never) s.again = now;  // the question is still to be asked
    }
    if (how.status != 0 && how.status != 429 && how.status != 503) {
        broken("handshake refused with status " + std::to_string(how.status));
    }
    auto const what = how.code ? advice_of(*how.code) : advice::backoff;
    if (what == advice::stay_away) {
        phase_ = phase::done;
        return broken("closed with " + std::to_string(*how.code) + ": not to come back");
    }
    if (how.code == 4006) session_.clear();
    come_back(how.retry_after, what == advice::at_once, now);
}

void resuming_client::come_back(milliseconds no_sooner, bool at_once, mono_time now) {
    phase_ = phase::away;
    auto const base = std::min(backoff_max, milliseconds(1000) * (1U << attempts_));
    auto const most = at_once ? at_once_jitter : base;
    if (!at_once) attempts_ = std::min(attempts_ + 1, backoff_doublings_max);
    auto const wait = milliseconds(chance_.below(static_cast<std::uint64_t>(most.count()) + 1));
    due_ = now + no_sooner + wait;
}

void resuming_client::stay_away(mono_time until) {
    if (phase_ == phase::done) return;
    if (phase_ != phase::away) link_.drop();
    lost({}, until);
}

void resuming_client::finish() {
    if (phase_ == phase::open) link_.leave();
    if (phase_ == phase::greeting) link_.drop();
    phase_ = phase::done;
}

void resuming_client::text(std::string_view text, mono_time now) {
    auto const before = std::exchange(heard_, now);
    silent_since_ = now;
    auto const m = json_object::read(text);
    if (!m) return broken("not a JSON object: " + std::string(text.substr(0, 200)));
    auto const quoted = m->raw("type");
    auto const type = quoted.size() < 2 ? quoted : quoted.substr(1, quoted.size() - 2);
    if (type == "ping") return link_.send(R"({"type":"pong"})");
    if (type == "pong") return;
    if (type == "welcome") {
        auto const payload = m->object("payload");
        if (!payload || phase_ != phase::greeting) return broken("a welcome out of place");
        return on_welcome(*payload, before, now);
    }
    if (phase_ != phase::open) return broken("before the welcome: " + std::string(type));
    if (type == "goaway") {
        auto const payload = m->object("payload");
        leave_at_ =
            now + milliseconds(payload ? payload->number("reconnect_after_ms").value_or(0) : 0);
        return;
    }
    if (type == "close") return;
    take_numbered(text, type, *m, now);
}

void resuming_client::take_numbered(std::string_view text, std::string_view type,
                                    json_object const& m, mono_time now) {
    auto const mark = settings_.rewind ? std::hash<std::string_view>()(text) : 0;
    if (repeats_ != 0) {
        if (marks_[marks_.size() - repeats_] != mark) {
            broken("message " + std::to_string(counted_ - repeats_ + 1) +
                   " of the session was sent again with another text: " +
                   std::string(text.substr(0, 200)));
        }
        --repeats_;
        return;
    }
    on_numbered(type, m, now);
    ++counted_;
    if (settings_.rewind) marks_.push_back(mark);
    if (quarter_ != 0 && counted_ - received_ >= quarter_ && phase_ == phase::open) {
        received_ = counted_;
        marks_.clear();
        link_.send(R"({"type":"received","count":)" + std::to_string(counted_) + "}");
    }
}

void resuming_client::on_welcome(json_object const& payload, mono_time before, mono_time now) {
    bool const asked = !session_.empty();
    bool const resumed = payload.flag("resumed");
    if (!resumed) repeats_ = 0;
    if (resumed && !asked) broken("resumed, which was not asked for");
    if (asked && !resumed) {
        auto const reason = payload.text("reason");
        if (reason.empty()) broken("not resumed, without a reason");
        witness_.not_resumed(settings_.number, reason,
                             std::chrono::duration_cast<milliseconds>(now - before));
    }
    auto const session = payload.text("session");
    if (resumed && session != session_) broken("resumed another session");
    if (!resumed) begin_session_anew();
    session_ = session;
    secret_ = payload.text("secret");
    if (session_.empty() || secret_.empty()) broken("a welcome without session or secret");
    phase_ = phase::open;
    attempts_ = 0;
    auto const limits = payload.object("limits");
    auto const replay = limits ? limits->number("replay_messages").value_or(0) : 0;
    quarter_ = replay == 0 ? 0 : std::max<std::uint64_t>(1, replay / 4);
    auto const beat = payload.object("heartbeat");
    silence_ = milliseconds(beat ? beat->number("interval_ms").value_or(30'000) +
                                       beat->number("timeout_ms").value_or(10'000)
                                 : 40'000);
    silent_since_ = now;
    witness_.happened(
        settings_.number,
        resumed ? witness::event::resumed : (asked ? witness::event::anew : witness::event::opened),
        counted_);
    for (std::size_t i = 0; i != subscriptions_.size(); ++i) {
        subscription const& s = subscriptions_[i];
        if (s.now == subscription::state::none && s.again == never) {
            ask(i);
        } else if (s.now == subscription::state::asked || s.renewing) {
            send_subscribe(i);  // unanswered: the same question again
        }
    }
    for (waiting& w : publishes_) {
        w.again = true;
        link_.send(w.text);
    }
    for (question const& q : questions_) link_.send(q.text);
}

void resuming_client::begin_session_anew() {
    counted_ = received_ = 0;
    marks_.clear();
    for (waiting const& w : publishes_) witness_.unknown(settings_.number, w.number);
    publishes_.clear();
    answered_.clear();
    for (subscription& s : subscriptions_) {
        if (s.now != subscription::state::ended) s.now = subscription::state::none;
        s.again = never;
        s.renewing = false;
    }
}

std::string resuming_client::id_of(std::size_t slot) const {
    return "s" + std::to_string(slot) + "." + std::to_string(subscriptions_[slot].asks);
}

void resuming_client::ask(std::size_t slot) {
    subscription& s = subscriptions_[slot];
    ++s.asks;
    s.now = subscription::state::asked;
    s.again = never;
    s.since = s.last;
    send_subscribe(slot);
}

bool resuming_client::asking(std::size_t slot) const noexcept {
    subscription const& s = subscriptions_[slot];
    return s.now == subscription::state::asked || s.renewing;
}

void resuming_client::set_options(std::size_t slot, std::string options) {
    subscription& s = subscriptions_[slot];
    s.options = std::move(options);
    if (phase_ != phase::open || s.now != subscription::state::active) return;
    ++s.asks;
    s.renewing = true;
    send_subscribe(slot);
}

void resuming_client::request(std::string_view id, std::string_view text) {
    question q{.id = "q" + std::string(id), .text = R"({"id":)"};
    append_json_string(q.text, q.id);
    q.text += text;
    q.text += '}';
    if (phase_ == phase::open) link_.send(q.text);
    questions_.push_back(std::move(q));
}

void resuming_client::send_subscribe(std::size_t slot) {
    subscription const& s = subscriptions_[slot];
    std::string text = R"({"type":"subscribe","id":")" + id_of(slot) + R"(","topic":)";
    append_json_string(text, (*settings_.names)[s.topic]);
    if (s.renewing) {
        // No part of the past: it replaces the options.
    } else if (s.since) {
        text += R"(,"since":{"epoch":)";
        append_json_string(text, s.since->epoch);
        text += R"(,"offset":)" + std::to_string(s.since->offset) + "}";
    } else {
        text += settings_.first_options;
    }
    link_.send(text + s.options + "}");
}

void resuming_client::publish(std::uint64_t number, std::uint32_t topic, std::string_view payload,
                              std::string_view members) {
    waiting w{.number = number, .topic = topic, .again = false, .text = {}};
    w.text = R"({"type":"publish","id":)" + std::to_string(number) + R"(,"topic":)";
    append_json_string(w.text, (*settings_.names)[topic]);
    w.text += members;
    w.text += R"(,"payload":)";
    w.text += payload;
    w.text += '}';
    publishes_.push_back(std::move(w));
    link_.send(publishes_.back().text);
}

bool resuming_client::subscribed_to_all() const noexcept {
    return std::all_of(subscriptions_.begin(), subscriptions_.end(),
                       [](subscription const& s) { return s.now == subscription::state::active; });
}

}  // namespace weir::client_engine
