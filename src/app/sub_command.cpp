#include "app/commands.hpp"
#include "app/subscriber.hpp"

#include <CLI/CLI.hpp>

#include <memory>

namespace weir::app {
namespace {

boost::asio::awaitable<void> subscribe(sub_options& o, int& status) {
    subscriber s(o);
    status = co_await s.run() ? exit_fine : exit_failed;
}

}  // namespace

void add_sub_command(CLI::App& app, int& status) {
    auto* const command = app.add_subcommand(
        "sub", "Subscribes to topics and prints each message: topic, space, payload");
    auto const options = std::make_shared<sub_options>();
    options->client.add_to(*command);
    command->add_option("topic", options->topics, "topics to subscribe to")
        ->required()
        ->type_name("TOPIC");
    command->add_flag("--reconnect", options->reconnect,
                      "reconnects, resumes the session and recovers what was missed");
    command->add_flag("--json", options->json, "prints whole messages as they came");
    command->add_option("-n,--count", options->count, "ends after N messages")->type_name("N");
    command->add_option("--last", options->last, "starts with the newest N of each history")
        ->type_name("N");
    command->add_flag("--state", options->state, "starts with the topic's state");
    command->add_flag("--presence", options->presence,
                      "prints who joins and leaves on standard error");
    command->add_option("--rate", options->rate, "at most R messages per second and key")
        ->type_name("R")
        ->check(CLI::PositiveNumber);
    command->footer(
        "Messages go to standard output; gaps, receipts and presence to standard error.\n"
        "Exit status: 0 after -n messages; 1 if the server refuses something, or if the\n"
        "connection ends. With --reconnect only if the server says not to come back.");
    command->callback([options, &status] { run_to_end(subscribe(*options, status)); });
}

}  // namespace weir::app
