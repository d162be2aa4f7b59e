#pragma once

#include <cstdint>
#include <string>
#include <sys/types.h>
#include <vector>

namespace weir::bench {

/// A server under measurement: a process of its own on its own processor, ended when this dies.
class child_process {
public:
    child_process() = default;
    child_process(child_process const&) = delete;
    child_process& operator=(child_process const&) = delete;
    ~child_process() { stop(); }

    /// The daemon with `lines` of YAML as its configuration, on a free port. Waits until it takes
    /// connections. Throws std::runtime_error with a sentence when it does not.
    void start_daemon(std::string const& binary, std::string const& yaml, int cpu);
    /// Writes another configuration and sends SIGHUP. What a reload cannot change must be the same.
    void reload_daemon(std::string const& yaml);
    /// Kills the daemon and starts it anew, with the same configuration on the same port.
    void restart_daemon();
    /// The bare loop (see limit_server), on a free port.
    void start_limit_server(int cpu);
    void stop();

    pid_t pid() const noexcept { return pid_; }
    std::uint16_t port() const noexcept { return port_; }

private:
    void run_daemon();
    void end();
    void wait_for_port();
    void write_configuration(std::string const& yaml) const;
    std::string binary_;
    int cpu_ = 0;
    pid_t pid_ = -1;
    std::uint16_t port_ = 0;
    std::string directory_;
};

/// A port that is free now.
std::uint16_t free_port();

}  // namespace weir::bench
