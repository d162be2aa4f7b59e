#pragma once

#include <weir/bench/disturbance.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

namespace weir::bench {

/// A TCP proxy on loopback between clients and a server that does to connections what networks do.
///
/// Epoll, one thread: either its own (start) or whoever calls turn() when descriptor() is readable.
/// Each connection holds at most `buffer_bytes` each way, and is not read from while the other side
/// is not written to. The server sees the address in 127.0.0.0/8 that the client came from, so
/// limits by address mean what they would without a proxy. Connections are numbered from 1 in the
/// order of their coming.
///
/// All but turn() may be called from any thread once start() was called; before, only from the
/// thread that calls turn().
class fault_proxy {
public:
    /// The connection is cut when so many bytes (at least 1) have passed one way.
    struct cut_point {
        direction way = direction::to_client;  ///< not both
        std::uint64_t bytes = 0;
    };
    struct settings {
        std::uint16_t server_port = 0;
        std::uint16_t port = 0;  ///< to listen on at 127.0.0.1; 0: any free one
        std::size_t buffer_bytes = 64 * 1024;
        std::size_t connections_max = 32 * 1024;  ///< more are reset at once
        /// Of the kernel for what comes from the server; small, so that a slow client is soon felt.
        int receive_bytes = 0;  ///< 0: as the kernel likes
        std::uint64_t seed = 0;
        /// A script: where each connection, by its number, is to be cut. Asked as it comes, on the
        /// proxy's thread; null: nowhere.
        std::function<std::optional<cut_point>(std::uint64_t connection)> cut_at = nullptr;
    };
    struct counts {
        std::uint64_t accepted = 0;      ///< connections so far
        std::uint64_t open = 0;          ///< now
        std::uint64_t disturbances = 0;  ///< connections met, all disturbances together
        std::uint64_t cut = 0;           ///< connections closed by `cut`, or at their cut_point
        std::uint64_t reset = 0;         ///< by `reset`
        std::uint64_t bytes_to_server = 0, bytes_to_client = 0;
        std::uint64_t writes_to_server = 0, writes_to_client = 0;
        std::uint64_t buffered = 0;  ///< bytes held now
    };

    /// Throws std::runtime_error when it cannot listen.
    explicit fault_proxy(settings const& s);
    fault_proxy(fault_proxy const&) = delete;
    fault_proxy& operator=(fault_proxy const&) = delete;
    /// Ends the thread, if there is one, and resets all connections.
    ~fault_proxy();

    std::uint16_t port() const noexcept;

    /// Runs on a thread of its own from now on, kept to processor `cpu` (negative: any).
    void start(int cpu = -1);
    /// Readable when turn() has something to do; timers included.
    int descriptor() const noexcept;
    /// Does what is due and answers at once.
    void turn();

    /// Does it now; it is done when this returns. Answers how many connections were met.
    std::size_t apply(disturbance const& d);
    /// The connection whose client has this local port; nothing: none that was accepted.
    std::optional<std::uint64_t> connection_from(std::uint16_t client_port);
    counts totals();

private:
    class loop;
    class runner;
    std::unique_ptr<loop> loop_;
    std::unique_ptr<runner> runner_;
};

}  // namespace weir::bench
