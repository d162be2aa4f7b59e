#pragma once

#include "bench/shaper.hpp"

#include <weir/bench/fault_proxy.hpp>

#include <array>
#include <cstdint>
#include <span>

namespace weir::bench {

/// One connection through the proxy: two non-blocking sockets, which it owns, and what is under
/// way between them. Used by the proxy's loop only, which tells it what its edge-triggered epoll
/// set said and when time has passed, and destroys it once it is over().
class proxied {
public:
    enum side : unsigned { client = 0, server = 1 };

    /// `server_fd` may still be connecting.
    proxied(int client_fd, int server_fd, std::size_t buffer_bytes);
    proxied(proxied const&) = delete;
    proxied& operator=(proxied const&) = delete;
    /// Closes what is open; with a FIN where nothing unread is left.
    ~proxied();

    int descriptor(side s) const noexcept { return ends_[s].fd; }
    void on_event(side s, std::uint32_t events) noexcept;
    void disturb(disturbance const& d, mono_time now);
    void end(disturbance_kind kind, direction way, mono_time now);

    /// Moves what can be moved, within a turn's share. True: there may be more, call again soon.
    bool pump(std::span<char> scratch, mono_time now, dice& chance, fault_proxy::counts& totals);
    /// When pump() is to be called without an event; `never`: not at all.
    mono_time next(mono_time now) const;

    void cut_at(fault_proxy::cut_point const& where) noexcept;
    /// Ends both sides with a FIN: from now on what comes is thrown away, until both peers have
    /// ended too.
    void cut() noexcept;
    /// Ends both sides with a RST.
    void reset() noexcept;
    bool cutting() const noexcept { return cutting_; }
    bool over() const noexcept { return over_; }
    std::size_t held() const noexcept { return flows_[0].held() + flows_[1].held(); }

private:
    struct end_point {
        int fd = -1;
        bool readable = false, writable = false;
        bool ended = false;  ///< its peer sent FIN, and we have seen it
        bool shut = false;   ///< we sent FIN
    };
    enum class moved : std::uint8_t { nothing, something, broken };
    moved write(unsigned from, mono_time now, fault_proxy::counts& totals);
    moved read(unsigned from, std::span<char> scratch, mono_time now, dice& chance);
    void discard(std::span<char> scratch);

    std::array<end_point, 2> ends_;
    std::array<shaper, 2> flows_;  ///< by the side that the bytes come from
    std::array<std::uint64_t, 2> until_cut_;
    bool cutting_ = false;
    bool over_ = false;
};

}  // namespace weir::bench
