#include "bench_app/commands.hpp"

#include <weir/base/version.hpp>

#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <system_error>

namespace weir::bench_app {
namespace {

/// The `weir` that was built or installed with this program.
std::string beside_this_program() {
    std::error_code error;
    auto const self = std::filesystem::read_symlink("/proc/self/exe", error);
    return error ? "weir" : (self.parent_path() / "weir").string();
}

int run(int argc, char** argv) {
    CLI::App app(
        "Measures a Weir server: CPU, memory and latency, and whether every message arrives.\n\n"
        "  weir-bench fanout               CPU per delivery to 1000 subscribers\n"
        "  weir-bench idle                 memory per idle session\n"
        "  weir-bench soak --minutes 10    check every message while connections break",
        "weir-bench");
    app.require_subcommand(1);
    app.get_formatter()->column_width(36);
    app.set_version_flag(
        "--version", "weir-bench " + std::string(version()) + " (" + std::string(commit()) + ")");
    app.footer(
        "Each command starts a daemon of its own on loopback: the `weir` beside this program, or\n"
        "--binary. Server and load each keep to one processor. Quote the ratios: rounds alternate\n"
        "with a yardstick, so a machine whose speed drifts changes both alike. How the figures "
        "are\n"
        "made: docs/performance.md.\n\n"
        "Exit status: 0 fine, 1 the work failed or a fault was found, 2 usage.");

    int status = exit_fine;
    auto const weir = beside_this_program();
    add_measure_commands(app, weir, status);
    add_trial_commands(app, weir, status);
    add_target_command(app, status);
    try {
        app.parse(argc, argv);
    } catch (CLI::ParseError const& e) {
        return app.exit(e) == 0 ? exit_fine : exit_usage;
    } catch (std::exception const& e) {
        std::fprintf(stderr, "weir-bench: %s\n", e.what());
        return exit_failed;
    }
    return status;
}

}  // namespace
}  // namespace weir::bench_app

int main(int argc, char** argv) {
    // A peer that is gone is an error of a write, not a signal.
    std::signal(SIGPIPE, SIG_IGN);
    return weir::bench_app::run(argc, argv);
}
