#include "auth/cjose_handles.hpp"

#include <openssl/err.h>

#include <cstdint>

namespace weir::auth {

openssl_errors_guard::~openssl_errors_guard() {
    ERR_clear_error();
}

jwk_handle make_hmac_key(std::string_view secret) {
    if (secret.empty() || secret.find("-----BEGIN") != std::string_view::npos) return nullptr;
    openssl_errors_guard const guard;
    auto const* bytes = reinterpret_cast<std::uint8_t const*>(secret.data());
    return jwk_handle(cjose_jwk_create_oct_spec(bytes, secret.size(), nullptr));
}

json_handle read_object(std::string_view text) {
    json_handle value(json_loadb(text.data(), text.size(), JSON_REJECT_DUPLICATES, nullptr));
    if (!json_is_object(value.get())) return nullptr;
    return value;
}

}  // namespace weir::auth
