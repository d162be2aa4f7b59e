#include "app/client_options.hpp"
#include "app/commands.hpp"

#include <weir/client/json_object.hpp>
#include <weir/message/json_text.hpp>

#include <CLI/CLI.hpp>

#include <cstdio>
#include <iostream>
#include <memory>
#include <string>

namespace weir::app {
namespace asio = boost::asio;
using client_engine::json_object;

namespace {

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
    auto const sent = co_await client.send(text, answer_deadline());
    if (!sent) {
        complain(sent.error().message);
        co_return false;
    }
    auto const deadline = answer_deadline();
    for (;;) {  // ends: the answer, the close, or the deadline
        auto const next = co_await client.receive(deadline);
        if (!next) {
            complain(next.error().message);
            co_return false;
        }
        if (auto const* end = std::get_if<ws_client::closed>(&*next)) {
            complain(closed_text(*end));
            co_return false;
        }
        auto const m = json_object::read(std::get<std::string>(*next));
        if (!m) continue;
        auto const type = m->text("type");
        if (type == "error") {
            complain(m->raw("payload"));
            co_return false;
        }
        if (type != "ok" || m->number("id") != id) continue;
        if (!o.quiet) std::printf("%s\n", std::string(m->raw("payload")).c_str());
        co_return true;
    }
}

asio::awaitable<void> publish(pub_options& o, int& status) {
    status = exit_failed;
    auto opened = co_await o.client.open(answer_deadline());
    if (!opened) co_return complain(opened.error().message);
    auto const client = std::move(*opened);
    if (o.payload != "-") {
        if (!co_await publish_one(*client, o, 1, o.payload)) co_return;
    } else {
        std::string line;
        for (std::uint64_t id = 1; std::getline(std::cin, line); ++id) {
            if (line.empty()) continue;
            if (!co_await publish_one(*client, o, id, line)) co_return;
        }
    }
    co_await client->close(1000, {}, answer_deadline());
    status = exit_fine;
}

}  // namespace

void add_pub_command(CLI::App& app, int& status) {
    auto* const command = app.add_subcommand(
        "pub", "Publishes a message and prints the server's answer with its position");
    auto const options = std::make_shared<pub_options>();
    options->client.add_to(*command);
    command->add_option("topic", options->topic, "topic to publish to")
        ->required()
        ->type_name("TOPIC");
    command
        ->add_option("json", options->payload,
                     "payload, any JSON value; - reads one payload per line from stdin")
        ->required()
        ->type_name("JSON");
    command->add_option("--event", options->event, "event name of the message")->type_name("NAME");
    command->add_option("--key", options->key, "state and conflation key")->type_name("KEY");
    command
        ->add_option("--dedupe", options->dedupe,
                     "idempotency id: publishing again with the same id stores nothing")
        ->type_name("ID");
    command->add_flag("--volatile", options->is_volatile,
                      "may be dropped for slow or detached subscribers");
    command->add_flag("-q,--quiet", options->quiet, "does not print the answers");
    command->callback([options, &status] {
        if (!options->dedupe.empty() && options->payload == "-") {
            throw CLI::ValidationError("--dedupe is for one message, and - reads many");
        }
        run_to_end(publish(*options, status));
    });
}

}  // namespace weir::app
