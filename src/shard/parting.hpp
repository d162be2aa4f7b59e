#pragma once

#include <weir/session/directory.hpp>
#include <weir/transport/transport.hpp>

#include <memory>

namespace weir {

class shard;

/// A connection whose session was resumed by another one: it is only told so (4006), and goes.
/// Owned by its shard until its transport has closed; on the shard's thread only.
class parting final : private transport_owner {
public:
    parting(shard& owner, std::unique_ptr<weir::transport> transport, directory::units place);
    void abort();

private:
    void on_message(std::string_view, bool) override {}
    void on_traffic() override {}
    void on_pong(std::string_view) override {}
    std::size_t outbox_peek(std::span<frame const*>) override { return 0; }
    void outbox_committed(std::size_t) override {}
    void on_closing(close_reason) override {}
    void on_closed(closing const& c) override;

    shard& shard_;
    std::unique_ptr<weir::transport> transport_;
    directory::units place_;
};

}  // namespace weir
