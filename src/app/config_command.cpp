#include "app/command_line.hpp"
#include "app/commands.hpp"
#include "app/startup_report.hpp"
#include "app/tls_pairs.hpp"

#include <weir/config/check.hpp>
#include <weir/config/print.hpp>
#include <weir/ops/available_memory.hpp>
#include <weir/ops/descriptors.hpp>
#include <weir/ops/drain.hpp>

#include <CLI/CLI.hpp>

#include <cstdio>
#include <sys/resource.h>
#include <thread>

namespace weir::app {
namespace {

config::machine this_machine() {
    config::machine m;
    m.cores = std::thread::hardware_concurrency();
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) m.descriptors = limit.rlim_max;
    m.memory_bytes = ops::available_memory();
    return m;
}

config::daemon_facts this_daemon(config::settings const& s) {
    config::daemon_facts facts;
    facts.descriptors_aside = ops::descriptors_aside;
    facts.drain_spread = ops::drain_spread(
        s.limits.connections, static_cast<double>(s.limits.handshakes_per_second), s.drain.timeout);
    return facts;
}

void print(std::string const& text) {
    std::fputs(text.c_str(), stdout);
}

}  // namespace

void config_options::add_to(CLI::App& command) {
    command.add_option("-c,--config", file, "configuration file (YAML)")->type_name("FILE");
    command
        .add_option("--set", assignments,
                    "overrides one option, such as limits.connections=1000; repeatable")
        ->type_name("K=V")
        ->allow_extra_args(false);
}

config::sources config_options::sources() const {
    config::sources from;
    from.file = file;
    from.variables = config::read_environment();
    from.credentials = config::credentials_directory();
    from.assignments = assignments;
    return from;
}

config::loaded config_options::load() const {
    auto loaded = config::load(sources());
    for (config::config_fault const& f : loaded.faults) {
        report({}, f.weight, f.text());
    }
    return loaded;
}

void add_check_command(CLI::App& app, int& status) {
    auto* const command = app.add_subcommand(
        "check", "Checks a configuration and explains what the daemon would do with it");
    auto const options = std::make_shared<config_options>();
    options->add_to(*command);
    command->callback([options, &status] {
        auto loaded = config::load(options->sources());
        check_tls_pairs(loaded);
        if (!loaded.ok()) {
            for (config::config_fault const& f : loaded.faults) report({}, f.weight, f.text());
            status = exit_usage;
            return;
        }
        // Warnings are part of the explanation.
        print(config::explain(loaded, this_machine(), this_daemon(loaded.values)));
    });
}

void add_config_command(CLI::App& app, int& status) {
    auto* const command = app.add_subcommand(
        "config", "Prints the effective configuration with comments, without secrets");
    auto const options = std::make_shared<config_options>();
    auto const defaults = std::make_shared<bool>(false);
    options->add_to(*command);
    command->add_flag("--defaults", *defaults, "prints every option with its default instead");
    command->callback([options, defaults, &status] {
        if (*defaults) return print(config::print_defaults());
        auto const loaded = options->load();
        if (!loaded.ok()) {
            status = exit_usage;
            return;
        }
        print(config::print_effective(loaded.values, loaded.origins));
    });
}

void add_version_command(CLI::App& app, int&) {
    app.add_subcommand("version", "Prints version and commit")->callback([] {
        std::printf("%s\n", version_line().c_str());
    });
}

}  // namespace weir::app
