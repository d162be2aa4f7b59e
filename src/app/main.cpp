#include "app/command_line.hpp"

#include <csignal>

int main(int argc, char** argv) {
    // A peer that closes its connection is an error of a write, not a signal; OpenSSL writes
    // without MSG_NOSIGNAL.
    std::signal(SIGPIPE, SIG_IGN);
    return weir::app::run_command_line(argc, argv);
}
