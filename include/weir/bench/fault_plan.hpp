#pragma once

#include <weir/base/dice.hpp>
#include <weir/bench/disturbance.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

namespace weir::bench {

/// How often what goes wrong, in events a second each meeting one connection by chance; 0: never.
struct fault_rates {
    double cuts = 0;
    double resets = 0;
    double stalls = 0;        ///< half-open peers, both directions
    double pauses = 0;        ///< of one direction
    double slow_readers = 0;  ///< the client's direction at `slow_bytes` a second
    double slices = 0;
    double latencies = 0;
    double refusals = 0;  ///< of everybody who would connect

    milliseconds lasting_min{200}, lasting_max{8000};  ///< of all but cuts and resets
    milliseconds refusal_max{1000};
    std::size_t slow_bytes = 2000;
};

/// What happens when, from a seed: an endless series of disturbances in the order of their times.
/// Pure; the same rates and seed give the same series.
class fault_plan {
public:
    struct step {
        milliseconds at{0};  ///< since the beginning
        disturbance what;
        bool operator==(step const&) const = default;
    };

    fault_plan(fault_rates const& rates, std::uint64_t seed);

    /// Nothing ever happens: all rates are 0.
    bool empty() const noexcept;
    /// The next step; only where the plan is not empty.
    step next();

private:
    static constexpr std::size_t kinds = 8;
    disturbance make(std::size_t kind);

    fault_rates rates_;
    dice dice_;
    std::array<double, kinds> rate_{};
    std::array<double, kinds> due_{};  ///< seconds; of each kind its next
};

}  // namespace weir::bench
