#include "app/commands.hpp"
#include "app/first_configuration.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>

namespace weir::app {
namespace {

/// The directory, made if it is not there, as an absolute path without links.
result<std::string> make_directory(std::string const& name) {
    std::error_code error;
    std::filesystem::create_directories(name, error);
    if (!error) {
        auto const path = std::filesystem::canonical(name, error);
        if (!error) return path.string();
    }
    return fault{errc::unavailable, name + ": " + error.message()};
}

/// How this program can be called from another terminal: by name if it was found by name.
std::string own_name() {
    std::error_code error;
    auto const path = std::filesystem::read_symlink("/proc/self/exe", error);
    if (error) return "weir";
    for (char const* installed : {"/usr/bin/weir", "/usr/local/bin/weir"}) {
        if (path == installed) return "weir";
    }
    return path.string();
}

int run(std::string const& name) {
    auto const directory = make_directory(name);
    if (!directory) {
        std::fprintf(stderr, "error: %s\n", directory.error().message.c_str());
        return exit_failed;
    }
    auto const files = first_configuration(*directory);
    if (auto const written = write_new_files(files); !written) {
        std::fprintf(stderr, "error: %s\n", written.error().message.c_str());
        return exit_failed;
    }
    for (new_file const& f : files) std::printf("wrote %s\n", f.path.c_str());
    std::printf("\n%s", next_commands(*directory, own_name()).c_str());
    return exit_fine;
}

}  // namespace

void add_init_command(CLI::App& app, int& status) {
    auto* const command =
        app.add_subcommand("init", "Writes a first configuration with its secrets");
    auto const directory = std::make_shared<std::string>(".");
    command->add_option("directory", *directory, "where to; it is made if it does not exist")
        ->type_name("DIR")
        ->capture_default_str();
    command->footer(
        "Writes weir.yaml (on 127.0.0.1), jwt.secret and backend.key, the secrets readable by you\n"
        "only, and prints the next commands. Never overwrites a file.");
    command->callback([directory, &status] { status = run(*directory); });
}

}  // namespace weir::app
