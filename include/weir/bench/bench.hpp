#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace weir::bench {

/// What the measuring commands share. Server and load each keep to a processor of their own; what
/// is measured is the server process's CPU time from /proc, never the wall clock of one side.
struct options {
    std::size_t connections = 1000;
    std::size_t bytes = 128;        ///< payload of a message
    std::size_t burst = 1;          ///< messages a turn
    double seconds = 2;             ///< of each round
    std::size_t rounds = 6;         ///< of each side, in the order A B B A
    std::size_t acknowledged = 20;  ///< idle: messages before the second look
    double heartbeat_seconds = 20;  ///< idle: how long heartbeats are watched
    int server_cpu = 0;
    int load_cpu = 1;
    bool json = false;
    bool compare = true;  ///< also runs the yardstick (`limit`) beside it
    std::string binary;   ///< the weir to measure; empty: this one
};

/// Each prints its report and answers the exit status.
int run_limit(options const& o);
int run_fanout(options const& o);
int run_echo(options const& o);
int run_idle(options const& o);

struct target_options {
    std::string address = "127.0.0.1";
    std::uint16_t port = 9001;
    std::size_t message_bytes = 16 * 1024 * 1024;
};
/// Echoes every message as it came, through the daemon's own transport, until SIGINT or SIGTERM.
int run_target(target_options const& o);

}  // namespace weir::bench
