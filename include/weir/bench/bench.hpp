#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace weir::bench {

/// Options of the commands that measure. Server and load each keep to one processor. The cost is
/// the CPU time of the server's process, read from /proc.
struct options {
    std::size_t connections = 1000;
    std::size_t bytes = 128;        ///< payload of a message
    std::size_t burst = 1;          ///< messages published together
    double seconds = 2;             ///< length of a round
    std::size_t rounds = 6;         ///< rounds of each side, in the order A B B A
    std::size_t acknowledged = 20;  ///< idle: messages before memory is read again
    std::size_t topics = 1;         ///< idle: topics of each session
    double heartbeat_seconds = 20;  ///< idle: how long heartbeats are measured
    int server_cpu = 0;
    int load_cpu = 1;
    bool json = false;
    bool compare = true;  ///< also run a yardstick
    std::string binary;   ///< the weir to measure
    std::string against;  ///< fanout: another weir as the yardstick; empty: `limit`
    /// fanout: so many more sessions subscribe and are cut before; the yardstick has none of them.
    std::size_t detached = 0;

    std::string url;       ///< a server that runs already; empty: a daemon of our own
    std::string token;     ///< of every connection to it
    std::string metrics;   ///< its /metrics; empty: its CPU and memory are not known
    bool verify = true;    ///< its certificate
    double pace = 0;       ///< fanout: rounds of messages per second at most; 0: no pause
    double open_rate = 0;  ///< connections opened per second at most; 0: no pause
    std::string topic = "bench.fanout";
};

/// Each prints its report and returns the exit status.
int run_limit(options const& o);
int run_fanout(options const& o);
int run_echo(options const& o);
int run_idle(options const& o);

/// Options of the commands that check every message.
struct trial_options {
    std::size_t sessions = 200;
    std::size_t publishers = 20;  ///< so many sessions publish
    double rate = 20;             ///< publishes per second and publisher
    std::size_t bytes = 200;      ///< payload of a message
    std::size_t shards = 2;
    std::uint64_t seed = 0;  ///< 0: a random one, which is printed
    bool continuity = true;  ///< false: without history, resume and slow policies
    bool json = false;
    std::string binary;  ///< the weir to run
};

/// Sessions behind a proxy that breaks connections. Asserts order and counts, never speed.
struct soak_options : trial_options {
    double minutes = 1;
    double cuts = 2;  ///< per second; other faults in proportion
    double resume_window_seconds = 15;
    double memory_mib = 32;              ///< how much the daemon may have grown at the end
    std::uint64_t last_seed = 0;         ///< runs every seed from `seed` to this one; 0: one run
    std::vector<std::string> with = {};  ///< soak_parts() that take part, or `none`; empty: all
};
/// The options of the protocol that a soak can be limited to, to find which of them a fault needs.
std::vector<std::string> soak_parts();
/// 1, with a report, if something was wrong.
int run_soak(soak_options const& o);

/// All sessions are cut at once and come back, beside others that are not cut.
struct storm_options : trial_options {
    storm_options() {
        sessions = 15'000;
        publishers = 10;  // of the untouched
        rate = 5;
        bytes = 128;
        shards = 1;
    }
    std::size_t untouched = 100;
    std::size_t topics = 100;
    double quiet_seconds = 10;  ///< before each cut
    std::size_t rounds = 3;
    int server_cpu = 0;
    int load_cpu = 1;
    bool restart = false;  ///< the daemon is killed and started again instead of a cut
};
int run_storm(storm_options const& o);

struct target_options {
    std::string address = "127.0.0.1";
    std::uint16_t port = 9001;
    std::size_t message_bytes = 16 * 1024 * 1024;
};
/// Echoes every message through the daemon's own transport, until SIGINT or SIGTERM.
int run_target(target_options const& o);

}  // namespace weir::bench
