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
    std::size_t topics = 1;         ///< idle: of each session
    double heartbeat_seconds = 20;  ///< idle: how long heartbeats are watched
    int server_cpu = 0;
    int load_cpu = 1;
    bool json = false;
    bool compare = true;  ///< also runs the yardstick (`limit`) beside it
    std::string binary;   ///< the weir to measure; empty: this one
    std::string against;  ///< fanout: another weir is the yardstick; empty: `limit` is
};

/// Each prints its report and answers the exit status.
int run_limit(options const& o);
int run_fanout(options const& o);
int run_echo(options const& o);
int run_idle(options const& o);

/// Sessions through a proxy that breaks them, checked message by message. Asserts order and counts,
/// never speed.
struct soak_options {
    double minutes = 1;
    std::size_t sessions = 200;
    std::size_t publishers = 20;  ///< of the sessions
    double rate = 20;             ///< publishes a second of each
    std::size_t bytes = 200;      ///< payload of a message
    double cuts = 2;              ///< a second; other faults come in proportion
    std::uint64_t seed = 0;       ///< 0: by chance; it is printed
    std::size_t shards = 2;
    double resume_window_seconds = 15;
    double memory_mib = 32;  ///< the daemon may have grown by so much at the end
    bool continuity = true;  ///< false: without history, resume and slow policies
    bool json = false;
    std::string binary;
};
/// 1 with an account of what was wrong.
int run_soak(soak_options const& o);

/// All sessions are cut at once and come back, beside others that nothing happens to.
struct storm_options {
    std::size_t sessions = 15'000;
    std::size_t untouched = 100;
    std::size_t topics = 100;
    std::size_t publishers = 10;  ///< of the untouched
    double rate = 5;              ///< publishes a second of each
    std::size_t bytes = 128;
    double quiet_seconds = 10;  ///< before each cut
    std::size_t rounds = 3;
    std::size_t shards = 1;
    std::uint64_t seed = 0;
    int server_cpu = 0;
    int load_cpu = 1;
    bool continuity = true;
    bool restart = false;  ///< the daemon is killed and started again instead of a cut
    bool json = false;
    std::string binary;
};
int run_storm(storm_options const& o);

struct target_options {
    std::string address = "127.0.0.1";
    std::uint16_t port = 9001;
    std::size_t message_bytes = 16 * 1024 * 1024;
};
/// Echoes every message as it came, through the daemon's own transport, until SIGINT or SIGTERM.
int run_target(target_options const& o);

}  // namespace weir::bench
