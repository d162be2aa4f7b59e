#include "shard/parting.hpp"

#include "shard/shard.hpp"

#include <utility>

namespace weir {

parting::parting(shard& owner, std::unique_ptr<weir::transport> transport, directory::units place)
    : shard_(owner), transport_(std::move(transport)), place_(std::move(place)) {
    transport_->change_owner(*this);
    transport_->close(close_reason::resumed_elsewhere, {});
}

void parting::abort() {
    transport_->abort(close_reason::going_away);
}

void parting::on_closed(closing const& c) {
    at(shard_.counts().closed, c.reason).add();
    shard_.connection_ended(transport_->kind());
    shard_.discard(*this);
}

}  // namespace weir
