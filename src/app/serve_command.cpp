#include "app/commands.hpp"
#include "app/daemon.hpp"

#include <CLI/CLI.hpp>

namespace weir::app {

void add_serve_command(CLI::App& app, int& status) {
    auto* const command = app.add_subcommand("serve", "Runs the daemon in the foreground");
    auto const options = std::make_shared<config_options>();
    options->add_to(*command);
    command->footer(
        "Without -c it starts in development mode: loopback only, no login, everything allowed, a\n"
        "demo page on http://127.0.0.1:8080/. Options come from the file, then from variables "
        "such\n"
        "as WEIR_LIMITS__CONNECTIONS, then from --set.\n\n"
        "Signals: TERM drains and exits 0 inside drain.timeout; INT does the same, twice is at "
        "once;\n"
        "HUP reloads the file and the certificates and logs what applied.");
    command->callback([options, &status] {
        auto loaded = options->load();
        if (!loaded.ok()) {
            status = exit_usage;
            return;
        }
        daemon d(options->sources(), std::move(loaded));
        status = d.run();
    });
}

}  // namespace weir::app
