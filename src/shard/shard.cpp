#include "shard/shard.hpp"

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

static_assert(registry::index_bits == session_addresses::index_bits);

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
      errands_([this] { asio::post(io_, [this] { run_errands(); }); }),
      authority_(live->rules),
      topics_(*this),
      broker_(make_broker()),
      probe_(std::make_unique<latency_probe>(*this)),
      next_api_ticket_(api_ticket_bit),
      tasks_(io_.get_executor()),
      ticker_(io_),
      listener_(*this) {
    environment_.directory = &commons.directory;
    WEIR_ASSERT(!settings.dialects.empty() && settings.dialects.size() <= dialects_max);
    for (dialect_choice const& d : settings.dialects) {
        dialects_.push_back(d.make());
        environment_.dialects[dialects_.size() - 1] = dialects_.back().get();
    }
    environment_.authority = &authority_;
    environment_.lifecycle = settings.lifecycle;
    environment_.counts = &counts_;
    apply(std::move(live));
    counting_waits_ = false;  // no client is here, no sibling runs yet
    turn_.set_work([this] { return work(); });
}

std::unique_ptr<broker> shard::make_broker() {
    return commons_.brokers->make(
        {.shard = index_,
         .listener = *this,
         .policies = *this,
         .counts = counts_,
         .backlog = backlog_,
         .wake = [this] { asio::post(io_, [this] { turn_.request(); }); }});
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
    auto const reserved = clients_.reserve();
    if (!reserved) {  // the last places were taken during its handshake
        weir::at(counts_.refused, handshake_refusal::connections).add();
        weir::at(counts_.limited, limit_kind::connections).add();
        return;
    }
    auto const slot = *reserved;
    auto const from = std::move(a.from);
    auto const number = commons_.next_connection.fetch_add(1, std::memory_order_relaxed);
    auto const kind = a.connection->kind();
    auto made = std::make_unique<client>(*this, connection_id{number}, slot, std::move(a));
    client& c = *made;
    clients_.put(slot, std::move(made));
    if (!c.start()) {
        log::error("connection refused by the kernel", {{"error", std::strerror(errno)}});
        clients_.take(slot);
        return;
    }
    at(counts_.connections, kind).add();
    if (from) {
        c.take_up(*from);
    } else {
        at(counts_.opened, kind).add();
    }
    tell_departure(c);
    c.begin_reading();
    keep_ticking();
}

void shard::opened(client& c) {
    clients_.index(c);
    counts_.sessions_attached.add();
    if (!departure_) return;
    // Not from inside the session's call.
    asio::post(io_, [this, slot = c.slot()] {
        if (client* const opened = clients_.find(slot)) tell_departure(*opened);
    });
}

session_id shard::new_session(client_slot slot) const {
    return commons_.addresses.make({index_, slot.index});
}

void shard::retire(client& c) {
    if (c.is_indexed()) {
        clients_.unindex(c);
        if (c.is_parked()) {
            commons_.detached.remove(c.session().id());
            counts_.sessions_detached.sub();
        } else {
            counts_.sessions_attached.sub();
        }
    }
    // Whoever called may still be on the client's stack.
    asio::post(io_, [this, slot = c.slot()] {
        clients_.take(slot);
        end_when_empty();
    });
}

void shard::connection_ended(transport_kind kind) noexcept {
    at(counts_.connections, kind).sub();
}

void shard::discard(std::unique_ptr<transport> t) {
    asio::post(io_, [t = std::move(t)] {});
}

void shard::end_later(client_slot slot) {
    asio::post(io_, [this, slot] {
        if (client* const c = clients_.find(slot)) c->end_now();
    });
}

void shard::leave_later(client_slot slot) {
    asio::post(io_, [this, slot] {
        if (client* const c = clients_.find(slot)) c->leave_now();
    });
}

void shard::read(log_query q, client_slot from, std::uint32_t ticket) {
    broker_->read(std::move(q), client_ticket(from, ticket));
}

void shard::members(std::string_view topic, std::uint32_t max, client_slot from,
                    std::uint32_t ticket) {
    broker_->members(topic, max, client_ticket(from, ticket));
}

void shard::enter(std::string_view topic, std::string_view user) {
    broker_->enter(topic, user, {});
    keep_ticking();
}

void shard::exit(std::string_view topic, std::string_view user) {
    broker_->exit(topic, user);
}

void shard::want_feed(client_slot slot) {
    hungry_.push_back(slot);
    turn_.request();
}

void shard::publish(publication p, client_slot from, std::uint32_t ticket) {
    publish_ticket const whole = client_ticket(from, ticket);
    if (relief_.refuses_publishes()) return on_published(whole, relief_.refuse_publish(p));
    broker_->publish(std::move(p), whole);
}

