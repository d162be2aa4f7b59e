#include "config/member.hpp"
#include "config/syntax.hpp"
#include "config/tables.hpp"

namespace weir::config {
namespace {

using enum option_kind;

constexpr std::string_view scope_words[] = {scope_publish,   scope_send, scope_disconnect,
                                            scope_subscribe, scope_read, scope_operate,
                                            scope_all};
constexpr std::string_view state_words[] = {"none", "last", "keyed"};
constexpr std::string_view slow_words[] = {"disconnect", "drop_oldest", "conflate"};
constexpr std::string_view unlimited_words[] = {"unlimited"};
constexpr std::string_view rate_words[] = {"default"};

bool keeps_history(void const* record) {
    return static_cast<topic_rule const*>(record)->history.messages != 0;
}
bool has_keys(void const* record) {
    return static_cast<topic_rule const*>(record)->state.kind == state_kind::keyed;
}
bool keeps_state(void const* record) {
    return static_cast<topic_rule const*>(record)->state.kind != state_kind::none;
}
bool has_own_rate(void const* record) {
    return static_cast<api_key const*>(record)->requests_per_second != 0;
}

constexpr option rule_rows[] = {
    {.path = "match",
     .kind = text,
     .fallback = "",
     .help = "* one segment, ** the rest, {user} one segment, a user's id",
     .required = true,
     .syntax = pattern_fault,
     .at = member<&topic_rule::match>},
    {.path = "subscribe",
     .kind = access,
     .fallback = "nobody",
     .help = "anyone, authenticated, owner, nobody, or a list: any of them",
     .at = member<&topic_rule::subscribe>},
    {.path = "publish",
     .kind = access,
     .fallback = "nobody",
     .help = "the same words",
     .at = member<&topic_rule::publish>},
    {.path = "history",
     .kind = section,
     .help = "which messages are kept; without it none",
     .present = keeps_history},
    {.path = "history.messages",
     .kind = count,
     .fallback = "0",
     .range = {1, 1'000'000},
     .help = "how many of the newest messages are kept per topic",
     .required = true,
     .at = member<&topic_rule::history, &history_settings::messages>},
    {.path = "history.bytes",
     .kind = size,
     .fallback = "1MiB",
     .range = {KiB, TiB},
     .help = "per topic; the first limit that is reached removes the oldest",
     .at = member<&topic_rule::history, &history_settings::bytes>},
    {.path = "history.age",
     .kind = duration,
     .fallback = "1d",
     .range = {0, 10 * year},
     .help = "older messages are removed; 0s: no limit",
     .at = member<&topic_rule::history, &history_settings::age>},
    {.path = "state",
     .kind = section,
     .help = "the current state: the newest message, or the newest of each key",
     .present = keeps_state,
     .short_form = "kind"},
    {.path = "state.kind",
     .kind = word,
     .fallback = "none",
     .words = state_words,
     .help = "state: keyed is short for state: {kind: keyed}",
     .at = member<&topic_rule::state, &state_settings::kind>},
    {.path = "state.keys",
     .kind = count,
     .fallback = "10000",
     .range = {1, 1'000'000},
     .help = "of one topic with keyed state; a new key beyond it is refused",
     .at = member<&topic_rule::state, &state_settings::keys>,
     .present = has_keys},
    {.path = "slow",
     .kind = word,
     .fallback = "disconnect",
     .words = slow_words,
     .help = "what happens to slow subscribers; with history they are fed from it",
     .at = member<&topic_rule::slow>},
    {.path = "rate",
     .kind = option_kind::rate,
     .fallback = "unlimited",
     .range = {1, 1'000'000'000},
     .words = unlimited_words,
     .help = "per subscriber and key; needs state or slow: conflate",
     .at = member<&topic_rule::rate>},
    {.path = "presence",
     .kind = flag,
     .fallback = "false",
     .help = "subscribers can see who else is subscribed",
     .at = member<&topic_rule::presence>},
};

constexpr option key_rows[] = {
    {.path = "name",
     .kind = text,
     .fallback = "",
     .help = "unique; appears in logs",
     .required = true,
     .syntax = key_name_fault,
     .at = member<&api_key::name>},
    {.path = "key",
     .kind = secret,
     .fallback = "",
     .help = "the bearer token; at least 16 bytes",
     .required = true,
     .at = member<&api_key::key>},
    {.path = "scopes",
     .kind = list,
     .fallback = "[]",
     .range = {1, 16},
     .words = scope_words,
     .help = "what it may do; \"*\" is everything",
     .required = true,
     .at = member<&api_key::scopes>},
    {.path = "requests_per_second",
     .kind = count,
     .fallback = "default",
     .range = {1, 10'000'000},
     .words = rate_words,
     .help = "of this key; default: api.requests_per_second",
     .at = member<&api_key::requests_per_second>,
     .present = has_own_rate},
};

}  // namespace

std::span<option const> rule_options() {
    return rule_rows;
}
std::span<option const> key_options() {
    return key_rows;
}

template <>
std::span<option const> table_of<topic_rule>() {
    return rule_rows;
}
template <>
std::span<option const> table_of<api_key>() {
    return key_rows;
}

}  // namespace weir::config
