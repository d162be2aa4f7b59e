#include "app/subscriber.hpp"

#include "app/notices.hpp"

#include <weir/base/ids.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <numeric>

namespace weir::app {
namespace asio = boost::asio;
using namespace client_engine;

namespace {

mono_time now() {
    return std::chrono::steady_clock::now();
}

void tell(std::string const& line) {
    std::fprintf(stderr, "%s\n", line.c_str());
}

resuming_client::settings engine_settings(sub_options const& o) {
    resuming_client::settings s;
    s.topics.resize(o.topics.size());
    std::iota(s.topics.begin(), s.topics.end(), 0U);
    s.names = &o.topics;
    s.heartbeat = seconds(20);
    s.seed = random_u64();
    s.options = subscribe_members(o);
    if (o.last != 0) s.first_options = R"(,"last":)" + std::to_string(o.last);
    s.subscribe_again = false;
    return s;
}

}  // namespace

std::string subscribe_members(sub_options const& o) {
    std::string out;
    if (o.state) out += R"(,"state":true)";
    if (o.presence) out += R"(,"presence":true)";
    if (o.rate > 0) {
        std::array<char, 32> digits;
        auto const end = std::to_chars(digits.data(), digits.data() + digits.size(), o.rate).ptr;
        out.append(R"(,"rate":)").append(digits.data(), end);
    }
    return out;
}

next_step after_refusal(fault const& why) noexcept {
    bool const passing = why.code == errc::unavailable || why.code == errc::timeout ||
                         why.code == errc::rate_limited;
    return passing ? next_step::reconnect : next_step::give_up;
}

next_step after_close(std::uint16_t code) noexcept {
    // The token is fixed on the command line, so a new connection would end in the same way.
    if (code == 4204) return next_step::give_up;
    return advice_of(code) == advice::stay_away ? next_step::give_up : next_step::reconnect;
}

subscriber::subscriber(sub_options& o)
    : options_(o),
      engine_(engine_settings(o), static_cast<client_link&>(*this), static_cast<witness&>(*this)),
      subscriptions_left_(o.topics.size()) {}

asio::awaitable<bool> subscriber::run() {
    for (;;) {  // ends: enough messages, a refusal, or a close that forbids to come back
        bool const away = engine_.at() == resuming_client::phase::away;
        auto const step = away ? co_await connect() : co_await follow();
        if (step == outcome::failed) co_return false;
        if (step == outcome::finished) {
            if (connection_) co_await connection_->close(1000, {}, answer_deadline());
            co_return true;
        }
    }
}

asio::awaitable<subscriber::outcome> subscriber::connect() {
    asio::steady_timer timer(co_await asio::this_coro::executor, engine_.due());
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    if (!engine_.tick(now())) co_return outcome::going_on;
    outgoing_.clear();
    auto opened = co_await options_.client.open(engine_.due());
    if (!opened) {
        fault const& why = opened.error();
        if (!options_.reconnect || after_refusal(why) == next_step::give_up) {
            complain(why.message);
            co_return outcome::failed;
        }
        tell(why.message);
        lost({.retry_after = why.retry_after});
        co_return outcome::going_on;
    }
    connection_ = std::move(*opened);
    engine_.opened(now());
    co_return co_await flush() ? outcome::going_on : ended({1006, "it broke while sending"});
}

asio::awaitable<subscriber::outcome> subscriber::follow() {
    auto next = co_await connection_->receive(engine_.due());
    if (!next && next.error().code == errc::timeout) {
        engine_.tick(now());
        if (!connection_ && !options_.reconnect) {
            complain("the server is silent");
            co_return outcome::failed;
        }
    } else if (!next) {
        complain(next.error().message);
        co_return outcome::failed;
    } else if (auto const* end = std::get_if<ws_client::closed>(&*next)) {
        co_return ended(*end);
    } else if (auto const step = take(std::get<std::string>(*next)); step != outcome::going_on) {
        co_return step;
    }
    if (!co_await flush()) co_return ended({1006, "it broke while sending"});
    co_return outcome::going_on;
}

asio::awaitable<bool> subscriber::flush() {
    while (connection_ && !outgoing_.empty()) {
        auto const text = std::move(outgoing_.front());
        outgoing_.pop_front();
        if (!co_await connection_->send(text, answer_deadline())) co_return false;
    }
    co_return true;
}

subscriber::outcome subscriber::take(std::string const& text) {
    auto const m = json_object::read(text);
    if (!m) return outcome::going_on;
    auto const type = m->text("type");
    if (type == "error") {
        if (auto const step = take_error(*m); step != outcome::going_on) return step;
    } else if (type == "message") {
        ++shown_;
        if (options_.json) {
            std::printf("%s\n", text.c_str());
        } else {
            std::printf("%s %s\n", m->text("topic").c_str(),
                        std::string(m->raw("payload")).c_str());
        }
        std::fflush(stdout);
    } else if (options_.json && (type == "gap" || type == "presence" || type == "unsubscribed")) {
        std::printf("%s\n", text.c_str());
        std::fflush(stdout);
    } else if (auto const line = notice_of(*m); !line.empty()) {
        tell(line);
    }
    // Without --reconnect it stays to the end: the engine would leave and come back.
    if (type != "goaway" || options_.reconnect) engine_.text(text, now());
    if (type == "unsubscribed" && --subscriptions_left_ == 0) {
        complain("no subscription is left");
        return outcome::failed;
    }
    return options_.count != 0 && shown_ >= options_.count ? outcome::finished : outcome::going_on;
}

subscriber::outcome subscriber::take_error(json_object const& m) {
    auto const payload = m.object("payload");
    auto const code = payload ? payload->text("code") : std::string();
    bool const passing = code == "rate_limited" || code == "unavailable" || code == "timeout";
    std::string const text = code + ": " + (payload ? payload->text("message") : std::string());
    if (options_.reconnect && passing) {
        tell(text);
        return outcome::going_on;
    }
    complain(text);
    return outcome::failed;
}

subscriber::outcome subscriber::ended(ws_client::closed const& c) {
    connection_.reset();
    if (!options_.reconnect || after_close(c.code) == next_step::give_up) {
        complain(closed_text(c));
        return outcome::failed;
    }
    tell(closed_text(c));
    std::optional<std::uint16_t> code;
    if (c.code != 1006) code = c.code;
    lost({.code = code});
    return outcome::going_on;
}

void subscriber::lost(ending const& how) {
    engine_.lost(how, now());
    auto const wait = std::chrono::duration_cast<milliseconds>(
        std::max(engine_.due() - now(), mono_time::duration(0)));
    std::array<char, 32> text;
    std::snprintf(text.data(), text.size(), "%.1f", static_cast<double>(wait.count()) / 1000);
    tell("reconnecting in " + std::string(text.data()) + " s");
}

void subscriber::happened(std::uint32_t, event what, std::uint64_t) {
    if (what == event::resumed) tell("reconnected: the session resumed");
    if (what == event::anew) tell("reconnected: a new session, recovering each topic's history");
    if (what == event::given_up) tell("the server is silent: reconnecting");
}

}  // namespace weir::app
