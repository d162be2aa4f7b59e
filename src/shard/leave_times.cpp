#include "shard/leave_times.hpp"

#include <weir/base/ids.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

namespace weir {

std::vector<std::optional<milliseconds>> leave_times(std::size_t clients, double share,
                                                     milliseconds spread) {
    std::vector<std::optional<milliseconds>> times(clients);
    auto const leaving =
        std::min(clients, static_cast<std::size_t>(std::ceil(std::clamp(share, 0.0, 1.0) *
                                                             static_cast<double>(clients))));
    if (leaving == 0) return times;
    std::vector<std::size_t> order(clients);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::mt19937_64 random(random_u64());
    std::shuffle(order.begin(), order.end(), random);
    double const space = static_cast<double>(spread.count()) / static_cast<double>(leaving);
    std::uniform_real_distribution<double> within(0.0, std::max(space, 1e-9));
    for (std::size_t i = 0; i != leaving; ++i) {
        auto const at = static_cast<double>(i) * space + within(random);
        times[order[i]] = milliseconds(static_cast<std::int64_t>(at));
    }
    return times;
}

}  // namespace weir
