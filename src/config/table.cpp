#include "config/member.hpp"
#include "config/tables.hpp"

#include <vector>

namespace weir::config {
namespace {

using enum option_kind;

constexpr std::string_view broker_words[] = {"memory"};
constexpr std::string_view level_words[] = {"trace", "debug", "info", "warn", "error", "off"};
constexpr std::string_view format_words[] = {"text", "json"};

constexpr option rows[] = {
    {.path = "compression",
     .kind = section,
     .help = "permessage-deflate; a broadcast is compressed once."},
    {.path = "compression.enabled",
     .kind = flag,
     .fallback = "true",
     .help = "offered to clients that ask for it",
     .reloadable = true,
     .at = member<&settings::compression, &compression_settings::enabled>},
    {.path = "compression.min_bytes",
     .kind = size,
     .fallback = "256",
     .range = {0, MiB},
     .help = "smaller messages are not compressed",
     .reloadable = true,
     .at = member<&settings::compression, &compression_settings::min_bytes>},

    {.path = "dedupe_window",
     .kind = duration,
     .fallback = "5m",
     .range = {second, day},
     .help = "how long a repeated publish is recognized",
     .at = member<&settings::dedupe_window>},

    {.path = "topics",
     .kind = records,
     .fallback = "[{match: \"**\", subscribe: authenticated, publish: authenticated}]",
     .range = {0, 1000},
     .help = "Rules; the first that matches a topic counts. Without one it is refused.",
     .example = "- match: \"inbox.{user}\"  # everyone's own, written by the server API\n"
                "  subscribe: owner\n"
                "  publish: nobody\n"
                "  history: {messages: 1000, bytes: 1MiB, age: 24h}\n"
                "- match: \"ticker.*\"\n"
                "  subscribe: anyone\n"
                "  publish: nobody\n"
                "  state: {kind: keyed, keys: 10000}  # or just keyed, or last\n"
                "  slow: conflate\n"
                "  rate: 10/s\n",
     .reloadable = true,
     .at = member<&settings::topics>},

    {.path = "broker", .kind = section, .help = "What keeps topics and their order."},
    {.path = "broker.kind",
     .kind = word,
     .fallback = "memory",
     .words = broker_words,
     .help = "memory: in this process, forgotten on restart",
     .at = member<&settings::broker, &broker_settings::kind>},

    {.path = "api", .kind = section, .help = "The server API on the internal listener."},
    {.path = "api.keys",
     .kind = records,
     .fallback = "[]",
     .range = {0, 256},
     .help = "Without keys the server API is off.",
     .example = "- name: backend\n"
                "  key_file: /run/secrets/weir_api_key\n"
                "  scopes: [publish, send]\n",
     .reloadable = true,
     .at = member<&settings::api, &api_settings::keys>},

    {.path = "api.requests_per_second",
     .kind = count,
     .fallback = "20000",
     .range = {1, 10'000'000},
     .help = "of each key; burst is twice that; beyond it 429 with Retry-After",
     .reloadable = true,
     .at = member<&settings::api, &api_settings::requests_per_second>},

    {.path = "log", .kind = section, .help = "To standard error."},
    {.path = "log.level",
     .kind = word,
     .fallback = "info",
     .words = level_words,
     .help = "lower levels are not written",
     .reloadable = true,
     .at = member<&settings::log, &log_settings::level>},
    {.path = "log.format",
     .kind = word,
     .fallback = "text",
     .words = format_words,
     .help = "text for people, json for programs",
     .reloadable = true,
     .at = member<&settings::log, &log_settings::format>},

    {.path = "drain", .kind = section, .help = "How clients are disconnected before a stop."},
    {.path = "drain.timeout",
     .kind = duration,
     .fallback = "30s",
     .range = {0, hour},
     .help = "until the last client is disconnected",
     .reloadable = true,
     .at = member<&settings::drain, &drain_settings::timeout>},
};

}  // namespace

std::span<option const> options() {
    static std::vector<option> const all = [] {
        std::vector<option> out;
        for (auto const part : {connect_rows(), limit_rows(), std::span<option const>(rows)}) {
            out.insert(out.end(), part.begin(), part.end());
        }
        return out;
    }();
    return all;
}

}  // namespace weir::config
