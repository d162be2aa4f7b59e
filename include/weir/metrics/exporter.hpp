#pragma once

#include <weir/base/clock.hpp>
#include <weir/base/observer.hpp>
#include <weir/base/route_counts.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace weir::metrics {

/// What the daemon knows about itself at a scrape.
struct daemon_facts {
    struct certificate {
        std::string_view listener;  ///< "public" or "internal"
        wall_ms expires = 0;
    };
    std::uint64_t connections_limit = 0;
    bool draining = false;
    std::vector<certificate> certificates;  ///< of the listeners with TLS
};

/// Everything that Prometheus scrapes (contract: Metrics). Sums what the threads count, each on
/// its own, at the moment of a scrape; nothing that counts ever waits for it. Filled before it
/// serves; render() and count_reload() on one thread.
class exporter {
public:
    exporter(std::string version, std::string commit);
    ~exporter();

    /// One more thread's counters; outlive this.
    void add(observer const& o);
    /// The counters of one more route of the server API; outlive this.
    void add(route_counts const& r);
    /// Where the facts come from; asked in render().
    void ask(std::function<daemon_facts()> facts);
    void count_reload(bool success);

    /// Text exposition format 0.0.4.
    std::string render() const;

private:
    class source;
    std::shared_ptr<source> source_;
};

}  // namespace weir::metrics
