#include "bench_app/commands.hpp"

#include <weir/bench/bench.hpp>

#include <CLI/CLI.hpp>

#include <memory>

namespace weir::bench_app {

void add_target_command(CLI::App& app, int& status) {
    auto const o = std::make_shared<bench::target_options>();
    auto* const command = app.add_subcommand(
        "target", "Runs an echo server on the daemon's transport, for other tools to load");
    command->add_option("--address", o->address, "address to listen on")->capture_default_str();
    command->add_option("--port", o->port, "port to listen on; 0: any")->capture_default_str();
    command->add_option("--message-bytes", o->message_bytes, "largest message")
        ->capture_default_str();
    command->callback([o, &status] { status = bench::run_target(*o); });
}

}  // namespace weir::bench_app
