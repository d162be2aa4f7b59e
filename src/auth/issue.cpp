#include "auth/cjose_handles.hpp"
#include "auth/user_id.hpp"

#include <weir/auth/identity.hpp>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

namespace weir::auth {
namespace {

struct free_text {
    void operator()(char* p) const noexcept { std::free(p); }
};
using text_handle = std::unique_ptr<char, free_text>;

fault internal() {
    return {errc::internal, "the token could not be made"};
}

bool set_text(json_t* claims, char const* name, std::string_view value) {
    return json_object_set_new(claims, name, json_stringn(value.data(), value.size())) == 0;
}

text_handle write_claims(token_request const& r) {
    json_handle const claims(json_object());
    wall_ms const iat = r.now / 1000;
    wall_ms const exp = (r.now + r.ttl.count() + 999) / 1000;
    bool const good = claims && set_text(claims.get(), "sub", r.user) &&
                      json_object_set_new(claims.get(), "iat", json_integer(iat)) == 0 &&
                      json_object_set_new(claims.get(), "exp", json_integer(exp)) == 0 &&
                      (r.issuer.empty() || set_text(claims.get(), "iss", r.issuer)) &&
                      (r.audience.empty() || set_text(claims.get(), "aud", r.audience));
    return text_handle(good ? json_dumps(claims.get(), JSON_COMPACT | JSON_PRESERVE_ORDER)
                            : nullptr);
}

}  // namespace

result<std::string> issue_token(std::string_view secret, token_request const& request) {
    if (auto const wrong = user_id_fault(request.user); !wrong.empty()) {
        return fault{errc::bad_request, "the user id " + std::string(wrong)};
    }
    if (request.ttl.count() <= 0) return fault{errc::bad_request, "the ttl is not positive"};
    jwk_handle const key = make_hmac_key(secret);
    if (!key) return fault{errc::bad_request, "the secret is empty or a PEM"};

    openssl_errors_guard const guard;
    json_handle const header(cjose_header_new(nullptr));
    if (!header || !cjose_header_set(header.get(), CJOSE_HDR_ALG, CJOSE_HDR_ALG_HS256, nullptr) ||
        !cjose_header_set(header.get(), "typ", "JWT", nullptr)) {
        return internal();
    }
    text_handle const claims = write_claims(request);
    if (!claims) return internal();  // such as text that is not UTF-8
    std::string_view const bytes(claims.get());
    jws_handle const jws(cjose_jws_sign(key.get(), header.get(),
                                        reinterpret_cast<std::uint8_t const*>(bytes.data()),
                                        bytes.size(), nullptr));
    char const* text = nullptr;  // stays the jws's
    if (!jws || !cjose_jws_export(jws.get(), &text, nullptr)) return internal();
    return std::string(text);
}

}  // namespace weir::auth
