#pragma once

#include <weir/base/error.hpp>

#include <memory>
#include <string>

struct ssl_ctx_st;

namespace weir {

using tls_context = std::shared_ptr<ssl_ctx_st>;

/// A server context from PEM files (certificate chain, key): TLS 1.2 and up, AEAD ciphers only, no
/// renegotiation, no compression, small buffers (SSL_MODE_RELEASE_BUFFERS), ALPN http/1.1. The
/// fault names the file and what to do.
result<tls_context> load_server_tls(std::string const& certificate, std::string const& key);

/// A client context with the system's roots; `ca_file` adds one; empty: none added.
result<tls_context> make_client_tls(std::string const& ca_file);

}  // namespace weir
