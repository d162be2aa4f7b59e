#include "app/client_options.hpp"

#include <weir/base/close_reason.hpp>

#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstdio>
#include <exception>
#include <utility>

namespace weir::app {
namespace asio = boost::asio;

void client_options::add_to(CLI::App& command) {
    command.add_option("url", url, "such as ws://127.0.0.1:8080/v1/ws")
        ->required()
        ->type_name("URL");
    command.add_option("--token", connection.token, "credential; `weir token` prints one")
        ->type_name("TOKEN")
        ->envname("WEIR_TOKEN");
    command.add_option("--ca", connection.ca_file, "PEM file with one more root for wss")
        ->type_name("FILE");
    command.add_flag("--insecure", insecure, "accepts any certificate");
}

asio::awaitable<result<std::unique_ptr<ws_client>>> client_options::open(mono_time deadline) {
    connection.verify = !insecure;
    co_return co_await ws_client::connect(url, connection, deadline);
}

mono_time answer_deadline() {
    return std::chrono::steady_clock::now() + seconds(10);
}

void complain(std::string_view text) {
    std::fprintf(stderr, "error: %.*s\n", static_cast<int>(text.size()), text.data());
}

std::string closed_text(ws_client::closed const& c) {
    if (c.code == 1006) return "the connection was lost: " + c.text;
    std::string out = "the server closed the connection: " + std::to_string(c.code);
    if (!c.text.empty()) return out + ' ' + c.text;
    if (auto const known = close_reason_of(c.code)) {
        out += ' ' + std::string(describe(*known).text);
    }
    return out;
}

void run_to_end(asio::awaitable<void> task) {
    asio::io_context io(1);
    std::exception_ptr failure;
    asio::co_spawn(io, std::move(task), [&failure](std::exception_ptr e) { failure = e; });
    io.run();
    if (failure) std::rethrow_exception(failure);
}

}  // namespace weir::app
