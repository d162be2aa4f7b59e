#pragma once

#include "bench/proxied.hpp"

#include <weir/bench/fault_proxy.hpp>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <queue>
#include <unordered_map>
#include <vector>

namespace weir::bench {

/// The proxy without its thread: listener, connections and timers in one epoll set. Disturbances
/// are handed to the connections that they meet.
class proxy_loop {
public:
    explicit proxy_loop(fault_proxy::settings const& s);
    proxy_loop(proxy_loop const&) = delete;
    proxy_loop& operator=(proxy_loop const&) = delete;
    ~proxy_loop();

    std::uint16_t port() const noexcept { return port_; }
    int descriptor() const noexcept { return poll_; }
    void turn();
    std::size_t apply(disturbance const& d);
    std::optional<std::uint64_t> connection_from(std::uint16_t client_port) const;
    fault_proxy::counts totals() const;

private:
    struct member {
        std::unique_ptr<proxied> link;
        mono_time armed = never;  ///< the earliest timer that will pump it
        bool ready = false;       ///< is in ready_
        /// Of each shaping kind and way, which disturbance set it last.
        std::array<std::array<std::uint64_t, 4>, 2> set_by{};
    };
    enum class task : std::uint8_t { pump, expire, bury, listen };
    struct timer {
        mono_time at;
        task what;
        std::uint64_t connection = 0;
        disturbance_kind kind{};
        direction way{};
        std::uint64_t set_by = 0;
        bool operator>(timer const& o) const noexcept { return at > o.at; }
    };

    void listen();
    void stop_listening();
    void accept();
    int connect_from(std::uint32_t client_host) const;
    void watch(int fd, std::uint64_t data, std::uint32_t events) const;
    void pump(std::uint64_t number, member& m, mono_time now);
    void meet(std::uint64_t number, member& m, disturbance const& d, std::uint64_t stamp,
              mono_time now);
    std::vector<std::uint64_t> chosen(disturbance const& d) const;
    bool shares(disturbance const& d, std::uint64_t number) const noexcept;
    void later(timer t);
    void fire(timer const& t, mono_time now);
    void arm();

    fault_proxy::settings settings_;
    std::uint16_t port_ = 0;
    int poll_ = -1;
    int timer_ = -1;
    int reserved_ = -1;  ///< holds the port while nobody listens
    int listener_ = -1;
    std::unordered_map<std::uint64_t, member> members_;
    std::vector<std::uint64_t> ready_;
    std::priority_queue<timer, std::vector<timer>, std::greater<>> timers_;
    mono_time armed_ = never;
    std::vector<std::pair<disturbance, std::uint64_t>> coming_;  ///< what new connections meet
    std::uint64_t stamp_ = 0;
    std::uint64_t refused_by_ = 0;  ///< stamp of the last `refuse`
    dice chance_;
    std::vector<char> scratch_;
    fault_proxy::counts totals_;
};

}  // namespace weir::bench
