#include "shard/shard.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <memory>
#include <utility>

// Sessions without a connection, and connections that look for their session. A session stays on
// its shard; a connection that wants it is sent there, once, before its welcome (ADR 0009).
namespace weir {
namespace asio = boost::asio;

void shard::detached(client& c) {
    counts_.sessions_attached.sub();
    counts_.sessions_detached.add();
    auto const gone =
        commons_.detached.add(c.session().id(), address_key(c.address()), c.session().user());
    for (auto const& e : gone) {
        at(counts_.limited, e.limit).add();
        evict_anywhere(e.session);
    }
}

/// Also on this shard by mail: the client that has just left may still be on the stack.
void shard::evict_anywhere(session_id const& session) {
    auto const where = commons_.addresses.find(session);
    if (!where) return;
    commons_.shards[where->shard]->tell([session](shard& s) { s.evict(session); });
}

void shard::attached(client& c) {
    counts_.sessions_detached.sub();
    counts_.sessions_attached.add();
    commons_.detached.remove(c.session().id());
}

void shard::evict(session_id const& session) {
    if (client* const c = find_session(session)) c->evict();
}

client* shard::find_session(session_id const& id) noexcept {
    auto const where = commons_.addresses.find(id);
    if (!where || where->shard != index_) return nullptr;
    return clients_.find(id, where->index);
}

void shard::send_on(client_slot slot, unsigned to) {
    asio::post(io_, [this, slot, to] {
        client* const c = clients_.find(slot);
        if (c == nullptr || !c->has_connection()) return;
        arrival a = c->depart();
        connection_ended(a.connection->kind());
        clients_.take(slot);
        end_when_empty();
        if (to == index_) return receive(std::move(a));
        auto const travelling = std::make_shared<arrival>(std::move(a));
        commons_.shards[to]->tell([travelling](shard& s) { s.receive(std::move(*travelling)); });
    });
}

/// Reads the message with which a connection asks for a session of this shard. Where it may have
/// it, that session takes what else stands in the message.
class shard::resuming final : public command_sink {
public:
    resuming(shard& s, arrival& a) noexcept : shard_(s), arrival_(a) {}

    bool take(command const& c) override {
        if (resumed_ != nullptr) {
            resumed_->session().on_command(c, shard_.turn_.at());
        } else if (c.type == command_type::hello && c.resume) {
            verdict_ = shard_.take_over(arrival_, c, resumed_);
        }
        return goes_on();
    }
    bool take(command_fault const& f) override {
        if (resumed_ != nullptr) resumed_->session().on_fault(f, shard_.turn_.at());
        return goes_on();
    }
    void give_up(close_reason why) override {
        if (resumed_ != nullptr) resumed_->session().on_unreadable(why, shard_.turn_.at());
    }

    client* resumed() const noexcept { return resumed_; }
    resume_result verdict() const noexcept { return verdict_; }

private:
    bool goes_on() const noexcept {
        return resumed_ != nullptr && !resumed_->session().is_closing();
    }

    shard& shard_;
    arrival& arrival_;
    client* resumed_ = nullptr;
    resume_result verdict_ = resume_result::expired;
};

resume_result shard::take_over(arrival& a, command const& hello, client*& by) {
    arrival::journey& from = *a.from;
    client* const c = clients_.find(from.wanted, from.index);
    if (c == nullptr) return resume_result::expired;
    static std::string const nobody;
    auto const& user = from.login.identity ? from.login.identity->user : nobody;
    auto const verdict = c->session().may_resume(*hello.resume, user, a.dialect);
    if (verdict != resume_result::resumed) return verdict;
    // Without a place it is closed where it came from, should there still be none.
    if (!c->session().find_place(from.login, turn_.at())) return resume_result::lost;
    at(counts_.connections, a.connection->kind()).add();
    by = c;
    c->attach(a, hello);
    return verdict;
}

void shard::receive(arrival a) {
    if (stopping_) return;
    arrival::journey& from = *a.from;
    resuming message(*this, a);
    dialects_[a.dialect]->decode(from.hello, from.binary, message);
    if (client* const c = message.resumed()) return c->read_on();
    from.refused = message.verdict();
    if (from.login.identity) a.credential.identity = *from.login.identity;
    from.login = {};
    if (from.origin == index_) return adopt(std::move(a));
    auto const travelling = std::make_shared<arrival>(std::move(a));
    commons_.shards[from.origin]->tell([travelling](shard& s) { s.adopt(std::move(*travelling)); });
}

void shard::part_with(std::unique_ptr<transport> t, directory::units place) {
    parting_.push_back(std::make_unique<parting>(*this, std::move(t), std::move(place)));
}

void shard::discard(parting& p) {
    // Its transport is still on the stack that told of its end.
    asio::post(io_, [this, &p] {
        std::erase_if(parting_, [&p](auto const& one) { return one.get() == &p; });
        end_when_empty();
    });
}

}  // namespace weir
