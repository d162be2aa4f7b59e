#include "app/commands.hpp"

#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdio>
#include <string_view>

int main(int argc, char** argv) {
    using namespace weir::app;
    // A peer that went away is an error of a write, not a signal; OpenSSL writes without
    // MSG_NOSIGNAL.
    std::signal(SIGPIPE, SIG_IGN);

    CLI::App app(
        "Weir carries messages over long-lived connections: WebSocket in, the same to everyone "
        "who\n"
        "follows the topic, once and in order, or a word about what is missing.\n\n"
        "  weir serve                      start in development mode on http://127.0.0.1:8080\n"
        "  weir serve -c weir.yaml         start with a configuration\n"
        "  weir sub ws://127.0.0.1:8080/v1/ws chat.lobby\n"
        "  weir pub ws://127.0.0.1:8080/v1/ws chat.lobby '{\"text\":\"hello\"}'",
        "weir");
    app.require_subcommand(1);
    app.get_formatter()->column_width(36);
    app.footer("Exit status: 0 fine, 1 the work failed, 2 usage or configuration.");

    if (argc > 1 && std::string_view(argv[1]) == "bench") {
        std::fputs("weir: benchmarks are a program of their own: weir-bench\n", stderr);
        return exit_usage;
    }
    int status = exit_fine;
    add_serve_command(app, status);
    add_check_command(app, status);
    add_config_command(app, status);
    add_token_command(app, status);
    add_sub_command(app, status);
    add_pub_command(app, status);
    add_version_command(app, status);
    try {
        app.parse(argc, argv);
    } catch (CLI::ParseError const& e) {
        return app.exit(e) == 0 ? exit_fine : exit_usage;
    } catch (std::exception const& e) {
        std::fprintf(stderr, "weir: %s\n", e.what());
        return exit_failed;
    }
    return status;
}
