#pragma once

#include <weir/config/load.hpp>

namespace weir::app {

/// Loads the certificate and key of each listener as the daemon would. What cannot be used becomes
/// an error of the configuration. Does nothing if the configuration has errors already.
void check_tls_pairs(config::loaded& l);

}  // namespace weir::app
