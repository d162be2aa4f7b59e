#pragma once

#include <weir/async/tls_context.hpp>
#include <weir/base/error.hpp>
#include <weir/config/load.hpp>
#include <weir/config/reload.hpp>
#include <weir/shard/settings.hpp>

#include <vector>

namespace weir::ops {

/// A configuration that is ready to replace the running one: files are read, certificates loaded,
/// nothing is applied yet. Installing it cannot fail.
struct prepared_reload {
    config::settings settings;  ///< the running ones with every option that a reload can change
    live_settings_ptr live;
    tls_context internal_tls;             ///< null: TLS is off
    std::vector<config::change> changes;  ///< those that need a restart included
};

/// Reads everything again. The fault is a sentence for the operator, the first error of several;
/// all errors and warnings are logged.
result<prepared_reload> prepare_reload(config::sources const& from,
                                       config::settings const& running);

/// Null where TLS is off.
result<tls_context> load_tls(config::tls_files const& files);

}  // namespace weir::ops
