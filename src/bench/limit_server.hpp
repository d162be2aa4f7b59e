#pragma once

#include <cstdint>

namespace weir::bench {

/// The yardstick: the least a server could do. Accepts plain sockets; the connection that sends a
/// line "go BYTES COUNT\n" makes it send COUNT frames of BYTES bytes to every other one in one
/// bare send() each, and nothing else: no parsing, no queues, no accounting. Runs in a process of
/// its own until it is killed.
int serve_limit(std::uint16_t port);

}  // namespace weir::bench
