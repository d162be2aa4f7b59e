#pragma once

#include "config/fault_list.hpp"

#include <weir/config/load.hpp>

namespace weir::config {

/// What single values cannot tell: options that contradict each other are errors, what is most
/// likely not meant is a warning.
void check_combinations(settings const& values, provenance const& origins, fault_list& faults);

/// With `development`: loopback only, whatever the environment and --set say.
void check_development(settings const& values, provenance const& origins, fault_list& faults);

}  // namespace weir::config
