#include "bench_app/commands.hpp"

#include <weir/bench/bench.hpp>

#include <CLI/CLI.hpp>

#include <fstream>
#include <memory>
#include <string>

namespace weir::bench_app {
namespace {

using bench::options;
using measure = int (*)(options const&);

/// Below the limits that a server has by default: handshakes and messages per second.
constexpr double open_rate_of_url = 15;
constexpr double pace_of_url = 25;

class measure_command {
public:
    measure_command(CLI::App& parent, char const* name, char const* what, options defaults,
                    measure run, int& status)
        : o_(std::make_shared<options>(std::move(defaults))),
          command_(parent.add_subcommand(name, what)) {
        command_->add_option("-n,--connections", o_->connections, "connections, or subscribers")
            ->capture_default_str()
            ->check(CLI::Range(1, 1'000'000));
        command_->add_flag("--json", o_->json, "print one JSON object");
        command_->add_option("--server-cpu", o_->server_cpu, "processor of the server")
            ->capture_default_str();
        command_->add_option("--load-cpu", o_->load_cpu, "processor of the load")
            ->capture_default_str();
        command_->callback([o = o_, run, &status] { status = run(*o); });
    }

    void add_binary() {
        command_->add_option("--binary", o_->binary, "the weir to measure")
            ->capture_default_str()
            ->type_name("FILE")
            ->check(CLI::ExistingFile);
    }
    /// Of a server that runs already.
    void add_url() {
        auto* const url =
            command_->add_option("--url", o_->url, "load this server instead of starting one")
                ->type_name("ws[s]://HOST[:PORT]/v1/ws");
        command_->add_option("--token", o_->token, "token of every connection to --url")
            ->needs(url);
        command_
            ->add_option_function<std::string>(
                "--token-file",
                [o = o_](std::string const& file) { std::getline(std::ifstream(file), o->token); },
                "file with the token")
            ->type_name("FILE")
            ->check(CLI::ExistingFile)
            ->needs(url)
            ->excludes("--token");
        command_
            ->add_option("--metrics", o_->metrics,
                         "/metrics of the server at --url, for its CPU and memory")
            ->type_name("http[s]://HOST:PORT/metrics")
            ->needs(url);
        command_->add_flag("!--insecure", o_->verify, "accept any certificate of --url");
        command_
            ->add_option("--open-rate", o_->open_rate,
                         "connections to --url opened per second; 0: no pause. Without it 15")
            ->check(CLI::NonNegativeNumber)
            ->needs(url);
        command_->parse_complete_callback([o = o_, command = command_] {
            if (o->url.empty()) return;
            if (command->count("--open-rate") == 0) o->open_rate = open_rate_of_url;
            auto const* const pace = command->get_option_no_throw("--pace");
            if (pace != nullptr && pace->count() == 0) o->pace = pace_of_url;
        });
    }
    void add_fanout() {
        command_->add_option("--topic", o_->topic, "topic to publish to")->capture_default_str();
        command_
            ->add_option("--pace", o_->pace,
                         "rounds of messages per second; 0: no pause. Without it 25 with --url")
            ->check(CLI::NonNegativeNumber);
        command_
            ->add_option("--detached", o_->detached,
                         "sessions that subscribed and were cut before; the yardstick is the same "
                         "server without them")
            ->check(CLI::Range(0, 1'000'000))
            ->excludes("--url");
    }
    void add_rounds() {
        command_->add_option("--rounds", o_->rounds, "rounds of each side, in the order A B B A")
            ->capture_default_str()
            ->check(CLI::Range(1, 1000));
        command_->add_option("--seconds", o_->seconds, "length of a round")
            ->capture_default_str()
            ->check(CLI::Range(0.1, 3600.0));
    }
    void add_messages() {
        command_->add_option("--bytes", o_->bytes, "payload of a message")
            ->capture_default_str()
            ->check(CLI::Range(2, 60'000));
        command_->add_option("--burst", o_->burst, "messages published together")
            ->capture_default_str()
            ->check(CLI::Range(1, 10'000));
    }
    void add_against() {
        command_
            ->add_option("--against", o_->against,
                         "another weir as the yardstick, to measure what a change costs")
            ->type_name("FILE")
            ->check(CLI::ExistingFile);
        command_->add_flag("!--alone", o_->compare, "without a yardstick");
    }
    void add_idle() {
        command_
            ->add_option("--messages", o_->acknowledged,
                         "messages that are acknowledged before memory is read again")
            ->capture_default_str();
        command_->add_option("--topics", o_->topics, "topics of each session")
            ->capture_default_str()
            ->check(CLI::Range(1, 100));
        command_->add_option("--watch", o_->heartbeat_seconds, "seconds of heartbeats to measure")
            ->capture_default_str();
    }

private:
    std::shared_ptr<options> o_;
    CLI::App* command_;
};

}  // namespace

void add_measure_commands(CLI::App& app, std::string const& weir, int& status) {
    options defaults;
    defaults.binary = weir;

    measure_command limit(app, "limit", "The yardstick alone: a loop of bare sends to N sockets",
                          defaults, bench::run_limit, status);
    limit.add_rounds();
    limit.add_messages();

    measure_command fanout(app, "fanout", "CPU per delivery: one publisher, N subscribers",
                           defaults, bench::run_fanout, status);
    fanout.add_binary();
    fanout.add_rounds();
    fanout.add_messages();
    fanout.add_against();
    fanout.add_url();
    fanout.add_fanout();

    defaults.connections = 100;
    measure_command echo(app, "echo", "CPU per round trip: ping and pong in JSON", defaults,
                         bench::run_echo, status);
    echo.add_binary();
    echo.add_rounds();
    echo.add_url();

    defaults.connections = 15'000;
    measure_command idle(app, "idle", "Memory of N idle sessions, CPU of heartbeats", defaults,
                         bench::run_idle, status);
    idle.add_binary();
    idle.add_idle();
    idle.add_url();
}

}  // namespace weir::bench_app
