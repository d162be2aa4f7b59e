#include "async/tls_error.hpp"

#include <weir/async/certificate_expiry.hpp>
#include <weir/async/tls_context.hpp>
#include <weir/base/log.hpp>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <system_error>
#include <utility>

namespace weir {
namespace {

// ALPN's wire form: a length, then the name (RFC 7301 section 3.1).
constexpr unsigned char protocols[] = "\x08http/1.1";
constexpr unsigned int protocols_size = sizeof protocols - 1;

fault refusal(std::string message) {
    return {.code = errc::unavailable, .message = std::move(message)};
}

// Never asks on a terminal.
int no_passphrase(char*, int, int, void* asked) {
    *static_cast<bool*>(asked) = true;
    return 0;
}

int choose_protocol(SSL*, unsigned char const** out, unsigned char* out_size,
                    unsigned char const* offered, unsigned int offered_size, void*) {
    unsigned char* chosen = nullptr;
    int const found =
        SSL_select_next_proto(&chosen, out_size, protocols, protocols_size, offered, offered_size);
    *out = chosen;
    return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

// What both roles have in common. Null when OpenSSL is out of memory or misses a cipher.
tls_context make_context(SSL_METHOD const* method) {
    ERR_clear_error();
    tls_context context(SSL_CTX_new(method), SSL_CTX_free);
    if (!context) return nullptr;
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    // TLS 1.3 has nothing but AEAD; for 1.2 these are all that are, with forward secrecy.
    if (SSL_CTX_set_cipher_list(context.get(), "ECDHE+AESGCM:ECDHE+CHACHA20") != 1) return nullptr;
    SSL_CTX_set_options(context.get(), SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                           SSL_OP_CIPHER_SERVER_PREFERENCE |
                                           SSL_OP_PRIORITIZE_CHACHA | SSL_OP_ENABLE_KTLS);
    // An idle connection keeps no record buffers, and a write may be short and move.
    SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                        SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    // One read(2) for header and body of a record instead of two.
    SSL_CTX_set_read_ahead(context.get(), 1);
    return context;
}

result<void> check_readable(char const* what, std::string const& path) {
    std::FILE* const file = std::fopen(path.c_str(), "re");
    if (file == nullptr) {
        return refusal(std::string(what) + " " + path +
                       " cannot be read: " + std::generic_category().message(errno));
    }
    std::fclose(file);
    return {};
}

fault explain_key(std::string const& certificate, std::string const& key, bool passphrase_asked) {
    auto const reason = ERR_GET_REASON(ERR_peek_last_error());
    if (reason == X509_R_KEY_VALUES_MISMATCH || reason == X509_R_KEY_TYPE_MISMATCH) {
        ERR_clear_error();
        return refusal("key " + key + " does not belong to certificate " + certificate +
                       "; the chain's first certificate must be the server's own");
    }
    if (passphrase_asked) {
        ERR_clear_error();
        return refusal("key " + key +
                       " is encrypted, and there is nobody to ask for its passphrase; decrypt it "
                       "with `openssl pkey` and protect the file instead");
    }
    return refusal("key " + key + " is not a private key in PEM: " + tls_last_words());
}

void warn_of_expiry(SSL_CTX& context, std::string const& path) {
    X509 const* const own = SSL_CTX_get0_certificate(&context);
    if (own != nullptr && X509_cmp_current_time(X509_get0_notAfter(own)) < 0) {
        log::warn("certificate has expired", {{"file", path}});
    }
}

/// 0 for a time that OpenSSL cannot read.
wall_ms not_after(X509 const& certificate) {
    std::tm parts{};
    if (ASN1_TIME_to_tm(X509_get0_notAfter(&certificate), &parts) != 1) return 0;
    return static_cast<wall_ms>(::timegm(&parts)) * 1000;
}

}  // namespace

wall_ms certificate_expiry(SSL_CTX& context) {
    X509 const* const own = SSL_CTX_get0_certificate(&context);
    if (own == nullptr) return 0;
    wall_ms first = not_after(*own);
    STACK_OF(X509)* chain = nullptr;
    SSL_CTX_get0_chain_certs(&context, &chain);
    for (int i = 0; i < sk_X509_num(chain); ++i) {
        first = std::min(first, not_after(*sk_X509_value(chain, i)));
    }
    return first;
}

result<tls_context> load_server_tls(std::string const& certificate, std::string const& key) {
    if (auto const ok = check_readable("certificate", certificate); !ok) return ok.error();
    if (auto const ok = check_readable("key", key); !ok) return ok.error();
    tls_context context = make_context(TLS_server_method());
    if (!context) return refusal("TLS cannot be set up: " + tls_last_words());

    bool passphrase_asked = false;
    SSL_CTX_set_default_passwd_cb(context.get(), no_passphrase);
    SSL_CTX_set_default_passwd_cb_userdata(context.get(), &passphrase_asked);
    if (SSL_CTX_use_certificate_chain_file(context.get(), certificate.c_str()) != 1) {
        return refusal("certificate " + certificate +
                       " is not a certificate chain in PEM: " + tls_last_words());
    }
    if (SSL_CTX_use_PrivateKey_file(context.get(), key.c_str(), SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(context.get()) != 1) {
        return explain_key(certificate, key, passphrase_asked);
    }
    SSL_CTX_set_default_passwd_cb_userdata(context.get(), nullptr);
    SSL_CTX_set_default_passwd_cb(context.get(), nullptr);

    // Resumption by tickets: the server stores nothing. One for each handshake is enough.
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(context.get(), 1);
    SSL_CTX_set_alpn_select_cb(context.get(), choose_protocol, nullptr);
    warn_of_expiry(*context, certificate);
    return context;
}

result<tls_context> make_client_tls(std::string const& ca_file) {
    tls_context context = make_context(TLS_client_method());
    if (!context || SSL_CTX_set_default_verify_paths(context.get()) != 1 ||
        SSL_CTX_set_alpn_protos(context.get(), protocols, protocols_size) != 0) {
        return refusal("TLS cannot be set up: " + tls_last_words());
    }
    if (!ca_file.empty()) {
        if (auto const ok = check_readable("CA file", ca_file); !ok) return ok.error();
        if (SSL_CTX_load_verify_file(context.get(), ca_file.c_str()) != 1) {
            return refusal("CA file " + ca_file +
                           " is not a certificate in PEM: " + tls_last_words());
        }
    }
    return context;
}

}  // namespace weir
