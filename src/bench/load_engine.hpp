#pragma once

#include "bench/endpoint.hpp"

#include <weir/ws/decoder.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace weir::bench {

/// Very many client connections on one thread: an edge of the network that is never the
/// bottleneck. Non-blocking sockets in one epoll set, no timers, no coroutines; frames are decoded
/// with the project's own codec and handed to one callback.
class load_engine {
public:
    using clock = std::chrono::steady_clock;
    /// A text message on connection `index`.
    using on_message = std::function<void(std::size_t index, std::string_view text)>;

    explicit load_engine(endpoint where);
    load_engine(load_engine const&) = delete;
    load_engine& operator=(load_engine const&) = delete;
    ~load_engine();

    /// Opens `count` more connections; `websocket` false: plain sockets whose bytes are frames from
    /// the start (the yardstick). `rate`: so many a second at most; 0: no pause. Throws
    /// std::runtime_error when they are not all open in time.
    void open(std::size_t count, bool websocket, double rate = 0);
    std::size_t size() const noexcept { return links_.size(); }

    void set_handler(on_message h) { handler_ = std::move(h); }
    /// One masked text frame, or bytes as they are. Blocks in spirit: a full socket is an error.
    void send_text(std::size_t index, std::string_view text);
    void send_texts(std::size_t index, std::vector<std::string> const& texts);
    void send_bytes(std::size_t index, std::string_view bytes);

    /// Handles events until `done` or the deadline. False: the deadline.
    bool run_until(std::function<bool()> const& done, clock::time_point deadline);

private:
    struct link;
    class sink;
    void connect(link& l, std::size_t number, bool websocket);
    void on_event(std::size_t index);
    /// Bytes, or what recv() answers for none.
    std::ptrdiff_t receive(link& l);
    std::ptrdiff_t transmit(link& l, std::string_view bytes);
    void read_handshake(link& l, std::string_view bytes);
    void decode(std::size_t index, std::span<char> bytes);

    endpoint where_;
    int poll_;
    std::vector<std::unique_ptr<link>> links_;
    std::size_t opened_ = 0;
    std::size_t next_source_ = 0;
    on_message handler_;
    std::vector<char> scratch_;
};

}  // namespace weir::bench
