#include "app/commands.hpp"
#include "app/daemon.hpp"

#include <CLI/CLI.hpp>

#include <malloc.h>

namespace weir::app {
namespace {

/// What many replay buffers free with a round of receipts they need again a moment later: as it is
/// set up, glibc gives such an end of a shard's heap back to the kernel each time, and a page fault
/// costs as much as several deliveries. So up to 8 MiB of it stay.
void keep_freed_memory() {
#ifdef __GLIBC__
    ::mallopt(M_TRIM_THRESHOLD, 8 << 20);
    ::mallopt(M_TOP_PAD, 1 << 20);
    ::mallopt(M_MMAP_THRESHOLD, 1 << 20);  // which the first two would fix at 128 KiB
#endif
}

}  // namespace

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
        keep_freed_memory();
        daemon d(options->sources(), std::move(loaded));
        status = d.run();
    });
}

}  // namespace weir::app
