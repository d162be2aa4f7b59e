#include "auth/cjose_handles.hpp"
#include "auth/claims.hpp"
#include "auth/token_parts.hpp"

#include <weir/auth/identity.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace weir::auth {
namespace {

fault unauthorized(char const* message) {
    return {errc::unauthorized, message};
}

/// What is wrong with the header; null for one that asks for exactly what is done here. It is not
/// trusted yet, so nothing in it chooses a key or an algorithm.
char const* header_fault(std::string_view encoded) {
    json_handle const header = read_object(decode_part(encoded));
    if (!header) return "the token's header is not a JSON object";
    json_t const* const alg = json_object_get(header.get(), "alg");
    if (!json_is_string(alg) || std::string_view(json_string_value(alg)) != "HS256") {
        return "the token is not signed with HS256";
    }
    // RFC 7515 section 4.1.11: what must be understood and is not, is refused.
    if (json_object_get(header.get(), "crit") != nullptr) {
        return "the token asks for an extension (crit)";
    }
    return nullptr;
}

class jwt_verifier final : public verifier {
public:
    explicit jwt_verifier(jwt_settings settings)
        : settings_(std::move(settings)), key_(make_hmac_key(settings_.secret)) {
        settings_.secret.clear();
    }

    result<identity> verify(std::string_view token, wall_ms at) const override {
        if (!key_) return unauthorized("this server takes no tokens: it has no usable key");
        char const* why = nullptr;
        auto const parts = split_token(token, why);
        if (!parts) return unauthorized(why);
        if (char const* const wrong = header_fault(parts->header)) return unauthorized(wrong);
        if (!has_hs256_length(*parts) || !signature_holds(token)) {
            return unauthorized("the token's signature is wrong");
        }
        json_handle const claims = read_object(decode_part(parts->claims));
        if (!claims) return unauthorized("the token's claims are not a JSON object");
        return read_claims(claims.get(), settings_, at);
    }

private:
    /// Reads the key only, so any number of threads may.
    bool signature_holds(std::string_view token) const {
        openssl_errors_guard const guard;
        jws_handle const jws(cjose_jws_import(token.data(), token.size(), nullptr));
        return jws && cjose_jws_verify(jws.get(), key_.get(), nullptr);
    }

    jwt_settings settings_;
    jwk_handle key_;
};

}  // namespace

std::unique_ptr<verifier const> make_jwt_verifier(jwt_settings settings) {
    return std::make_unique<jwt_verifier>(std::move(settings));
}

}  // namespace weir::auth
