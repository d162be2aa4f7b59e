#include "bench_app/commands.hpp"

#include <weir/bench/bench.hpp>

#include <CLI/CLI.hpp>

#include <charconv>
#include <memory>

namespace weir::bench_app {
namespace {

/// What soak and storm have in common.
void add_trial_options(CLI::App* command, bench::trial_options& o, std::size_t sessions_max,
                       std::size_t bytes_max) {
    command->add_option("-n,--sessions", o.sessions, "sessions whose connections break")
        ->capture_default_str()
        ->check(CLI::Range(std::size_t{1}, sessions_max));
    command->add_option("--publishers", o.publishers, "how many sessions publish")
        ->capture_default_str();
    command->add_option("--rate", o.rate, "publishes per second and publisher")
        ->capture_default_str()
        ->check(CLI::Range(0.01, 10'000.0));
    command->add_option("--bytes", o.bytes, "payload of a message")
        ->capture_default_str()
        ->check(CLI::Range(std::size_t{80}, bytes_max));
    command->add_option("--shards", o.shards, "shards of the daemon")->capture_default_str();
    command->add_option("--seed", o.seed, "seed of all chance; 0: a new one, which is printed");
    command->add_flag("!--plain", o.continuity, "without history, resume and slow policies");
    command->add_flag("--json", o.json, "print one JSON object");
    command->add_option("--binary", o.binary, "the weir to run")
        ->capture_default_str()
        ->type_name("FILE")
        ->check(CLI::ExistingFile);
}

std::string joined(std::vector<std::string> const& words) {
    std::string all;
    for (auto const& w : words) all += (all.empty() ? "" : ",") + w;
    return all;
}

std::vector<std::string> parts_and_none() {
    auto parts = bench::soak_parts();
    parts.emplace_back("none");
    return parts;
}

/// "3..7": from 3 to 7.
void read_seeds(std::string const& text, bench::soak_options& o) {
    auto const dots = text.find("..");
    auto const number = [](std::string const& digits, std::uint64_t& n) {
        auto const [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), n);
        return error == std::errc() && end == digits.data() + digits.size() && n != 0;
    };
    if (dots == std::string::npos || !number(text.substr(0, dots), o.seed) ||
        !number(text.substr(dots + 2), o.last_seed) || o.last_seed < o.seed) {
        throw CLI::ValidationError("--seeds", "\"" + text + "\" is not a range such as 1..20");
    }
}

void add_soak(CLI::App& parent, std::string const& weir, int& status) {
    auto const o = std::make_shared<bench::soak_options>();
    o->binary = weir;
    auto* const command = parent.add_subcommand(
        "soak", "Checks every message of sessions behind a proxy that breaks connections");
    add_trial_options(command, *o, 6000, 15'000);
    command->add_option("--minutes", o->minutes, "how long connections are broken")
        ->capture_default_str()
        ->check(CLI::Range(0.05, 100'000.0));
    command->add_option("--cuts", o->cuts, "cuts per second; other faults in proportion")
        ->capture_default_str()
        ->check(CLI::Range(0.0, 1000.0));
    command->add_option("--resume-window", o->resume_window_seconds, "seconds")
        ->capture_default_str()
        ->check(CLI::Range(1.0, 3600.0));
    command->add_option("--memory", o->memory_mib, "MiB that the daemon may grow by")
        ->capture_default_str();
    command
        ->add_option("--with", o->with,
                     "only these options of the protocol take part, to find what a fault needs: "
                     "none, or some of " +
                         joined(bench::soak_parts()))
        ->delimiter(',')
        ->type_name("LIST")
        ->check(CLI::IsMember(parts_and_none()).description(""));
    command
        ->add_option_function<std::string>(
            "--seeds", [o](std::string const& text) { read_seeds(text, *o); },
            "run every one of these seeds")
        ->type_name("A..B")
        ->excludes("--seed");
    command->footer(
        "The faults are cuts, resets, half-open peers, pauses, slow readers, latency, slices,\n"
        "refusals and long absences, as the seed decides. Exit status 1 and a report if a message\n"
        "was lost without a gap, came twice or out of order, or if the daemon kept memory or\n"
        "descriptors.");
    command->callback([o, &status] { status = bench::run_soak(*o); });
}

void add_storm(CLI::App& parent, std::string const& weir, int& status) {
    auto const o = std::make_shared<bench::storm_options>();
    o->binary = weir;
    auto* const command = parent.add_subcommand(
        "storm", "Cuts N sessions at once and measures their return, and what others notice");
    add_trial_options(command, *o, 1'000'000, 60'000);
    command->add_option("--untouched", o->untouched, "sessions that are not cut and are measured")
        ->capture_default_str()
        ->check(CLI::Range(1, 10'000));
    command->add_option("--topics", o->topics, "topics with history; each cut session has one")
        ->capture_default_str()
        ->check(CLI::Range(1, 100'000));
    command->add_option("--quiet", o->quiet_seconds, "seconds before each cut")
        ->capture_default_str();
    command->add_option("--rounds", o->rounds, "cuts; the figures are medians of them")
        ->capture_default_str()
        ->check(CLI::Range(1, 1000));
    command->add_option("--server-cpu", o->server_cpu, "processor of the server")
        ->capture_default_str();
    command->add_option("--load-cpu", o->load_cpu, "processor of the load")->capture_default_str();
    command->add_flag("--restart", o->restart,
                      "kill the daemon and start it again instead of cutting");
    command->footer(
        "Measures when all sessions are back and have every message. The publishers are among the\n"
        "sessions that are not cut. Exit status 1 if a message was lost without a gap, came twice\n"
        "or out of order.");
    command->callback([o, &status] { status = bench::run_storm(*o); });
}

}  // namespace

void add_trial_commands(CLI::App& app, std::string const& weir, int& status) {
    add_soak(app, weir, status);
    add_storm(app, weir, status);
}

}  // namespace weir::bench_app
