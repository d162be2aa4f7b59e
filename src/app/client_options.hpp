#pragma once

#include <weir/base/clock.hpp>
#include <weir/client/ws_client.hpp>

#include <boost/asio/awaitable.hpp>

#include <string>
#include <string_view>

namespace CLI {
class App;
}

/// What `weir sub` and `weir pub` have in common.
namespace weir::app {

/// Where to connect and as whom.
struct client_options {
    std::string url;
    ws_client_options connection;
    bool insecure = false;

    void add_to(CLI::App& command);
    boost::asio::awaitable<result<std::unique_ptr<ws_client>>> open(mono_time deadline);
};

/// Ten seconds from now: the longest wait for an answer.
mono_time answer_deadline();

/// "error: TEXT" on standard error.
void complain(std::string_view text);

/// What a close means to somebody who reads it: its code, then words.
std::string closed_text(ws_client::closed const& c);

/// Runs one coroutine to its end on a loop of its own.
void run_to_end(boost::asio::awaitable<void> task);

}  // namespace weir::app
