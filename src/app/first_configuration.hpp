#pragma once

#include <weir/base/error.hpp>

#include <string>
#include <vector>

namespace weir::app {

/// A file that `weir init` writes.
struct new_file {
    std::string path;
    std::string content;
    unsigned mode = 0600;
};

/// weir.yaml, jwt.secret and backend.key in `directory`, an absolute path: loopback, clients with
/// tokens, one API key, three example rules. The secrets are new and random.
std::vector<new_file> first_configuration(std::string const& directory);

/// What to do next, as commands to paste. `program` is how weir is called.
std::string next_commands(std::string const& directory, std::string const& program);

/// Creates all of them, or none. Existing files are never overwritten: a lost secret cannot be
/// brought back.
result<void> write_new_files(std::vector<new_file> const& files);

}  // namespace weir::app
