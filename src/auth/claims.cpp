#include "auth/claims.hpp"

#include "auth/user_id.hpp"

#include <cmath>
#include <optional>
#include <string>
#include <string_view>

namespace weir::auth {
namespace {

constexpr double last_second = 253'402'300'799;  // of the year 9999
constexpr std::size_t token_id_bytes_max = 256;

fault unauthorized(std::string message) {
    return {errc::unauthorized, std::move(message)};
}

std::string_view text_of(json_t const* value) noexcept {
    return {json_string_value(value), json_string_length(value)};
}

/// Absent: no time. RFC 7519 section 2, NumericDate: seconds, fractions allowed.
result<std::optional<wall_ms>> read_time(json_t const* claims, char const* name) {
    json_t const* const value = json_object_get(claims, name);
    if (value == nullptr) return std::optional<wall_ms>{};
    if (!json_is_number(value)) {
        return unauthorized("claim " + std::string(name) + " is not a number");
    }
    double const seconds = json_number_value(value);
    if (!std::isfinite(seconds) || std::fabs(seconds) > last_second) {
        return unauthorized("claim " + std::string(name) + " is out of range");
    }
    return std::optional<wall_ms>(static_cast<wall_ms>(std::floor(seconds * 1000)));
}

/// `aud` is one string or a list of them, RFC 7519 section 4.1.3.
bool names_audience(json_t const* aud, std::string_view wanted) noexcept {
    if (json_is_string(aud)) return text_of(aud) == wanted;
    if (!json_is_array(aud)) return false;
    bool found = false;
    for (std::size_t i = 0; i != json_array_size(aud); ++i) {
        json_t const* const one = json_array_get(aud, i);
        if (!json_is_string(one)) return false;
        found = found || text_of(one) == wanted;
    }
    return found;
}

result<void> check_names(json_t const* claims, jwt_settings const& settings) {
    if (!settings.issuer.empty()) {
        json_t const* const iss = json_object_get(claims, "iss");
        if (!json_is_string(iss) || text_of(iss) != settings.issuer) {
            return unauthorized("claim iss is not the issuer this server trusts");
        }
    }
    if (!settings.audience.empty() &&
        !names_audience(json_object_get(claims, "aud"), settings.audience)) {
        return unauthorized("claim aud does not name this server");
    }
    return {};
}

result<std::string> read_user(json_t const* claims, std::string const& name) {
    json_t const* const value = json_object_get(claims, name.c_str());
    if (value == nullptr) return unauthorized("claim " + name + " is missing");
    if (!json_is_string(value)) return unauthorized("claim " + name + " is not a string");
    std::string_view const user = text_of(value);
    if (auto const wrong = user_id_fault(user); !wrong.empty()) {
        return unauthorized("claim " + name + " " + std::string(wrong));
    }
    return std::string(user);
}

result<std::string> read_token_id(json_t const* claims) {
    json_t const* const value = json_object_get(claims, "jti");
    if (value == nullptr) return std::string();
    if (!json_is_string(value)) return unauthorized("claim jti is not a string");
    if (json_string_length(value) > token_id_bytes_max) {
        return unauthorized("claim jti is longer than 256 bytes");
    }
    return std::string(text_of(value));
}

}  // namespace

result<identity> read_claims(json_t const* claims, jwt_settings const& settings, wall_ms at) {
    auto const exp = read_time(claims, "exp");
    if (!exp) return exp.error();
    auto const nbf = read_time(claims, "nbf");
    if (!nbf) return nbf.error();
    auto const iat = read_time(claims, "iat");
    if (!iat) return iat.error();
    if (auto const good = check_names(claims, settings); !good) return good.error();
    auto user = read_user(claims, settings.user_claim);
    if (!user) return user.error();
    auto token_id = read_token_id(claims);
    if (!token_id) return token_id.error();

    wall_ms const leeway = settings.leeway.count();
    if (*nbf && at < **nbf - leeway) return unauthorized("the token is not valid yet (nbf)");
    if (*iat && at < **iat - leeway) return unauthorized("the token is from the future (iat)");
    identity who;
    who.user = *std::move(user);
    who.token_id = *std::move(token_id);
    who.issued_at = iat->value_or(0);
    if (*exp) {
        // In 1970 or before: never good, and 0 would mean the opposite.
        if (**exp <= 0 || at >= **exp + leeway) {
            return fault{errc::token_expired, "the token has expired"};
        }
        who.expires_at = **exp;
        who.accepted_until = **exp + leeway;
    }
    return who;
}

}  // namespace weir::auth
