#include "shard/client_extras.hpp"
#include "shard/shard.hpp"

#include <weir/base/log.hpp>

#include <utility>

// Connections that come and go under a session.
namespace weir {

/// The hello of this connection asks for another session. Only checks whether a resume is possible;
/// the verdict is given on the shard of that session.
std::optional<resume_result> client::resume(command::resume_request const& what) {
    auto const id = session_id::parse(what.session);
    auto const home = id ? shard_.commons().addresses.find(*id) : std::nullopt;
    if (!home || home->shard >= shard_.fixed().shards) return resume_result::unknown;
    if (home->shard == shard_.index()) {
        client* const c = shard_.clients().find(*id, home->index);
        if (c == nullptr) return resume_result::expired;
        auto const verdict = c->session().may_resume(what, session_.user(), session_.speaks());
        if (verdict != resume_result::resumed) return verdict;
    }
    auto journey = std::make_unique<arrival::journey>();
    journey->origin = shard_.index();
    journey->wanted = *id;
    journey->index = home->index;
    journey->login = session_.hand_over();
    extras().journey = std::move(journey);
    closing_ = true;
    transport_->hold_reading();
    shard_.send_on(slot_, home->shard);
    return std::nullopt;
}

arrival client::depart() {
    arrival a;
    a.connection = transport_->release();
    a.place = std::move(place_);
    a.address = std::move(address_);
    a.dialect = session_.speaks();
    a.from = std::move(extras_->journey);
    return a;
}

void client::take_up(arrival::journey const& from) {
    if (from.refused) session_.refuse_resume(*from.refused);
    // The hello was counted where it came first.
    at(shard_.counts().received, command_type::hello).sub();
    on_message(from.hello, from.binary);
}

void client::attach(arrival& a, command const& hello) {
    if (transport_) {
        shard_.part_with(std::move(transport_), std::move(place_));
    } else {
        parked_ = false;
        shard_.attached(*this);
    }
    transport_ = a.connection->open(shard_.turn(), static_cast<transport_owner&>(*this));
    place_ = std::move(a.place);
    address_ = std::move(a.address);
    connected_at_ = shard_.turn().at().wall;
    closing_ = false;
    if (!transport_->start()) {
        log::error("connection refused by the kernel", {});
        transport_->abort(close_reason::internal_error);
    }
    session_.frames().rewind(hello.resume->received);
    session_.resume(hello, std::move(a.from->login), shard_.turn().at());
    for (subscription& s : subscriptions_) show(s);
    feeds_attached();
    // A drain closes this connection at the time of the one before it; another plan was for that
    // one alone.
    if (!shard_.is_leaving()) away_at_ = never;
    shard_.tell_departure(*this);
    log::debug("session resumed", {{"connection", static_cast<std::uint64_t>(id_)},
                                   {"session", session_.id().text()},
                                   {"user", session_.user()},
                                   {"address", address_}});
    transport_->wake();
    want_feed();
    rearm();
}

void client::read_on() {
    rearm();
    begin_reading();
}

void client::end_now() {
    if (!transport_) end();
}

void client::leave_now() {
    leave_all();
}

void client::evict() {
    if (transport_) return;
    session_.ruin(resume_result::expired);
    shard_.end_later(slot_);
}

}  // namespace weir
