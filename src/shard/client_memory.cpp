#include "shard/client.hpp"
#include "shard/shard.hpp"

// What a client holds of the shard's memory, and how it gives way when that is short (ADR 0018).
namespace weir {

client::holding client::memory_held() const noexcept {
    if (closing_) return {};
    ring const& r = session_.frames();
    std::size_t const partial = transport_ ? transport_->held_bytes() : 0;
    return {.waiting = r.outbox_bytes() + waiting_bytes_ + partial, .kept = r.replay_bytes()};
}

void client::give_way() {
    if (closing_) return;
    std::size_t const outbox = session_.frames().outbox_bytes();
    if (!transport_ || outbox >= transport_->held_bytes()) {
        return session_.close(close_reason::slow_consumer);
    }
    // A close handshake would keep the unfinished message for as long as the peer likes. The
    // session lives on, and can be resumed.
    transport_->abort(close_reason::overloaded);
}

void client::forget_replay() {
    session_.frames().forget_kept();
}

}  // namespace weir
