#include "shard/client.hpp"

#include "shard/encoded_message.hpp"
#include "shard/shard.hpp"

#include <weir/base/assert.hpp>
#include <weir/base/log.hpp>
#include <weir/transport/frame_writer.hpp>

#include <algorithm>

namespace weir {

client::client(shard& owner, connection_id id, client_slot slot, arrival a)
    : shard_(owner),
      id_(id),
      slot_(slot),
      session_(owner.environment(), *this, std::move(a.credential), owner.loop().at()),
      transport_(owner.loop(), std::move(a.socket), a.parameters, *this),
      place_(std::move(a.place)),
      address_(std::move(a.address)),
      connected_at_(owner.loop().at().wall) {}

client::~client() {
    leave_all();
}

bool client::start() {
    if (!transport_.start()) return false;
    session_.start(shard_.loop().at());
    rearm();
    return true;
}

bool client::matches(session_target const& t) const noexcept {
    return t.user.empty() ? session_.id() == t.session : session_.user() == t.user;
}

connection_facts client::facts(bool with_topics) const {
    connection_facts f{.connection = static_cast<std::uint64_t>(id_),
                       .session = session_.id(),
                       .user = session_.user(),
                       .address = address_,
                       .shard = shard_.index(),
                       .secure = transport_.secure(),
                       .open = session_.is_open(),
                       .opened_at = session_.opened_at(),
                       .bytes_in = transport_.bytes_in(),
                       .bytes_out = transport_.bytes_out(),
                       .messages_in = messages_in_,
                       .messages_out = messages_out_,
                       .outbox_frames = session_.frames().outbox_frames(),
                       .outbox_bytes = session_.frames().outbox_bytes(),
                       .topics = {},
                       .subscriptions = subscriptions_.size()};
    if (with_topics) {
        for (subscription const& s : subscriptions_) f.topics.emplace_back(s.topic->name());
        std::sort(f.topics.begin(), f.topics.end());
    }
    return f;
}

// From the transport

void client::on_message(std::string_view text, bool binary) {
    if (closing_) return;
    ++messages_in_;
    now const at = shard_.loop().at();
    if (binary) {
        session_.on_binary(at);
    } else {
        auto const decoded = shard_.words().decode(text);
        if (auto const* c = std::get_if<command>(&decoded)) {
            session_.on_command(*c, at);
        } else {
            session_.on_fault(std::get<command_fault>(decoded), at);
        }
    }
    rearm();
}

void client::on_traffic() {
    session_.on_traffic(shard_.loop().at());
}

void client::on_pong(std::string_view) {
    session_.on_pong_frame(shard_.loop().at());
    rearm();
}

std::size_t client::outbox_peek(std::span<frame const*> out) {
    return session_.frames().peek(out);
}

void client::outbox_committed(std::size_t n) {
    ring& r = session_.frames();
    auto const before = r.outbox_bytes();
    r.commit(n);
    shard_.counts().outbox_bytes.sub(before - r.outbox_bytes());
    messages_out_ += static_cast<std::uint32_t>(n);
    at(shard_.counts().delivered, transport_kind::websocket).add(n);
}

void client::on_closed(closing const& c) {
    closing_ = true;
    leave_all();
    ring& r = session_.frames();
    shard_.counts().outbox_bytes.sub(r.outbox_bytes());
    at(shard_.counts().dropped, drop_reason::closed).add(r.outbox_frames());
    r.clear();
    at(shard_.counts().closed, c.reason).add();
    auto const level = c.reason == close_reason::internal_error ? log::level::error
                       : describe(c.reason).code < 4000         ? log::level::debug
                                                                : log::level::info;
    if (log::enabled(level)) {
        log::limited(
            level, "connection closed", address_,
            {{"connection", static_cast<std::uint64_t>(id_)},
             {"session", session_.id().text()},
             {"user", session_.user()},
             {"address", address_},
             {"reason", describe(c.reason).label},
             {"text", c.text},
             {"peer_code", c.peer_code},
             {"seconds", static_cast<double>(shard_.loop().at().wall - connected_at_) / 1000.0},
             {"messages_in", messages_in_},
             {"messages_out", messages_out_},
             {"bytes_in", transport_.bytes_in()},
             {"bytes_out", transport_.bytes_out()}});
    }
    shard_.retire(*this, indexed_);
}

// From the session

void client::send(std::string_view body, bool numbered) {
    if (!closing_) push(make_text_frame(body, numbered));
}

void client::subscribe(std::string_view topic) {
    if (closing_) return;
    auto const [entry, slot] = shard_.index_of_topics().join(topic, *this);
    if (entry == nullptr) return;  // refused; joined() has said so
    subscriptions_.push_back({entry, slot});
    shard_.counts().subscriptions.add();
}

void client::unsubscribe(std::string_view topic) {
    auto const s = std::find_if(subscriptions_.begin(), subscriptions_.end(),
                                [&](subscription const& x) { return x.topic->name() == topic; });
    if (s == subscriptions_.end()) return;
    subscription const left = *s;
    *s = subscriptions_.back();
    subscriptions_.pop_back();
    shard_.counts().subscriptions.sub();
    shard_.index_of_topics().leave(*left.topic, left.slot);
}

bool client::subscribed(std::string_view topic) const {
    return std::any_of(subscriptions_.begin(), subscriptions_.end(),
                       [&](subscription const& x) { return x.topic->name() == topic; });
}

std::optional<position> client::position_of(std::string_view topic) const {
    for (subscription const& s : subscriptions_) {
        if (s.topic->name() == topic && s.topic->attached()) return s.topic->tail();
    }
    return std::nullopt;
}

void client::publish(publication p, publish_ticket ticket) {
    if (!closing_) shard_.publish(std::move(p), slot_, static_cast<std::uint32_t>(ticket));
}

void client::ping_frame() {
    transport_.ping({});
}

void client::close(close_reason why, std::string_view text) {
    if (closing_) return;
    closing_ = true;
    if (why == close_reason::slow_consumer) {
        // What it did not read in time is what fills our memory: it goes now, not after the
        // close handshake that such a peer may never finish.
        ring& r = session_.frames();
        shard_.counts().outbox_bytes.sub(r.outbox_bytes());
        at(shard_.counts().dropped, drop_reason::outbox_full).add(r.outbox_frames());
        r.clear();
    }
    transport_.close(why, text);
}

void client::opened() {
    indexed_ = true;
    shard_.opened(*this);
    log::debug("session opened", {{"connection", static_cast<std::uint64_t>(id_)},
                                  {"session", session_.id().text()},
                                  {"user", session_.user()},
                                  {"address", address_}});
}

// From the topic index

void client::deliver(delivery& d) {
    if (closing_) return;
    message const& m = d.what();
    if (!m.exclude.empty() && m.exclude == session_.id()) return;
    encoded_message& e = encoded(d);
    if (!e.json) e.json = shard_.encode(m);
    push(e.json);
    session_.on_delivered(shard_.loop().at());
}

void client::joined(topic_entry& topic, result<position> const& at) {
    if (!at) {
        auto const s = std::find_if(subscriptions_.begin(), subscriptions_.end(),
                                    [&](subscription const& x) { return x.topic == &topic; });
        if (s != subscriptions_.end()) {
            *s = subscriptions_.back();
            subscriptions_.pop_back();
            shard_.counts().subscriptions.sub();
        }
    }
    if (!closing_) session_.on_joined(topic.name(), at);
}

void client::moved(topic_entry& topic, std::uint32_t from, std::uint32_t to) {
    for (subscription& s : subscriptions_) {
        if (s.topic == &topic && s.slot == from) {
            s.slot = to;
            return;
        }
    }
    WEIR_ASSERT(false);
}

// From the server side

void client::on_published(std::uint32_t ticket, result<position> const& at) {
    if (!closing_) session_.on_published(ticket, at);
}

void client::give(std::string_view body) {
    send(body, true);
    session_.on_delivered(shard_.loop().at());
}

void client::disconnect(close_reason why, std::string_view text) {
    close(why, text);
}

void client::send_away(goaway const& g, mono_time close_at) {
    if (closing_) return;
    session_.go_away(g);
    away_at_ = close_at;
    rearm();
}

void client::abort(close_reason why) {
    closing_ = true;
    transport_.abort(why);
}

void client::on_deadline(mono_time at) {
    armed_ = never;
    if (closing_) return;
    if (at >= away_at_) return close(close_reason::draining, {});
    session_.on_tick(shard_.loop().at());
    rearm();
}

void client::rearm() {
    mono_time const wanted = std::min(session_.deadline(), away_at_);
    if (closing_ || wanted >= armed_) return;
    armed_ = wanted;
    shard_.loop().wheel().set(*this, wanted);
}

void client::push(frame_ref f) {
    ring& r = session_.frames();
    auto const before = r.outbox_bytes();
    if (r.push(std::move(f)) == enqueued::overflow) {
        at(shard_.counts().dropped, drop_reason::outbox_full).add();
        return close(close_reason::slow_consumer, {});
    }
    shard_.counts().outbox_bytes.add(r.outbox_bytes() - before);
    transport_.wake();
}

void client::leave_all() {
    for (subscription const& s : subscriptions_) {
        shard_.index_of_topics().leave(*s.topic, s.slot);
    }
    shard_.counts().subscriptions.sub(subscriptions_.size());
    subscriptions_.clear();
}

}  // namespace weir
