#include "shard/shard.hpp"

#include "shard/leave_times.hpp"
#include "shard/ticket.hpp"

#include <weir/base/assert.hpp>
#include <weir/base/log.hpp>
#include <weir/transport/frame_writer.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <deque>
#include <pthread.h>

namespace weir {
namespace asio = boost::asio;

/// Measures from the reading of a publish to the end of the flush that wrote its last delivery
/// here. Marked dirty after a slice of fan-out, it stands behind everything the slice made dirty.
struct shard::latency_probe final : turn_item {
    explicit latency_probe(shard& s) : owner(s) {}
    void flush() override {
        auto const written = std::chrono::steady_clock::now();
        while (started.size() > owner.topics_.backlog()) {
            owner.counts_.publish_to_write.observe((written - started.front()).count());
            started.pop_front();
        }
    }
    void resume_reading() override {}

    shard& owner;
    std::deque<mono_time> started;  ///< one for each message in the fan-out queue, same order
};

shard::shard(unsigned index, shard_settings const& settings, shard_commons& commons,
             live_settings_ptr live)
    : index_(index),
      settings_(settings),
      commons_(commons),
      guard_(io_.get_executor()),
      wheel_(std::chrono::steady_clock::now(), wheel_grain),
      turn_(io_.get_executor(), wheel_, counts_),
      mail_([this] { asio::post(io_, [this] { read_mail(); }); }),
      words_(make_json_dialect()),
      topics_(*this),
      broker_({.shard = index, .shards = settings.shards, .topics_max = settings.topics_max},
              commons.broker, *this, *this, *this),
      probe_(std::make_unique<latency_probe>(*this)),
      next_api_ticket_(api_ticket_bit),
      tasks_(io_.get_executor()),
      ticker_(io_),
      listener_(*this) {
    environment_.people = &commons.people;
    environment_.words = words_.get();
    environment_.counts = &counts_;
    apply(std::move(live));
    turn_.set_work([this] { return work(); });
}

shard::~shard() {
    WEIR_ASSERT(!thread_.joinable());
}

result<std::uint16_t> shard::listen(std::uint16_t port) {
    return listener_.listen(io_.get_executor(), port);
}

void shard::run() {
    asio::post(io_, [this] {
        turn_.start();
        listener_.start(tasks_);
    });
    thread_ = std::thread([this] {
        pthread_setname_np(pthread_self(), ("shard-" + std::to_string(index_)).c_str());
        io_.run();
    });
}

void shard::join() {
    if (thread_.joinable()) thread_.join();
}

void shard::adopt(arrival a) {
    if (stopping_) return;
    auto const slot = clients_.reserve();
    auto const number = commons_.next_connection.fetch_add(1, std::memory_order_relaxed);
    auto made = std::make_unique<client>(*this, connection_id{number}, slot, std::move(a));
    client& c = *made;
    clients_.put(slot, std::move(made));
    if (!c.start()) {
        log::error("connection refused by the kernel", {{"error", std::strerror(errno)}});
        clients_.take(slot);
        return;
    }
    at(counts_.connections, transport_kind::websocket).add();
    at(counts_.opened, transport_kind::websocket).add();
    keep_ticking();
}

void shard::opened(client& c) {
    clients_.index(c);
    counts_.sessions_attached.add();
}

void shard::retire(client& c, bool indexed) {
    if (indexed) {
        clients_.unindex(c);
        counts_.sessions_attached.sub();
    }
    at(counts_.connections, transport_kind::websocket).sub();
    // The transport is still on the stack that told of its end.
    asio::post(io_, [this, slot = c.slot()] {
        clients_.take(slot);
        end_when_empty();
    });
}

void shard::publish(publication p, client_slot from, std::uint32_t ticket) {
    broker_.publish(std::move(p), client_ticket(from, ticket));
}

void shard::publish_for_api(publication p, std::function<void(result<position>)> done) {
    auto const ticket = next_api_ticket_++;
    api_publishes_.emplace(ticket, std::move(done));
    broker_.publish(std::move(p), ticket);
    keep_ticking();
}

frame_ref shard::encode(message const& m) {
    std::string& text = environment_.scratch;
    text.clear();
    words_->encode(text, m);
    return make_text_frame(text, true);
}

void shard::on_attached(std::string_view topic, result<position> at) {
    topics_.on_attached(topic, std::move(at));
}

void shard::on_published(publish_ticket ticket, result<position> at) {
    if ((ticket & api_ticket_bit) != 0) {
        auto const asked = api_publishes_.extract(ticket);
        WEIR_ASSERT(!asked.empty());
        if (at) weir::at(counts_.published, publish_source::api).add();
        asked.mapped()(std::move(at));
        return;
    }
    if (at) weir::at(counts_.published, publish_source::client).add();
    auto const [slot, own] = client_of(ticket);
    if (client* const c = clients_.find(slot)) c->on_published(own, at);
}

void shard::on_message(message_ptr m) {
    auto const received = m->received;
    auto const before = topics_.backlog();
    topics_.on_message(std::move(m));
    if (topics_.backlog() != before) probe_->started.push_back(received);
    turn_.request();
}

void shard::on_read(read_ticket, result<log_page>) {}
void shard::on_members(read_ticket, result<presence_page>) {}
void shard::on_presence(presence_change_ptr) {}

topic_policy shard::policy_of(std::string_view topic) const {
    return live_->rules.policy_of(topic);
}

void shard::post(unsigned to, broker_mail m) {
    commons_.shards[to]->mail_.push(std::move(m));
}

std::size_t shard::backlog(unsigned to) const {
    shard const& s = *commons_.shards[to];
    return s.mail_.size() + (to == index_ ? topics_.backlog() : 0);
}

void shard::read_mail() {
    mail_.drain([this](mail&& m) {
        if (auto* const b = std::get_if<broker_mail>(&m)) {
            broker_.on_mail(std::move(*b));
        } else {
            std::get<errand>(m)(*this);
        }
    });
    keep_ticking();
}

bool shard::work() {
    bool const more = topics_.fan_out(deliveries_a_turn);
    if (!probe_->started.empty()) turn_.mark_dirty(*probe_);
    return more;
}

void shard::on_deadline(mono_time at) {
    broker_.on_tick(at);
    counts_.topics.set(broker_.topics());
    if (broker_.topics() > 0) wheel_.set(*this, at + seconds(1));
}

/// The ticker runs while anything has a deadline, so an idle daemon sleeps.
void shard::keep_ticking() {
    counts_.topics.set(broker_.topics());
    if (!is_set() && broker_.topics() > 0) wheel_.set(*this, turn_.at().mono + seconds(1));
    if (ticking_ || stopping_ || wheel_.size() == 0) return;
    ticking_ = true;
    tasks_.spawn("tick", tick());
}

asio::awaitable<void> shard::tick() {
    while (wheel_.size() > 0) {
        auto const due = std::chrono::steady_clock::now() + wheel_grain;
        ticker_.expires_at(due);
        auto const [error] = co_await ticker_.async_wait(asio::as_tuple(asio::use_awaitable));
        if (error) break;
        auto const woken = std::chrono::steady_clock::now();
        counts_.loop_lag.observe((woken - due).count());
        while (wheel_.advance(woken, 1024)) {
            co_await asio::post(io_, asio::use_awaitable);  // many are due: others in between
        }
    }
    ticking_ = false;
}

void shard::apply(live_settings_ptr live) {
    live_ = std::move(live);
    session_settings_ = live_->session;
    environment_.settings = &session_settings_;
    environment_.rules = &live_->rules;
    environment_.verifier = live_->verifier.get();
    listener_.change(live_->handshakes_per_second / settings_.shards);
}

void shard::stop_accepting() {
    listener_.stop();
}

std::uint64_t shard::send_away(std::string const& reason, double share, milliseconds spread,
                               milliseconds deadline) {
    std::vector<client*> leaving;
    clients_.for_each([&](client& c) {
        if (!c.talk().is_closing()) leaving.push_back(&c);
    });
    auto const times = leave_times(leaving.size(), share, spread);
    for (std::size_t i = 0; i != times.size(); ++i) {
        if (!times[i]) continue;
        goaway const g{.reason = reason, .reconnect_after = *times[i], .deadline = deadline};
        leaving[i]->send_away(g, turn_.at().mono + *times[i]);
    }
    keep_ticking();
    return static_cast<std::uint64_t>(
        std::count_if(times.begin(), times.end(), [](auto const& t) { return t.has_value(); }));
}

void shard::stop() {
    if (stopping_) return;
    stopping_ = true;
    listener_.stop();
    tasks_.stop();
    clients_.for_each([](client& c) { c.abort(close_reason::going_away); });
    end_when_empty();
}

void shard::end_when_empty() {
    if (!stopping_ || ended_ || clients_.size() != 0) return;
    ended_ = true;
    wheel_.cancel(*this);
    turn_.stop();
    guard_.reset();
}

}  // namespace weir
