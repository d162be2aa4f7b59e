#pragma once

#include <weir/base/log.hpp>
#include <weir/config/load.hpp>

#include <string>

/// What the daemon has to say before it runs: in the form that `log.format` asks for, so that a log
/// collector never gets a line that it cannot parse.
namespace weir::app {

log::settings log_settings(config::settings const& s);

/// "error: TEXT" on standard error; with `log.format: json` a line of the log. The log must run
/// then.
void report(log::settings const& shape, config::severity weight, std::string const& text);

/// All faults of a configuration, each as above.
void report(config::loaded const& l);

}  // namespace weir::app
