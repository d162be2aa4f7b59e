#pragma once

#include <weir/base/clock.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace weir::bench {

/// Which way bytes go through a proxied connection.
enum class direction : std::uint8_t { to_server = 1, to_client = 2, both = 3 };

constexpr bool includes(direction all, direction one) noexcept {
    return (static_cast<unsigned>(all) & static_cast<unsigned>(one)) != 0;
}

enum class disturbance_kind : std::uint8_t {
    latency,    ///< bytes come `delay` later, and up to `jitter` more; their order is kept
    slice,      ///< bytes pass `bytes` at a time, `delay` apart
    bandwidth,  ///< at most `bytes` pass in a second
    stall,      ///< nothing passes and no end is noticed, but the sockets stay open: a half-open
                ///< peer, or a pause where it is one direction; what is written waits
    heal,       ///< ends the four above
    cut,        ///< both sides are closed with FIN; what was under way is lost
    reset,      ///< both sides are closed with RST
    refuse,     ///< nobody listens; connections that exist are not touched
    admit,      ///< ends `refuse`
};
std::string_view to_string(disturbance_kind kind) noexcept;

/// One thing that goes wrong between clients and their server.
struct disturbance {
    enum class reach : std::uint8_t {
        all,
        one,    ///< the connection numbered `connection`
        some,   ///< `count` connections, by chance
        share,  ///< each connection with the probability `share`
    };

    disturbance_kind kind = disturbance_kind::cut;
    direction way = direction::both;  ///< of latency, slice, bandwidth, stall and heal
    reach who = reach::all;
    std::uint64_t connection = 0;
    std::size_t count = 1;
    double share = 1;
    bool coming = false;  ///< with all and share: connections that are yet to come, too
    /// Of latency, slice, bandwidth, stall and refuse; 0: until healed, or admitted.
    milliseconds lasting{0};
    std::chrono::microseconds delay{0}, jitter{0};
    std::size_t bytes = 0;
    std::uint64_t pick = 0;  ///< decides who is met, together with the proxy's seed

    bool operator==(disturbance const&) const = default;
};

/// For a log: "cut 1 by chance".
std::string describe(disturbance const& d);

}  // namespace weir::bench
