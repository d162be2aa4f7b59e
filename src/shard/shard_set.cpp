#include "shard/ask.hpp"
#include "shard/memory_family.hpp"
#include "shard/memory_ladder.hpp"
#include "shard/settings_spread.hpp"
#include "shard/shard.hpp"

#include <weir/base/log.hpp>
#include <weir/base/memory_meter.hpp>
#include <weir/message/topic_name.hpp>
#include <weir/shard/shard_set.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <numeric>

namespace weir {
namespace asio = boost::asio;

namespace {

topic_facts facts_of(broker_topic const& t) {
    return {.name = t.name,
            .at = t.at,
            .subscribers = 0,
            .messages = t.messages,
            .bytes = t.bytes,
            .state_keys = t.state_keys,
            .members = t.members};
}

std::unique_ptr<broker_family> make_brokers(shard_settings const& s) {
    switch (s.broker) {
        case broker_kind::memory:
            break;
    }
    return std::make_unique<memory_family>(
        memory_broker_settings{.shards = s.shards,
                               .topics_max = s.topics_max,
                               .backlog_messages_max = s.backlog_messages_max,
                               .backlog_bytes_max = s.backlog_bytes_max,
                               .dedupe_window = s.dedupe_window,
                               .history_bytes_max = s.history_bytes_max});
}

}  // namespace

struct shard_set::state {
    state(asio::any_io_executor c, shard_settings s, directory_limits directory,
          detached_limits detached)
        : control(std::move(c)),
          settings(std::move(s)),
          commons(directory, detached, make_brokers(settings)) {}

    asio::any_io_executor control;
    shard_settings settings;
    shard_commons commons;
    settings_spread changes{commons};
    std::vector<std::unique_ptr<shard>> shards;
    std::uint16_t port = 0;
    memory_ladder ladder;  ///< as the control thread sees it

    /// The one whose broker is asked about that topic.
    shard& shard_for(std::string_view topic) { return *shards[commons.brokers->shard_for(topic)]; }

