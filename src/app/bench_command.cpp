#include "app/commands.hpp"

#include <weir/bench/bench.hpp>

#include <CLI/CLI.hpp>

#include <functional>

namespace weir::app {
namespace {

using bench::options;

CLI::App* add(CLI::App& parent, char const* name, char const* what, std::shared_ptr<options> o,
              int& status, std::function<int(options const&)> run) {
    auto* const command = parent.add_subcommand(name, what);
    command->add_option("-n,--connections", o->connections, "connections, or subscribers")
        ->capture_default_str()
        ->check(CLI::Range(1, 1'000'000));
    command->add_flag("--json", o->json, "prints one JSON object");
    command->add_option("--server-cpu", o->server_cpu, "processor of the server")
        ->capture_default_str();
    command->add_option("--load-cpu", o->load_cpu, "processor of the load")->capture_default_str();
    command->add_option("--binary", o->binary, "another weir to measure")->type_name("FILE");
    command->callback([o, &status, run] { status = run(*o); });
    return command;
}

void add_rounds(CLI::App* command, std::shared_ptr<options> o) {
    command->add_option("--rounds", o->rounds, "rounds of each side, in the order A B B A")
        ->capture_default_str()
        ->check(CLI::Range(1, 1000));
    command->add_option("--seconds", o->seconds, "length of a round")
        ->capture_default_str()
        ->check(CLI::Range(0.1, 3600.0));
}

void add_messages(CLI::App* command, std::shared_ptr<options> o) {
    command->add_option("--bytes", o->bytes, "payload of a message")
        ->capture_default_str()
        ->check(CLI::Range(2, 60'000));
    command->add_option("--burst", o->burst, "messages a turn")
        ->capture_default_str()
        ->check(CLI::Range(1, 10'000));
}

void add_soak(CLI::App& parent, int& status) {
    auto const o = std::make_shared<bench::soak_options>();
    auto* const command = parent.add_subcommand(
        "soak", "Sessions through a proxy that breaks them, every message checked");
    command->add_option("--minutes", o->minutes, "how long things are broken")
        ->capture_default_str()
        ->check(CLI::Range(0.05, 100'000.0));
    command->add_option("-n,--sessions", o->sessions, "clients with four topics each")
        ->capture_default_str()
        ->check(CLI::Range(1, 6000));
    command->add_option("--publishers", o->publishers, "so many of them publish")
        ->capture_default_str();
    command->add_option("--rate", o->rate, "publishes a second of each")
        ->capture_default_str()
        ->check(CLI::Range(0.01, 10'000.0));
    command->add_option("--bytes", o->bytes, "payload of a message")
        ->capture_default_str()
        ->check(CLI::Range(80, 15'000));
    command->add_option("--cuts", o->cuts, "connections cut a second; other faults in proportion")
        ->capture_default_str()
        ->check(CLI::Range(0.0, 1000.0));
    command->add_option("--seed", o->seed, "of all chance; 0: another each time, printed");
    command->add_option("--shards", o->shards, "of the daemon")->capture_default_str();
    command->add_option("--resume-window", o->resume_window_seconds, "seconds")
        ->capture_default_str()
        ->check(CLI::Range(1.0, 3600.0));
    command->add_option("--memory", o->memory_mib, "MiB that the daemon may have grown by")
        ->capture_default_str();
    command->add_flag("!--plain", o->continuity, "without history, resume and slow policies");
    command->add_flag("--json", o->json, "prints one JSON object");
    command->add_option("--binary", o->binary, "another weir")->type_name("FILE");
    command->footer(
        "Cuts, resets, half-open peers, pauses, slow readers, latency, slices, refusals and long\n"
        "absences, by the seed. Ends with 1 and an account where a message was lost without a\n"
        "word, came twice or out of order, or the daemon kept memory or descriptors.");
    command->callback([o, &status] { status = bench::run_soak(*o); });
}

void add_storm(CLI::App& parent, int& status) {
    auto const o = std::make_shared<bench::storm_options>();
    auto* const command = parent.add_subcommand(
        "storm", "N sessions are cut at once and resume, beside others that nothing happens to");
    command->add_option("-n,--sessions", o->sessions, "that are cut")
        ->capture_default_str()
        ->check(CLI::Range(1, 1'000'000));
    command->add_option("--untouched", o->untouched, "sessions that are measured meanwhile")
        ->capture_default_str()
        ->check(CLI::Range(1, 10'000));
    command->add_option("--topics", o->topics, "with a history; each session that is cut has one")
        ->capture_default_str()
        ->check(CLI::Range(1, 100'000));
    command->add_option("--publishers", o->publishers, "so many of the untouched publish")
        ->capture_default_str();
    command->add_option("--rate", o->rate, "publishes a second of each")
        ->capture_default_str()
        ->check(CLI::Range(0.01, 10'000.0));
    command->add_option("--bytes", o->bytes, "payload of a message")
        ->capture_default_str()
        ->check(CLI::Range(80, 60'000));
    command->add_option("--quiet", o->quiet_seconds, "seconds before each cut")
        ->capture_default_str();
    command->add_option("--rounds", o->rounds, "cuts; the figures are medians of them")
        ->capture_default_str()
        ->check(CLI::Range(1, 1000));
    command->add_option("--shards", o->shards, "of the daemon")->capture_default_str();
    command->add_option("--seed", o->seed, "of all chance; 0: another each time, printed");
    command->add_option("--server-cpu", o->server_cpu, "processor of the server")
        ->capture_default_str();
    command->add_option("--load-cpu", o->load_cpu, "processor of the load")->capture_default_str();
    command->add_flag("!--plain", o->continuity, "without history and resume");
    command->add_flag("--restart", o->restart,
                      "kills the daemon and starts it again instead: all begin anew");
    command->add_flag("--json", o->json, "prints one JSON object");
    command->add_option("--binary", o->binary, "another weir")->type_name("FILE");
    command->footer(
        "Measures when all are back and have everything, and what the untouched notice of it.\n"
        "Ends with 1 where a message was lost without a word, came twice or out of order.");
    command->callback([o, &status] { status = bench::run_storm(*o); });
}

}  // namespace

void add_bench_command(CLI::App& app, int& status) {
    auto* const command = app.add_subcommand(
        "bench", "Measures this build: the server's CPU and memory, beside a yardstick");
    command->require_subcommand(1);
    command->footer(
        "Each starts a daemon of its own on one processor and loads it from another; nothing is "
        "sent\n"
        "beyond this machine. Quote the ratios: rounds alternate with the yardstick, so a machine\n"
        "whose speed drifts spoils both alike. docs/performance.md says how the figures are made.");

    auto const limit = std::make_shared<options>();
    auto* const limit_command =
        add(*command, "limit", "The yardstick: a loop of bare sends to N sockets", limit, status,
            bench::run_limit);
    add_rounds(limit_command, limit);
    add_messages(limit_command, limit);

    auto const fanout = std::make_shared<options>();
    auto* const fanout_command =
        add(*command, "fanout", "One publisher, N subscribers of one topic", fanout, status,
            bench::run_fanout);
    add_rounds(fanout_command, fanout);
    add_messages(fanout_command, fanout);
    fanout_command
        ->add_option("--against", fanout->against,
                     "another weir as the yardstick: what a change costs")
        ->type_name("FILE")
        ->check(CLI::ExistingFile);
    fanout_command->add_flag("!--alone", fanout->compare, "without the yardstick");

    auto const echo = std::make_shared<options>();
    echo->connections = 100;
    add_rounds(add(*command, "echo", "ping and pong in JSON, one under way on each connection",
                   echo, status, bench::run_echo),
               echo);

    auto const idle = std::make_shared<options>();
    idle->connections = 15'000;
    auto* const idle_command = add(*command, "idle", "Memory of N idle sessions, CPU of heartbeats",
                                   idle, status, bench::run_idle);
    idle_command
        ->add_option("--messages", idle->acknowledged, "acknowledged before the second look")
        ->capture_default_str();
    idle_command->add_option("--topics", idle->topics, "of each session")
        ->capture_default_str()
        ->check(CLI::Range(1, 100));
    idle_command->add_option("--watch", idle->heartbeat_seconds, "seconds of heartbeats")
        ->capture_default_str();

    add_soak(*command, status);
    add_storm(*command, status);

    auto const target = std::make_shared<bench::target_options>();
    auto* const target_command = command->add_subcommand(
        "target", "An echo server on the daemon's transport, for other tools to aim at");
    target_command->add_option("--address", target->address, "where to listen")
        ->capture_default_str();
    target_command->add_option("--port", target->port, "0: any")->capture_default_str();
    target_command->add_option("--message-bytes", target->message_bytes, "largest message")
        ->capture_default_str();
    target_command->callback([target, &status] { status = bench::run_target(*target); });
}

}  // namespace weir::app
