#include "app/command_line.hpp"

#include "app/commands.hpp"

#include <weir/base/version.hpp>
#include <weir/config/suggest.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <vector>

namespace weir::app {
namespace {

constexpr char const* about =
    "Weir is a server for real-time messages. Clients connect by WebSocket, subscribe to topics\n"
    "and publish to them.\n\n"
    "  weir serve               start in development mode on http://127.0.0.1:8080\n"
    "  weir init                write a first configuration and its secrets\n"
    "  weir serve -c weir.yaml  start with a configuration\n"
    "  weir sub ws://127.0.0.1:8080/v1/ws chat.lobby\n"
    "  weir pub ws://127.0.0.1:8080/v1/ws chat.lobby '{\"text\":\"hello\"}'\n";

std::vector<std::string_view> command_names(CLI::App const& app,
                                            std::vector<std::string>& storage) {
    for (CLI::App const* command : app.get_subcommands([](CLI::App const*) { return true; })) {
        storage.push_back(command->get_name());
    }
    return {storage.begin(), storage.end()};
}

}  // namespace

void describe_command_line(CLI::App& app, int& status) {
    app.name("weir");
    app.description(about);
    app.require_subcommand(0, 1);
    app.get_formatter()->column_width(36);
    app.set_version_flag("--version", version_line(), "Prints version and commit");
    add_init_command(app, status);
    add_serve_command(app, status);
    add_check_command(app, status);
    add_config_command(app, status);
    add_health_command(app, status);
    add_token_command(app, status);
    add_sub_command(app, status);
    add_pub_command(app, status);
    add_version_command(app, status);
    // Not before: commands without a footer would inherit it.
    app.footer(
        "`weir COMMAND --help` explains a command.\n"
        "Exit status: 0 success, 1 the command failed, 2 wrong usage or configuration.");
}

std::string version_line() {
    return "weir " + std::string(version()) + " (" + std::string(commit()) + ")";
}

std::string no_such_command(std::string_view word, std::span<std::string_view const> commands) {
    std::string out = "there is no command \"" + std::string(word) + '"';
    if (word == "bench") return out + "; benchmarks are a program of their own, weir-bench";
    if (auto const near = config::nearest_word(word, commands); !near.empty()) {
        return out + "; did you mean `weir " + std::string(near) + "`?";
    }
    return out + "; the commands are " + config::join(commands);
}

std::string shell_word(std::string_view text) {
    constexpr std::string_view plain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:@%+=,";
    if (!text.empty() && text.find_first_not_of(plain) == std::string_view::npos) {
        return std::string(text);
    }
    std::string out = "'";
    for (char const c : text) {
        if (c == '\'') {
            out += R"('\'')";
        } else {
            out += c;
        }
    }
    return out + '\'';
}

int run_command_line(int argc, char const* const* argv) {
    CLI::App app;
    int status = exit_fine;
    describe_command_line(app, status);
    if (argc < 2) {
        std::fputs(app.help().c_str(), stdout);
        return exit_fine;
    }
    std::string_view const first = argv[1];
    std::vector<std::string> storage;
    auto const names = command_names(app, storage);
    bool const known = std::ranges::find(names, first) != names.end();
    if (!first.empty() && !first.starts_with('-') && !known) {
        std::fprintf(stderr, "error: %s\n", no_such_command(first, names).c_str());
        return exit_usage;
    }
    try {
        app.parse(argc, argv);
    } catch (CLI::ParseError const& e) {
        return app.exit(e) == 0 ? exit_fine : exit_usage;
    } catch (std::exception const& e) {
        std::fprintf(stderr, "error: %s\n", e.what());
        return exit_failed;
    }
    return status;
}

}  // namespace weir::app