void shard::publish_for_api(publication p, std::function<void(result<position>)> done) {
    auto const ticket = next_api_ticket_++;
    api_publishes_.emplace(ticket, std::move(done));
    if (relief_.refuses_publishes()) return on_published(ticket, relief_.refuse_publish(p));
    broker_->publish(std::move(p), ticket);
    keep_ticking();
}

void shard::attach(std::string_view topic) {
    if (settings_.lifecycle != nullptr) settings_.lifecycle->occupied(topic);
    broker_->attach(topic);
}

void shard::detach(std::string_view topic) {
    broker_->detach(topic);
    if (settings_.lifecycle != nullptr) settings_.lifecycle->vacated(topic);
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
    report_backlog();
    if (!reading_mail_) turn_.request();
}

void shard::on_read(read_ticket ticket, result<log_page> page) {
    auto const [slot, own] = client_of(ticket);
    if (client* const c = clients_.find(slot)) c->on_read(own, std::move(page));
}

void shard::on_members(read_ticket ticket, result<presence_page> page) {
    auto const [slot, own] = client_of(ticket);
    if (client* const c = clients_.find(slot)) c->on_members(own, page);
}

void shard::on_presence(presence_change_ptr change) {
    topics_.on_presence(std::move(change));
    if (!reading_mail_) turn_.request();
}

topic_policy shard::policy_of(std::string_view topic) const {
    return live_->rules.policy_of(topic);
}

void shard::run_errands() {
    errands_.drain([this](errand&& e) { e(*this); }, errands_a_turn);
    keep_ticking();
    if (errands_.has_left_over()) asio::post(io_, [this] { run_errands(); });
}

bool shard::work() {
    relief_.relieve(turn_.at().mono);
    reading_mail_ = true;  // the fan-out follows in this turn
    bool more = broker_->upkeep().work(mails_a_turn);
    reading_mail_ = false;
    more = topics_.fan_out(deliveries_a_turn) || more;
    report_backlog();
    if (!probe_->started.empty()) turn_.mark_dirty(*probe_);
    more = feed_clients() || more;
    keep_ticking();
    return more;
}

/// Brokers of other shards look at it before they accept what would come here.
void shard::report_backlog() noexcept {
    backlog_.messages.store(topics_.backlog(), std::memory_order_relaxed);
    backlog_.bytes.store(topics_.backlog_bytes(), std::memory_order_relaxed);
}

/// In the order in which they got hungry. True: some wait for the next turn.
bool shard::feed_clients() {
    auto const waiting = std::exchange(hungry_, {});
    std::size_t left = deliveries_a_turn;
    for (std::size_t i = 0; i != waiting.size(); ++i) {
        if (left == 0) {
            hungry_.insert(hungry_.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(i),
                           waiting.end());
            break;
        }
        client* const c = clients_.find(waiting[i]);
        left -= std::min(left, c != nullptr ? c->feed(left) : std::size_t{1});
    }
    return !hungry_.empty();
}

void shard::on_deadline(mono_time at) {
    broker_->upkeep().on_tick(at);
    frames_.clear_unused();
    if (broker_->upkeep().wants_ticks()) wheel_.set(*this, at + seconds(1));
}

/// The ticker runs while anything has a deadline, so an idle daemon sleeps.
void shard::keep_ticking() {
    if (!is_set() && broker_->upkeep().wants_ticks())
        wheel_.set(*this, turn_.at().mono + seconds(1));
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
        relief_.relieve(woken);
        while (wheel_.advance(woken, 1024)) {
            co_await asio::post(io_, asio::use_awaitable);  // many are due: others in between
        }
    }
    ticking_ = false;
}

void shard::apply(live_settings_ptr live) {
    live_ = std::move(live);
    session_settings_ = live_->session;
    session_settings_.ring.counts = &counts_;
    session_settings_.ring_without_replay = session_settings_.ring;
    session_settings_.ring_without_replay.replay_frames = 0;
    turn_.change({.message_bytes = static_cast<std::size_t>(live_->session.message_bytes),
                  .deflate_min_bytes = live_->compression_min_bytes});
    environment_.settings = &session_settings_;
    environment_.rules = &live_->rules;
    authority_.change(live_->rules);
    environment_.verifier = live_->verifier.get();
    listener_.change(live_->handshakes_per_second / settings_.shards);
    std::size_t const full = session_settings_.ring.outbox_bytes;
    marks_ = {.low = full / 4, .middle = full / 2, .high = full / 4 * 3, .full = full};
    topics_.set_tail_bounds({.bytes = full, .age = session_settings_.resume_window});
    broker_->upkeep().policies_changed();
    topics_.policies_changed();
    relief_.limit_changed();
    counting_waits_ = true;
}

void shard::review_presence() {
    counting_waits_ = false;
    clients_.for_each([](client& c) { c.review_rules(); });
}

}  // namespace weir
