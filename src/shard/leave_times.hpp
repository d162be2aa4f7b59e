#pragma once

#include <weir/base/clock.hpp>

#include <cstddef>
#include <optional>
#include <vector>

namespace weir {

/// When each of `clients` is sent away: ceil(share × clients) of them, chosen at random, get a
/// time within `spread`; the times are evenly spaced with jitter inside each space, so that no two
/// are the same (while there are milliseconds enough) and none come together. The others: nothing.
std::vector<std::optional<milliseconds>> leave_times(std::size_t clients, double share,
                                                     milliseconds spread);

}  // namespace weir
