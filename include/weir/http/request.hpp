#pragma once

#include <boost/asio/ip/address.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir::http {

enum class method : std::uint8_t { get, head, post, put, delete_, options, patch, other };
inline constexpr std::size_t method_count = 8;
/// "GET"; empty for `other`.
std::string_view to_string(method m) noexcept;

/// A header line, or a decoded parameter.
struct field {
    std::string name;
    std::string value;
};

/// The value of the first field of that name, ASCII case ignored; null when there is none.
std::string const* find_field(std::vector<field> const& fields, std::string_view name) noexcept;
/// The values of all fields of that name, joined with ", " (RFC 9110 section 5.3).
std::string join_fields(std::vector<field> const& fields, std::string_view name);

/// One request, whole, bounded and well-formed (RFC 9112): no folded or malformed line, one
/// meaning of its length, a Host where the version asks for one. A plain value.
struct request {
    method verb = method::get;
    std::string method_text;            ///< as sent, such as "GET"
    std::string target;                 ///< as sent, but in origin form: "/a%20b?c=d"
    std::string path;                   ///< of the target, still encoded
    std::vector<std::string> segments;  ///< of the path, decoded; "/" has none
    std::vector<field> query;           ///< parameters in order, decoded ('+' is a space)
    std::vector<field> params;          ///< what a router's {name} matched
    int minor_version = 1;              ///< of HTTP/1: 0 or 1
    std::vector<field> headers;         ///< in order, without the white space around values
    std::string body;
    boost::asio::ip::address peer;
    bool secure = false;  ///< came over TLS
    /// Bytes behind the request were there before its answer: pipelining, or, before an
    /// upgrade, an attempt to smuggle.
    bool followed = false;

    /// First value; empty when there is none (see has()).
    std::string_view header(std::string_view name) const noexcept;
    bool has(std::string_view name) const noexcept;
    std::size_t count(std::string_view name) const noexcept;
    std::string joined(std::string_view name) const { return join_fields(headers, name); }

    std::optional<std::string_view> query_value(std::string_view name) const noexcept;
    /// Of a router's pattern; empty when the pattern has no such name.
    std::string_view param(std::string_view name) const noexcept;
    /// Media type of the body in lower case without parameters; empty when not stated.
    std::string content_type() const;
};

/// ASCII case ignored.
bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept;

/// Whether a comma-separated list of tokens names `token`, ASCII case ignored.
bool lists_token(std::string_view list, std::string_view token);

/// The elements of a comma-separated list without surrounding white space, empty ones left out.
std::vector<std::string_view> split_list(std::string_view list);

/// The credential of `Authorization: Bearer TOKEN`; none for another scheme or no header; empty
/// when the scheme is there without a token.
std::optional<std::string_view> bearer_token(std::string_view authorization) noexcept;

}  // namespace weir::http
