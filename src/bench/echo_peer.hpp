#pragma once

#include <weir/session/ring.hpp>
#include <weir/transport/frame_writer.hpp>
#include <weir/transport/ws_connection.hpp>

#include <cstddef>
#include <functional>
#include <utility>

namespace weir::bench {

/// One connection of the echo target: every message goes back as it came, text as text and binary
/// as binary. A peer that sends without reading is closed once `outbox_bytes` wait for it.
class echo_peer final : private transport_owner {
public:
    echo_peer(turn& context, raw_socket socket, ws_parameters const& p, std::size_t outbox_bytes,
              std::function<void()> gone)
        : bounds_{.outbox_bytes = outbox_bytes},
          ring_(bounds_),
          gone_(std::move(gone)),
          connection_(context, std::move(socket), p, *this) {}

    void start() {
        if (!connection_.start()) gone_();
    }

private:
    void on_message(std::string_view text, bool binary) override {
        auto frame = binary ? make_binary_frame(text, true) : make_text_frame(text, true);
        if (ring_.push(std::move(frame)) == enqueued::overflow) {
            connection_.close(close_reason::slow_consumer, {});
        } else {
            connection_.wake();
        }
    }
    void on_traffic() override {}
    void on_pong(std::string_view) override {}
    std::size_t outbox_peek(std::span<frame const*> out) override { return ring_.peek(out); }
    void outbox_committed(std::size_t n) override { ring_.commit(n); }
    void on_closing(close_reason) override {}
    void on_closed(closing const&) override { gone_(); }

    ring::bounds bounds_;
    ring ring_;
    std::function<void()> gone_;
    ws_connection connection_;
};

}  // namespace weir::bench