    /// Asks every shard at the same time; the answers in the order of shards.
    template <class R>
    asio::awaitable<std::vector<R>> all(std::function<R(shard&)> question) {
        return ask_all<R>(control, shards,
                          [question = std::move(question)](shard& s, std::function<void(R)> done) {
                              done(question(s));
                          });
    }
    /// Asks the broker that knows that topic.
    template <class R>
    asio::awaitable<result<R>> admin(
        std::string_view topic,
        std::function<void(broker_admin&, broker_admin::answer<R>)> question) {
        return ask_later<result<R>>(
            control, shard_for(topic),
            [question = std::move(question)](shard& s, std::function<void(result<R>)> done) {
                question(s.broker().admin(), std::move(done));
            });
    }
    asio::awaitable<std::uint64_t> total(std::function<std::uint64_t(shard&)> question) {
        auto const counts = co_await all<std::uint64_t>(std::move(question));
        co_return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
    }
};

shard_set::shard_set(asio::any_io_executor control, shard_settings settings, live_settings_ptr live)
    : state_(std::make_unique<state>(std::move(control), std::move(settings), live->directory,
                                     live->detached)) {
    set_memory_limit(live->memory_limit);
    for (unsigned i = 0; i != state_->settings.shards; ++i) {
        state_->shards.push_back(
            std::make_unique<shard>(i, state_->settings, state_->commons, live));
        state_->commons.shards.push_back(state_->shards.back().get());
    }
}

shard_set::~shard_set() {
    for (auto const& s : state_->shards) s->tell([](shard& self) { self.stop(); });
    for (auto const& s : state_->shards) s->join();
}

result<void> shard_set::start() {
    state_->port = state_->settings.port;
    for (auto const& s : state_->shards) {
        auto const bound = s->listen(state_->port);  // the first one chooses for all
        if (!bound) return bound.error();
        state_->port = *bound;
    }
    for (auto const& s : state_->shards) s->run();
    return {};
}

std::uint16_t shard_set::port() const noexcept {
    return state_->port;
}

void shard_set::apply(live_settings_ptr live) {
    set_memory_limit(live->memory_limit);
    state_->changes.apply(std::move(live));
}

std::vector<observer const*> shard_set::observers() const {
    std::vector<observer const*> all;
    for (auto const& s : state_->shards) all.push_back(&s->counted());
    return all;
}

std::size_t shard_set::connections() const noexcept {
    std::uint64_t n = 0;
    for (auto const& s : state_->shards) {
        n += at(s->counted().connections, transport_kind::websocket).read();
    }
    return n;
}

bool shard_set::short_of_memory() noexcept {
    state_->ladder.look(memory_used(), memory_limit());
    return state_->ladder.on(memory_step::handshakes);
}

bool shard_set::accepting() const noexcept {
    return state_->commons.accepting.load(std::memory_order_relaxed);
}

asio::awaitable<result<position>> shard_set::publish(publication p) {
    // From there it needs no mail between shards.
    shard& home = state_->shard_for(p.topic);
    auto const shared = std::make_shared<publication>(std::move(p));
    co_return co_await ask_later<result<position>>(
        state_->control, home, [shared](shard& s, std::function<void(result<position>)> done) {
            s.publish_for_api(std::move(*shared), std::move(done));
        });
}

asio::awaitable<std::uint64_t> shard_set::send(session_target to, std::string event,
                                               std::string payload) {
    auto const m = std::make_shared<message>();
    m->topic =
        to.user.empty() ? "$session." + to.session.text() : "$user." + escape_segment(to.user);
    m->event = std::move(event);
    m->payload = std::move(payload);
    m->time = read_clocks().wall;
    co_return co_await state_->total([to, m](shard& s) {
        encoded_message cache;
        return s.for_target(to, [&](client& c) { c.give(*m, cache); });
    });
}

asio::awaitable<std::uint64_t> shard_set::disconnect(session_target whom, close_reason why,
                                                     std::string text) {
    co_return co_await state_->total([whom, why, text](shard& s) {
        return s.for_target(whom, [&](client& c) { c.disconnect(why, text); });
    });
}

asio::awaitable<std::uint64_t> shard_set::subscribe(session_target whom, std::string topic) {
    co_return co_await state_->total([whom, topic](shard& s) {
        std::uint64_t subscribed = 0;
        s.for_target(whom, [&](client& c) {
            if (c.session().subscribe_by_server(topic, s.turn().at())) ++subscribed;
        });
        return subscribed;
    });
}

asio::awaitable<std::uint64_t> shard_set::unsubscribe(session_target whom, std::string topic) {
    co_return co_await state_->total([whom, topic](shard& s) {
        fault const why{errc::forbidden, "unsubscribed by the server"};
        return s.for_target(whom,
                            [&](client& c) { c.session().unsubscribe_by_server(topic, why); });
    });
}

asio::awaitable<result<std::vector<topic_facts>>> shard_set::topics(std::string after,
                                                                    std::size_t max) {
    using page = result<std::vector<broker_topic>>;
    auto const pages = co_await ask_all<page>(
        state_->control, state_->shards, [after, max](shard& s, std::function<void(page)> done) {
            s.broker().admin().list(after, max, std::move(done));
        });
    std::vector<topic_facts> merged;
    for (page const& p : pages) {
        if (!p) co_return p.error();
        for (broker_topic const& t : *p) merged.push_back(facts_of(t));
    }
    std::sort(merged.begin(), merged.end(),
              [](topic_facts const& a, topic_facts const& b) { return a.name < b.name; });
    if (merged.size() > max) merged.resize(max);

    auto const names = std::make_shared<std::vector<topic_facts> const>(merged);
    auto const counts = co_await state_->all<std::vector<std::uint64_t>>([names](shard& s) {
        std::vector<std::uint64_t> own;
        for (topic_facts const& t : *names) own.push_back(s.subscribers_of(t.name));
        return own;
    });
    for (auto const& own : counts) {
        for (std::size_t i = 0; i != merged.size(); ++i) merged[i].subscribers += own[i];
    }
    co_return merged;
}

asio::awaitable<result<std::optional<topic_facts>>> shard_set::topic(std::string name) {
    auto const known = co_await state_->admin<std::optional<broker_topic>>(
        name, [name](broker_admin& a, auto done) { a.facts(name, std::move(done)); });
    if (!known) co_return known.error();
    if (!*known) co_return std::optional<topic_facts>();
    auto facts = facts_of(**known);
    facts.subscribers = co_await state_->total([name](shard& s) { return s.subscribers_of(name); });
    co_return std::optional<topic_facts>(std::move(facts));
}

asio::awaitable<result<std::optional<log_page>>> shard_set::read(log_query q) {
    return state_->admin<std::optional<log_page>>(
        q.topic, [q](broker_admin& a, auto done) { a.read(q, std::move(done)); });
}

asio::awaitable<result<std::optional<presence_page>>> shard_set::members(std::string topic,
                                                                         std::uint32_t max) {
    return state_->admin<std::optional<presence_page>>(
        topic,
        [topic, max](broker_admin& a, auto done) { a.members(topic, max, std::move(done)); });
}

asio::awaitable<result<std::optional<bool>>> shard_set::clear_history(std::string topic) {
    return state_->admin<std::optional<bool>>(
        topic, [topic](broker_admin& a, auto done) { a.clear_history(topic, std::move(done)); });
}

asio::awaitable<result<std::optional<bool>>> shard_set::clear_state(std::string topic) {
    return state_->admin<std::optional<bool>>(
        topic, [topic](broker_admin& a, auto done) { a.clear_state(topic, std::move(done)); });
}

asio::awaitable<std::vector<connection_facts>> shard_set::connections(std::uint64_t after,
                                                                      std::size_t max,
                                                                      std::string user) {
    using page = std::vector<connection_facts>;
    auto const by_id = [](connection_facts const& a, connection_facts const& b) {
        return a.connection < b.connection;
    };
    auto const pages = co_await state_->all<page>([=](shard& s) {
        std::vector<client const*> found;
        s.clients().for_each([&](client& c) {
            if (!c.has_connection() || static_cast<std::uint64_t>(c.id()) <= after) return;
            if (user.empty() || c.session().user() == user) found.push_back(&c);
        });
        auto const kept = std::min(max, found.size());
        std::partial_sort(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(kept),
                          found.end(),
                          [](client const* a, client const* b) { return a->id() < b->id(); });
        page facts;
        for (std::size_t i = 0; i != kept; ++i) facts.push_back(found[i]->facts(false));
        return facts;
    });
    page merged;
    for (page const& p : pages) merged.insert(merged.end(), p.begin(), p.end());
    std::sort(merged.begin(), merged.end(), by_id);
    if (merged.size() > max) merged.resize(max);
    co_return merged;
}

asio::awaitable<std::optional<connection_facts>> shard_set::connection(session_id session) {
    using maybe = std::optional<connection_facts>;
    auto const found = co_await state_->all<maybe>([session](shard& s) {
        maybe facts;
        s.for_target({.session = session, .user = {}}, [&](client& c) { facts = c.facts(true); });
        return facts;
    });
    for (maybe const& f : found) {
        if (f) co_return f;
    }
    co_return std::nullopt;
}

asio::awaitable<std::uint64_t> shard_set::send_away(leave_plan plan) {
    co_return co_await state_->total([plan](shard& s) {
        return s.send_away(plan.reason, plan.share, plan.spread, plan.deadline);
    });
}

void shard_set::stop_accepting() {
    state_->commons.accepting.store(false, std::memory_order_relaxed);
    for (auto const& s : state_->shards) s->tell([](shard& self) { self.stop_accepting(); });
}

asio::awaitable<void> shard_set::finish(mono_time deadline) {
    asio::steady_timer look(co_await asio::this_coro::executor);
    while (connections() > 0 && std::chrono::steady_clock::now() < deadline) {
        look.expires_after(milliseconds(20));
        auto const [error] = co_await look.async_wait(asio::as_tuple(asio::use_awaitable));
        if (error) break;
    }
    for (auto const& s : state_->shards) s->tell([](shard& self) { self.stop(); });
}

}  // namespace weir
