#pragma once

#include <string>

namespace CLI {
class App;
}

/// The subcommands of weir-bench. Each describes its options on the parser and, when it was the one
/// called, leaves its exit status in `status`. `weir` is the daemon to start without --binary.
namespace weir::bench_app {

/// 0 fine, 1 the work failed or a fault was found, 2 usage.
enum exit_status : int { exit_fine = 0, exit_failed = 1, exit_usage = 2 };

/// limit, fanout, echo, idle.
void add_measure_commands(CLI::App& app, std::string const& weir, int& status);
/// soak, storm.
void add_trial_commands(CLI::App& app, std::string const& weir, int& status);
void add_target_command(CLI::App& app, int& status);

}  // namespace weir::bench_app
