#include "app/commands.hpp"
#include "app/wire_message.hpp"

#include <weir/base/quantity.hpp>
#include <weir/client/ws_client.hpp>
#include <weir/message/json_text.hpp>

#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <memory>
#include <string>

namespace weir::app {
namespace asio = boost::asio;

namespace {

constexpr seconds patience{10};

mono_time in_time() {
    return std::chrono::steady_clock::now() + patience;
}

void complain(std::string_view text) {
    std::fprintf(stderr, "error: %.*s\n", static_cast<int>(text.size()), text.data());
}

struct client_options {
    std::string url;
    ws_client_options connection;
    bool insecure = false;

    void add_to(CLI::App& command) {
        command.add_option("url", url, "such as ws://127.0.0.1:8080/v1/ws")
            ->required()
            ->type_name("URL");
        command.add_option("--token", connection.token, "credential (see `weir token`)")
            ->type_name("TOKEN")
            ->envname("WEIR_TOKEN");
        command.add_option("--ca", connection.ca_file, "PEM file with a further root for wss")
            ->type_name("FILE");
        command.add_flag("--insecure", insecure, "accepts any certificate");
    }
    asio::awaitable<std::unique_ptr<ws_client>> open() {
        connection.verify = !insecure;
        auto opened = co_await ws_client::connect(url, connection, in_time());
        if (opened) co_return std::move(*opened);
        complain(opened.error().message);
        co_return nullptr;
    }
};

void report(ws_client::closed const& c) {
    complain("the server closed the connection: " + std::to_string(c.code) +
             (c.text.empty() ? "" : " " + c.text));
}

struct sub_options {
    client_options client;
    std::vector<std::string> topics;
    bool whole = false;
    std::uint64_t count = 0;
    std::uint32_t last = 0;
    bool state = false;
    bool presence = false;
    double rate = 0;
};

std::string subscribe_message(sub_options const& o, std::size_t id, std::string const& topic) {
    std::string text = R"({"type":"subscribe","id":)" + std::to_string(id) + R"(,"topic":)";
    append_json_string(text, topic);
    if (o.last != 0) text += R"(,"last":)" + std::to_string(o.last);
    if (o.state) text += R"(,"state":true)";
    if (o.presence) text += R"(,"presence":true)";
    if (o.rate > 0) {
        std::array<char, 32> digits;
        auto const end = std::to_chars(digits.data(), digits.data() + digits.size(), o.rate).ptr;
        text.append(R"(,"rate":)").append(digits.data(), end);
    }
    return text + "}";
}

/// One line a message; what is none (gaps, presence, notices) goes to standard error as it came.
/// False: an error that ends it.
bool show(sub_options const& o, std::string const& text, std::uint64_t& shown) {
    auto const m = read_wire_message(text);
    if (m.type == "error") {
        complain(m.payload);
        return false;
    }
    if (o.whole && m.type != "ok" && m.type != "welcome") {
        std::printf("%s\n", text.c_str());
    } else if (m.type == "message") {
        std::printf("%s %s\n", m.topic.c_str(), m.payload.c_str());
    } else if (m.type != "ok" && m.type != "welcome") {
        std::fprintf(stderr, "%s\n", text.c_str());
    }
    if (m.type == "message") ++shown;
    std::fflush(stdout);
    return true;
}

asio::awaitable<void> subscribe(sub_options& o, int& status) {
    status = exit_failed;
    auto const client = co_await o.client.open();
    if (!client) co_return;
    for (std::size_t i = 0; i != o.topics.size(); ++i) {
        auto const text = subscribe_message(o, i + 1, o.topics[i]);
        auto const sent = co_await client->send(text, in_time());
        if (!sent) co_return complain(sent.error().message);
    }
    std::uint64_t shown = 0;
    while (o.count == 0 || shown < o.count) {
        auto const next = co_await client->receive(never);
        if (!next) co_return complain(next.error().message);
        if (auto const* end = std::get_if<ws_client::closed>(&*next)) co_return report(*end);
        if (!show(o, std::get<std::string>(*next), shown)) co_return;
    }
    co_await client->close(1000, {}, in_time());
    status = exit_fine;
}

struct pub_options {
    client_options client;
    std::string topic;
    std::string payload;
    std::string event;
    std::string key;
    std::string dedupe;
    bool is_volatile = false;
    bool quiet = false;
};

void append_member(std::string& text, std::string_view name, std::string const& value) {
    if (value.empty()) return;
    text.append(",\"").append(name).append("\":");
    append_json_string(text, value);
}

std::string publish_message(pub_options const& o, std::uint64_t id, std::string_view payload) {
    std::string text = R"({"type":"publish","id":)" + std::to_string(id) + R"(,"topic":)";
    append_json_string(text, o.topic);
    append_member(text, "event", o.event);
    append_member(text, "key", o.key);
    append_member(text, "dedupe", o.dedupe);
    if (o.is_volatile) text += R"(,"volatile":true)";
    text += R"(,"payload":)";
    text += payload;
    return text + "}";
}

/// Publishes one payload and waits for its answer.
asio::awaitable<bool> publish_one(ws_client& client, pub_options const& o, std::uint64_t id,
                                  std::string_view payload) {
    auto const text = publish_message(o, id, payload);
    auto const sent = co_await client.send(text, in_time());
    if (!sent) {
        complain(sent.error().message);
        co_return false;
    }
    auto const deadline = in_time();
    for (;;) {  // ends: the answer, the close, or the deadline
        auto const next = co_await client.receive(deadline);
        if (!next) {
            complain(next.error().message);
            co_return false;
        }
        if (auto const* end = std::get_if<ws_client::closed>(&*next)) {
            report(*end);
            co_return false;
        }
        auto const m = read_wire_message(std::get<std::string>(*next));
        if (m.type == "error") {
            complain(m.payload);
            co_return false;
        }
        if (m.type != "ok" || m.id != std::to_string(id)) continue;
        if (!o.quiet) std::printf("%s\n", m.payload.c_str());
        co_return true;
    }
}

asio::awaitable<void> publish(pub_options& o, int& status) {
    status = exit_failed;
    auto const client = co_await o.client.open();
    if (!client) co_return;
    if (o.payload != "-") {
        if (!co_await publish_one(*client, o, 1, o.payload)) co_return;
    } else {
        std::string line;
        for (std::uint64_t id = 1; std::getline(std::cin, line); ++id) {
            if (line.empty()) continue;
            if (!co_await publish_one(*client, o, id, line)) co_return;
        }
    }
    co_await client->close(1000, {}, in_time());
    status = exit_fine;
}

/// Runs one coroutine to its end on a loop of its own.
void run(asio::awaitable<void> task) {
    asio::io_context io(1);
    std::exception_ptr failure;
    asio::co_spawn(io, std::move(task), [&failure](std::exception_ptr e) { failure = e; });
    io.run();
    if (failure) std::rethrow_exception(failure);
}

}  // namespace

void add_sub_command(CLI::App& app, int& status) {
    auto* const command = app.add_subcommand(
        "sub", "Follows topics and prints each message: its topic, a space, its payload");
    auto const options = std::make_shared<sub_options>();
    options->client.add_to(*command);
    command->add_option("topic", options->topics, "topics to follow")
        ->required()
        ->type_name("TOPIC");
    command->add_flag("--json", options->whole, "prints whole messages as they came");
    command->add_option("-n,--count", options->count, "ends after so many messages")
        ->type_name("N");
    command->add_option("--last", options->last, "begins with the newest N that the topic keeps")
        ->type_name("N");
    command->add_flag("--state", options->state, "begins with the topic's state");
    command->add_flag("--presence", options->presence,
                      "tells on standard error who comes and goes");
    command->add_option("--rate", options->rate, "at most so many a second and key, newest first")
        ->type_name("R")
        ->check(CLI::PositiveNumber);
    command->footer(
        "Notices that are no messages, such as gaps, go to standard error. Ends with 1 when the\n"
        "server refuses something or the connection ends.");
    command->callback([options, &status] { run(subscribe(*options, status)); });
}

void add_pub_command(CLI::App& app, int& status) {
    auto* const command = app.add_subcommand(
        "pub", "Publishes a message and prints the server's answer, which holds its position");
    auto const options = std::make_shared<pub_options>();
    options->client.add_to(*command);
    command->add_option("topic", options->topic, "where to")->required()->type_name("TOPIC");
    command
        ->add_option("json", options->payload,
                     "the payload, any JSON value; - reads one a line from standard input")
        ->required()
        ->type_name("JSON");
    command->add_option("--event", options->event, "event name of the message")->type_name("NAME");
    command->add_option("--key", options->key, "state and conflation key")->type_name("KEY");
    command
        ->add_option("--dedupe", options->dedupe,
                     "stored once, however often this user publishes it with this name")
        ->type_name("ID");
    command->add_flag("--volatile", options->is_volatile,
                      "dropped first for whoever is slow, and not collected for the absent");
    command->add_flag("-q,--quiet", options->quiet, "prints no answers");
    command->callback([options, &status] {
        if (!options->dedupe.empty() && options->payload == "-") {
            throw CLI::ValidationError("--dedupe names one message, and - reads many");
        }
        run(publish(*options, status));
    });
}

}  // namespace weir::app
