#pragma once

#include <weir/config/load.hpp>

#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

/// The subcommands. Each add_…_command() describes its own options on the parser and, when it was
/// the one called, leaves its exit status in `status`.
namespace weir::app {

/// 0 success, 1 the command failed, 2 wrong usage or configuration.
enum exit_status : int { exit_fine = 0, exit_failed = 1, exit_usage = 2 };

/// -c FILE and --set K=V, the same for every command that reads the configuration.
struct config_options {
    std::optional<std::string> file;
    std::vector<std::string> assignments;

    void add_to(CLI::App& command);
    config::sources sources() const;
    /// Loads; prints every fault to standard error.
    config::loaded load() const;
};

void add_init_command(CLI::App& app, int& status);
void add_serve_command(CLI::App& app, int& status);
void add_check_command(CLI::App& app, int& status);
void add_config_command(CLI::App& app, int& status);
void add_health_command(CLI::App& app, int& status);
void add_token_command(CLI::App& app, int& status);
void add_sub_command(CLI::App& app, int& status);
void add_pub_command(CLI::App& app, int& status);
void add_version_command(CLI::App& app, int& status);

}  // namespace weir::app
