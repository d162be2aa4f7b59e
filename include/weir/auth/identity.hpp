#pragma once

#include <weir/base/clock.hpp>
#include <weir/base/error.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

namespace weir::auth {

/// Who a session speaks for, as its credential said. No user: anonymous.
struct identity {
    std::string user;            ///< empty: anonymous
    std::string token_id;        ///< claim jti; empty: none
    wall_ms issued_at = 0;       ///< claim iat; 0: unknown
    wall_ms expires_at = 0;      ///< claim exp; 0: never
    wall_ms accepted_until = 0;  ///< expires_at and the leeway; 0: never

    bool operator==(identity const&) const = default;
};

/// Tells whether a token is good at a time. Thread-safe once made; no I/O.
/// Faults: `unauthorized` (malformed, wrong signature or claims), `token_expired`. Their message
/// says what is wrong and holds nothing of the token.
class verifier {
public:
    virtual ~verifier() = default;
    virtual result<identity> verify(std::string_view token, wall_ms at) const = 0;
};

/// The longest user id: escaped it must fit into a topic name. Bytes.
inline constexpr std::size_t user_bytes_max = 190;

struct jwt_settings {
    std::string secret;    ///< HS256 key; empty: every token is refused
    std::string issuer;    ///< required `iss`; empty: any
    std::string audience;  ///< required `aud` (string or one of an array); empty: any
    std::string user_claim = "sub";
    std::chrono::milliseconds leeway{30'000};
};
/// Refuses every token where the secret is empty or a PEM: a public key is public. A token without
/// `exp` never expires; one with it is `token_expired` only when it is good otherwise.
std::unique_ptr<verifier const> make_jwt_verifier(jwt_settings settings);

struct token_request {
    std::string user;
    wall_ms now = 0;
    std::chrono::milliseconds ttl{3'600'000};
    std::string issuer{};    ///< empty: no such claim
    std::string audience{};  ///< likewise
};
/// An HS256 token (`weir token`). Faults: `bad_request` for a user that could not log in with it,
/// a ttl below 1 ms, a secret that is empty or a PEM.
result<std::string> issue_token(std::string_view secret, token_request const& request);

}  // namespace weir::auth
