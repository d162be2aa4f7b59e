#include "app/client_options.hpp"
#include "app/commands.hpp"
#include "app/health.hpp"

#include <weir/client/http_get.hpp>

#include <CLI/CLI.hpp>

#include <chrono>
#include <cstdio>
#include <memory>

namespace weir::app {
namespace {

boost::asio::awaitable<void> ask(ws_url from, int& status) {
    // The certificate is not checked: its names are those of the outside, and this asks the own
    // machine.
    auto const deadline = std::chrono::steady_clock::now() + seconds(5);
    auto const answer = co_await http_get(from, false, deadline);
    auto const verdict = answer ? read_readiness(answer->status, answer->body)
                                : readiness{false, answer.error().message};
    std::fprintf(verdict.ready ? stdout : stderr, "%s%s\n",
                 verdict.ready ? "" : "not ready: ", verdict.text.c_str());
    status = verdict.ready ? exit_fine : exit_failed;
}

int run(config_options const& o) {
    auto const loaded = o.load();
    if (!loaded.ok()) return exit_usage;
    auto const& inside = loaded.values.listen.internal_listener;
    if (inside.port == 0) {
        std::fputs("error: listen.internal.port is 0 (any free port), so it cannot be known here\n",
                   stderr);
        return exit_usage;
    }
    int status = exit_failed;
    run_to_end(ask(readiness_url(inside), status));
    return status;
}

}  // namespace

void add_health_command(CLI::App& app, int& status) {
    auto* const command =
        app.add_subcommand("health", "Asks the daemon on this machine whether it is ready");
    auto const options = std::make_shared<config_options>();
    options->add_to(*command);
    command->footer(
        "Asks GET /readyz of the internal listener that the configuration names, for health "
        "checks\n"
        "of containers. Exit status: 0 ready; 1 not ready, and it says why.");
    command->callback([options, &status] { status = run(*options); });
}

}  // namespace weir::app
