#pragma once

#include <boost/asio/ip/address.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir::http {

/// The names and addresses an internal listener answers to. Against DNS rebinding: a page on a
/// foreign name that resolves to this host sends that name as Host.
struct host_policy {
    boost::asio::ip::address listen_address;  ///< unspecified (0.0.0.0, ::): any IP literal
    std::optional<std::uint16_t> port;        ///< required where Host names a port; none: any
    /// Further host names (case ignored) and IP literals; "*" is any.
    std::vector<std::string> names;
};

/// `host` is the value of the Host header: an IP literal that is loopback or the listen address,
/// "localhost", or one of the names. A malformed one is never allowed.
bool host_allowed(std::string_view host, host_policy const& policy);

/// "name", "name:80", "[::1]:80" taken apart.
struct authority {
    std::string_view host;  ///< without the brackets of an IPv6 literal
    bool ipv6 = false;
    std::optional<std::uint16_t> port;  ///< an empty one ("name:") is none
};
/// None: not an authority, or one with user information.
std::optional<authority> parse_authority(std::string_view text) noexcept;

}  // namespace weir::http
