#pragma once

#include <cjose/cjose.h>

#include <jansson.h>
#include <memory>
#include <string_view>

namespace weir::auth {

/// Owning pointers for what the C libraries make.
struct release_handle {
    void operator()(cjose_jwk_t* p) const noexcept { cjose_jwk_release(p); }
    void operator()(cjose_jws_t* p) const noexcept { cjose_jws_release(p); }
    void operator()(json_t* p) const noexcept { json_decref(p); }
};
using jwk_handle = std::unique_ptr<cjose_jwk_t, release_handle>;
using jws_handle = std::unique_ptr<cjose_jws_t, release_handle>;
using json_handle = std::unique_ptr<json_t, release_handle>;

/// Ends an attempt with these libraries: what they left in the thread's OpenSSL error queue would
/// be taken for the fault of the next TLS call on that thread.
class openssl_errors_guard {
public:
    openssl_errors_guard() = default;
    openssl_errors_guard(openssl_errors_guard const&) = delete;
    openssl_errors_guard& operator=(openssl_errors_guard const&) = delete;
    ~openssl_errors_guard();
};

/// A key for HMAC; null where `secret` is none: empty, or a PEM, which is often public.
jwk_handle make_hmac_key(std::string_view secret);

/// Null where the text is not one JSON object without duplicate names.
json_handle read_object(std::string_view text);

}  // namespace weir::auth
