#include "app/commands.hpp"

#include <weir/auth/identity.hpp>
#include <weir/base/quantity.hpp>

#include <CLI/CLI.hpp>

#include <cstdio>

namespace weir::app {
namespace {

struct token_options {
    config_options config;
    std::string user;
    std::string ttl = "1h";
};

int run(token_options const& o) {
    auto const ttl = parse_duration(o.ttl);
    if (!ttl || ttl->count() == 0) {
        std::fprintf(stderr, "error: --ttl: \"%s\" is not a duration such as 1h or 30m\n",
                     o.ttl.c_str());
        return exit_usage;
    }
    auto const loaded = o.config.load();
    if (!loaded.ok()) return exit_usage;
    config::jwt_settings const& jwt = loaded.values.auth.jwt;
    if (!jwt.key.given()) {
        std::fputs(
            "error: auth.jwt.secret is not set, so the daemon refuses every token. Give the "
            "daemon's\n"
            "configuration with -c, or set WEIR_AUTH__JWT__SECRET_FILE.\n",
            stderr);
        return exit_usage;
    }
    if (jwt.user_claim != "sub") {
        std::fprintf(
            stderr,
            "error: auth.jwt.user_claim is \"%s\"; `weir token` names the user in sub only\n",
            jwt.user_claim.c_str());
        return exit_usage;
    }
    auth::token_request request;
    request.user = o.user;
    request.now = read_clocks().wall;
    request.ttl = *ttl;
    request.issuer = jwt.issuer;
    request.audience = jwt.audience;
    auto const token = auth::issue_token(jwt.key.value, request);
    if (!token) {
        std::fprintf(stderr, "error: %s\n", token.error().message.c_str());
        return exit_failed;
    }
    std::printf("%s\n", token->c_str());
    return exit_fine;
}

}  // namespace

void add_token_command(CLI::App& app, int& status) {
    auto* const command =
        app.add_subcommand("token", "Prints a signed token for a user, for tests and scripts");
    auto const options = std::make_shared<token_options>();
    options->config.add_to(*command);
    command->add_option("--user", options->user, "user that the token names")
        ->required()
        ->type_name("USER");
    command->add_option("--ttl", options->ttl, "how long it is valid")
        ->type_name("DURATION")
        ->capture_default_str();
    command->footer(
        "Signs with auth.jwt.secret of the configuration. Example:\n"
        "  weir sub --token \"$(weir token -c weir.yaml --user ann)\" wss://host/v1/ws inbox.ann");
    command->callback([options, &status] { status = run(*options); });
}

}  // namespace weir::app
