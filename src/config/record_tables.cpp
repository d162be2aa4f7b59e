#include "config/member.hpp"
#include "config/syntax.hpp"

#include <weir/config/option.hpp>

namespace weir::config {
namespace {

using enum option_kind;

constexpr std::string_view scope_words[] = {scope_publish,   scope_send, scope_disconnect,
                                            scope_subscribe, scope_read, scope_operate,
                                            scope_all};

constexpr option rule_rows[] = {
    {.path = "match",
     .kind = text,
     .fallback = "",
     .help = "* one segment, ** the rest, {user} one segment that is somebody's id",
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
