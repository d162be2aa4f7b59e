#pragma once

#include <string>
#include <string_view>

/// Tokens made without the library under test, so that anything can be signed.
namespace weir::auth {

std::string base64url(std::string_view bytes);
/// `digest`: "SHA256" and so on, as OpenSSL names it.
std::string hmac(std::string_view key, std::string_view bytes, char const* digest = "SHA256");

/// header.claims.signature with whatever header and claims.
std::string sign(std::string_view header, std::string_view claims, std::string_view key,
                 char const* digest = "SHA256");

inline constexpr std::string_view plain_header = R"({"alg":"HS256","typ":"JWT"})";
inline constexpr std::string_view test_key = "an example key of at least 32 bytes!";

inline std::string sign_claims(std::string_view claims) {
    return sign(plain_header, claims, test_key);
}

}  // namespace weir::auth
