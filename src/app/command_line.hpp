#pragma once

#include <span>
#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace weir::app {

/// Describes every subcommand on `app`; the one that is called leaves its exit status in `status`.
void describe_command_line(CLI::App& app, int& status);

/// Parses, runs the command and returns the exit status. Prints help and errors.
int run_command_line(int argc, char const* const* argv);

/// "weir 0.1.0 (0123456789ab)"
std::string version_line();

/// A sentence for a word that is no command: "there is no command "serv"; did you mean serve?"
std::string no_such_command(std::string_view word, std::span<std::string_view const> commands);

/// A word as a shell reads it back: quoted if it has to be.
std::string shell_word(std::string_view text);

}  // namespace weir::app
