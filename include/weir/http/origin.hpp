#pragma once

#include <weir/base/error.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weir::http {

/// Which pages of which web sites may connect (contract: Configuration, `origins`; RFC 6454).
/// Immutable.
///
/// An entry is
/// - "same": the origin has the host and port that the request's own Host names. Over TLS it must
///   be https; over a plain connection http or https, because TLS may end at a proxy in front;
/// - "https://host[:port]": exactly this origin, default ports understood;
/// - "https://*.example.com[:port]": any host that has at least one more label in front
///   ("a.example.com", "a.b.example.com", not "example.com");
/// - "null": pages without an origin of their own (files, sandboxed frames);
/// - "*": every origin.
class origin_policy {
public:
    /// The fault names the entry that is none of these.
    static result<origin_policy> parse(std::vector<std::string> const& entries);

    /// `origin` and `host` are header values of one request.
    bool allows(std::string_view origin, std::string_view host, bool secure) const noexcept;

private:
    struct exact {
        std::string scheme;
        std::string host;  ///< lower case; of a wildcard the part from its first dot on
        std::uint16_t port = 0;
        bool wildcard = false;
    };
    std::vector<exact> listed_;
    bool same_ = false;
    bool null_ = false;
    bool any_ = false;
};

}  // namespace weir::http
