#pragma once

#include "bench/endpoint.hpp"
#include "bench/witness.hpp"

#include <weir/base/clock.hpp>
#include <weir/client/resuming_client.hpp>
#include <weir/ws/decoder.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weir::bench {

/// What a link_set tells its owner. A call may connect, send or drop any link.
class link_listener {
public:
    virtual void on_opened(std::size_t index) = 0;
    virtual void on_text(std::size_t index, std::string_view text) = 0;
    /// It is closed; connect() may be called again.
    virtual void on_lost(std::size_t index, ending const& how) = 0;

protected:
    ~link_listener() = default;
};

/// Client connections without TLS that may break and come back, very many on one thread. Like
/// load_engine, but the loss of one is news and no fault.
class link_set {
public:
    /// The first source is 127.`block`.0.1.
    link_set(endpoint where, std::size_t count, std::uint8_t block, link_listener& listener);
    link_set(link_set const&) = delete;
    link_set& operator=(link_set const&) = delete;
    ~link_set();

    std::size_t size() const noexcept { return links_.size(); }
    /// Begins; on_opened() or on_lost() follows, not from inside.
    void connect(std::size_t index);
    /// One text frame. What does not fit into the socket waits; beyond a bound the link is lost.
    void send(std::size_t index, std::string_view text);
    /// Ends it without a word; nothing more is told of it.
    void drop(std::size_t index);
    /// Says 1000 and ends it; nothing more is told of it.
    void leave(std::size_t index);
    /// Shuts the socket both ways, as a network would: on_lost() follows.
    void break_off(std::size_t index);
    bool connected(std::size_t index) const noexcept { return links_[index].fd >= 0; }

    /// Handles what is there, waiting for at most `wait`.
    void turn(milliseconds wait);

private:
    struct link {
        int fd = -1;
        std::uint32_t generation = 0;  ///< events of an older socket mean nothing
        bool upgraded = false;
        bool writable = true;
        bool leaving = false;  ///< 1000 was said: what comes is thrown away until the end
        std::string head;      ///< of the response, while it is not complete
        std::string unsent;    ///< bounded
        std::unique_ptr<ws::decoder> decoder;
    };
    class sink;
    void on_event(std::size_t index, std::uint32_t generation, std::uint32_t events);
    void read(std::size_t index);
    /// False: it was lost meanwhile, or more bytes are needed.
    bool read_handshake(std::size_t index, std::string_view bytes);
    void decode(std::size_t index, std::span<char> bytes);
    void put(std::size_t index, std::string_view bytes);
    void flush(std::size_t index);
    void close(std::size_t index, bool abruptly);
    void lose(std::size_t index, ending const& how);

    endpoint where_;
    std::uint8_t block_;
    int poll_;
    link_listener& listener_;
    std::vector<link> links_;
    struct loss {
        std::size_t index;
        std::uint32_t generation;
        ending how;
    };
    std::vector<loss> losses_;  ///< found while sending; told in the next turn
    std::vector<char> scratch_;
};

}  // namespace weir::bench
