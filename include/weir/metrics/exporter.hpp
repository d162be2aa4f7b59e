#pragma once

#include <weir/base/observer.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace weir::metrics {

/// Everything that Prometheus scrapes (contract: Metrics). Sums what the threads count, each on
/// its own, at the moment of a scrape; nothing that counts ever waits for it. Filled before it
/// serves; render() and count_reload() on one thread.
class exporter {
public:
    exporter(std::string version, std::string commit);
    ~exporter();

    /// One more thread's counters; outlive this.
    void add(observer const& o);
    void count_reload(bool success);

    /// Text exposition format 0.0.4.
    std::string render() const;

private:
    class source;
    std::shared_ptr<source> source_;
};

}  // namespace weir::metrics
