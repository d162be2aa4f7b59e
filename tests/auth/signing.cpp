#include "auth/signing.hpp"

#include <weir/base/ids.hpp>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <span>

namespace weir::auth {

std::string base64url(std::string_view bytes) {
    return to_base64url(std::as_bytes(std::span(bytes.data(), bytes.size())));
}

std::string hmac(std::string_view key, std::string_view bytes, char const* digest) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
    unsigned int size = 0;
    HMAC(EVP_get_digestbyname(digest), key.data(), static_cast<int>(key.size()),
         reinterpret_cast<unsigned char const*>(bytes.data()), bytes.size(), out.data(), &size);
    return {reinterpret_cast<char const*>(out.data()), size};
}

std::string sign(std::string_view header, std::string_view claims, std::string_view key,
                 char const* digest) {
    std::string const signed_part = base64url(header) + '.' + base64url(claims);
    return signed_part + '.' + base64url(hmac(key, signed_part, digest));
}

}  // namespace weir::auth
