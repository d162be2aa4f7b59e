#pragma once

#include <string>
#include <string_view>

/// What a text option may hold. Each answers with what is wrong, as the end of a sentence about
/// that text, or with nothing.
namespace weir::config {

/// An IPv4 or IPv6 literal.
std::string address_fault(std::string_view text);

/// "*", or what a Host header may name without its port: a host name or an IP literal.
std::string host_name_fault(std::string_view text);

/// "same", "https://app.example.com:8443" or "https://*.example.com", as browsers write origins.
std::string origin_fault(std::string_view text);

/// A pattern of topic names: `*` one segment, `**` the rest, `{user}` one segment, once.
std::string pattern_fault(std::string_view text);

/// The name of an API key.
std::string key_name_fault(std::string_view text);

/// Not empty.
std::string empty_fault(std::string_view text);

/// True when `earlier`, as a pattern, matches every topic that `later` matches.
bool covers(std::string_view earlier, std::string_view later);

bool has_user_segment(std::string_view pattern);

}  // namespace weir::config
