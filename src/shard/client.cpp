#include "shard/client.hpp"

#include "shard/client_extras.hpp"
#include "shard/encoded_message.hpp"
#include "shard/shard.hpp"

#include <weir/base/assert.hpp>
#include <weir/base/log.hpp>
#include <weir/transport/frame_writer.hpp>

#include <algorithm>

namespace weir {
namespace {

/// Gives to a session what its dialect reads.
class reading final : public command_sink {
public:
    reading(session& s, now at) noexcept : session_(s), at_(at) {}

    bool take(command const& c) override {
        session_.on_command(c, at_);
        return !session_.is_closing();
    }
    bool take(command_fault const& f) override {
        session_.on_fault(f, at_);
        return !session_.is_closing();
    }
    void give_up(close_reason why) override { session_.on_unreadable(why, at_); }

private:
    session& session_;
    now at_;
};

}  // namespace

client::client(shard& owner, connection_id id, client_slot slot, arrival a)
    : shard_(owner),
      id_(id),
      slot_(slot),
      session_(owner.environment(), *this, owner.new_session(slot), std::move(a.credential),
               owner.turn().at(), a.dialect),
      transport_(a.connection->open(owner.turn(), static_cast<transport_owner&>(*this))),
      place_(std::move(a.place)),
      address_(std::move(a.address)),
      connected_at_(owner.turn().at().wall) {}

client::~client() {
    leave_all();
}

bool client::start() {
    if (!transport_->start()) return false;
    session_.start(shard_.turn().at());
    rearm();
    return true;
}

client::extra_state& client::extras() {
    if (!extras_) extras_ = std::make_unique<extra_state>();
    return *extras_;
}

connection_facts client::facts(bool with_topics) const {
    connection_facts f{.connection = static_cast<std::uint64_t>(id_),
                       .session = session_.id(),
                       .user = session_.user(),
                       .address = address_,
                       .shard = shard_.index(),
                       .secure = transport_ != nullptr && transport_->secure(),
                       .open = session_.is_open(),
                       .detached = transport_ == nullptr,
                       .opened_at = session_.opened_at(),
                       .bytes_in = transport_ ? transport_->bytes_in() : 0,
                       .bytes_out = transport_ ? transport_->bytes_out() : 0,
                       .messages_in = messages_in_,
                       .messages_out = messages_out_,
                       .outbox_frames = session_.frames().outbox_frames(),
                       .outbox_bytes = session_.frames().outbox_bytes(),
                       .replay_frames = session_.frames().replay_frames(),
                       .replay_bytes = session_.frames().replay_bytes(),
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
    reading to(session_, shard_.turn().at());
    session_.dialect().decode(text, binary, to);
    if (extras_ && extras_->journey) {
        extras_->journey->hello = text;
        extras_->journey->binary = binary;
    }
    rearm();
}

void client::on_traffic() {
    session_.on_traffic(shard_.turn().at());
}

void client::on_pong(std::string_view) {
    session_.on_pong_frame(shard_.turn().at());
    rearm();
}

std::size_t client::outbox_peek(std::span<frame const*> out) {
    return session_.frames().peek(out);
}

void client::outbox_committed(std::size_t n) {
    session_.frames().commit(n);
    messages_out_ += static_cast<std::uint32_t>(n);
    at(shard_.counts().delivered, transport_->kind()).add(n);
    if (followers_ != 0 || (extras_ && !extras_->lost.empty())) want_feed();
}

/// The peer broke a rule of its transport. The session closes for the same reason, so that it
/// cannot be resumed where that reason tells the client to stay away.
void client::on_closing(close_reason why) {
    if (why == close_reason::message_too_large) {
        at(shard_.counts().limited, limit_kind::message_bytes).add();
    }
    session_.close(why);
}

void client::on_closed(closing const& c) {
    closing_ = true;
    at(shard_.counts().closed, c.reason).add();
    log_end(c);
    // A client that is done says so (1000), or says nothing at all in its close frame (1005).
    bool const done =
        c.reason == close_reason::peer_closed && (c.peer_code == 1000 || c.peer_code == 1005);
    shard_.connection_ended(transport_->kind());
    shard_.discard(std::move(transport_));
    if (!done && session_.detach(shard_.turn().at())) {
        place_ = {};
        away_at_ = never;
        for (subscription& s : subscriptions_) hide(s);
        parked_ = true;
        shard_.detached(*this);
        rearm();
        return;
    }
    end();
}

void client::log_end(closing const& c) const {
    auto const level = c.reason == close_reason::internal_error ? log::level::error
                       : describe(c.reason).code < 4000         ? log::level::debug
                                                                : log::level::info;
    if (!log::enabled(level)) return;
    log::limited(
        level, "connection closed", address_,
        {{"connection", static_cast<std::uint64_t>(id_)},
         {"session", session_.id().text()},
         {"user", session_.user()},
         {"address", address_},
         {"reason", describe(c.reason).label},
         {"text", c.text},
         {"peer_code", c.peer_code},
         {"seconds", static_cast<double>(shard_.turn().at().wall - connected_at_) / 1000.0},
         {"messages_in", messages_in_},
         {"messages_out", messages_out_},
         {"bytes_in", transport_->bytes_in()},
         {"bytes_out", transport_->bytes_out()}});
}

/// The session is over, and has no connection any more.
void client::end() {
    if (std::exchange(ended_, true)) return;  // several may have asked for it in one turn
    closing_ = true;
    session_.end();
    leave_all();
    drop_frames(drop_reason::closed);
    shard_.retire(*this);
}

// From the session

void client::send(std::string_view body, bool numbered) {
    if (numbered ? session_.is_alive() : !closing_) {
        push(frame_in(session_.dialect(), body, numbered));
    }
}

void client::publish(publication p, publish_ticket ticket) {
    shard_.publish(std::move(p), slot_, static_cast<std::uint32_t>(ticket));
}

void client::read(log_query q, publish_ticket ticket) {
    shard_.read(std::move(q), slot_, static_cast<std::uint32_t>(ticket));
}

void client::members(std::string_view topic, std::uint32_t max, publish_ticket ticket) {
    shard_.members(topic, max, slot_, static_cast<std::uint32_t>(ticket));
}

void client::ping_frame() {
    if (transport_) transport_->ping({});
}

void client::close(close_reason why, std::string_view text) {
    if (!transport_) return shard_.end_later(slot_);
    closing_ = true;
    if (why == close_reason::slow_consumer) {
        // What it did not read in time is what fills our memory: it goes now, not after the
        // close handshake that such a peer may never finish. Nor can it be resumed then.
        drop_frames(drop_reason::outbox_full);
        session_.ruin(resume_result::overflow);
        shard_.leave_later(slot_);
    }
    transport_->close(why, text);
}

void client::opened() {
    indexed_ = true;
    shard_.opened(*this);
    log::debug("session opened", {{"connection", static_cast<std::uint64_t>(id_)},
                                  {"session", session_.id().text()},
                                  {"user", session_.user()},
                                  {"address", address_}});
}

// From the server side

void client::on_published(std::uint32_t ticket, result<position> const& at) {
    session_.on_published(ticket, at);
}

void client::on_members(std::uint32_t ticket, result<presence_page> const& page) {
    session_.on_members(ticket, page, shard_.turn().at());
}

void client::give(message const& m, encoded_message& cache) {
    if (!session_.is_alive()) return;
    frame_ref const& f = shard_.frame_of(m, cache, session_.speaks());
    if (!f) return;
    session_.on_delivered(shard_.turn().at());
    // Nothing overtakes what is lost already; beyond what is collected for the absent, it is lost.
    bool const told_first = !extras_ || extras_->lost.empty();
    if (told_first && (transport_ != nullptr || room_bytes() > f->body().size())) {
        return push(f);
    }
    auto& lost = extras().lost;
    auto const known =
        std::find_if(lost.begin(), lost.end(), [&](auto const& l) { return l.first == m.topic; });
    auto& entry = known != lost.end() ? *known : lost.emplace_back(m.topic, loss{});
    entry.second.reason = gap_reason::detached;
    ++entry.second.count;
    at(shard_.counts().dropped, drop_reason::detached).add();
}

void client::disconnect(close_reason why, std::string_view text) {
    session_.close(why, text);
}

void client::send_away(goaway const& g, mono_time close_at) {
    if (closing_ || !transport_) return;
    session_.go_away(g);
    away_at_ = close_at;
    rearm();
}

void client::abort(close_reason why) {
    closing_ = true;
    session_.end();
    if (transport_) return transport_->abort(why);
    shard_.end_later(slot_);
}

void client::on_deadline(mono_time at) {
    armed_ = never;
    if (extras_ && at >= extras_->pace_due) {
        extras_->pace_due = never;
        want_feed();
    }
    if (at >= away_at_ && !closing_) {
        away_at_ = never;
        return session_.close(close_reason::draining);
    }
    session_.on_tick(shard_.turn().at());
    rearm();
}

void client::rearm() {
    mono_time wanted = std::min(session_.deadline(), away_at_);
    if (extras_) wanted = std::min(wanted, extras_->pace_due);
    if (wanted >= armed_) return;
    armed_ = wanted;
    shard_.turn().wheel().set(*this, wanted);
}

/// Everything queued and kept.
void client::drop_frames(drop_reason why) {
    ring& r = session_.frames();
    at(shard_.counts().dropped, why).add(r.outbox_frames());
    r.clear();
}

/// False: the outbox is full.
bool client::try_push(frame_ref f) {
    if (!f) return true;  // the dialect has no words for it
    if (session_.frames().push(std::move(f)) == enqueued::overflow) return false;
    if (transport_) transport_->wake();
    return true;
}

void client::push(frame_ref f) {
    if (try_push(std::move(f))) return;
    at(shard_.counts().dropped, drop_reason::outbox_full).add();
    if (transport_ && !closing_) return session_.close(close_reason::slow_consumer);
    // What came after it left, or while it is leaving: without it its stream has a hole.
    session_.ruin(resume_result::overflow);
    shard_.leave_later(slot_);
}

}  // namespace weir
