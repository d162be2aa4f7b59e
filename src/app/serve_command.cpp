#include "app/commands.hpp"
#include "app/daemon.hpp"
#include "app/startup_report.hpp"
#include "app/tls_pairs.hpp"

#include <CLI/CLI.hpp>

#include <malloc.h>

namespace weir::app {
namespace {

/// By default glibc returns freed memory at the end of a shard's heap to the kernel at once, and
/// replay buffers need it again a moment later. A page fault costs as much as several deliveries,
/// so up to 8 MiB are kept.
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
        "demo page on http://127.0.0.1:8080/. Options come from the file, then from environment\n"
        "variables such as WEIR_LIMITS__CONNECTIONS, then from --set.\n\n"
        "Signals: TERM and INT drain and exit with 0 within drain.timeout; a second INT stops at\n"
        "once. HUP reloads the file and the certificates, and logs what changed.");
    command->callback([options, &status] {
        auto loaded = config::load(options->sources());
        check_tls_pairs(loaded);
        log::start(log_settings(loaded.values));
        report(loaded);
        if (loaded.ok()) {
            keep_freed_memory();
            daemon d(options->sources(), std::move(loaded));
            status = d.run();
        } else {
            status = exit_usage;
        }
        log::stop();
    });
}

}  // namespace weir::app
