#include "bench/endpoint.hpp"

#include "bench/loopback.hpp"

#include <weir/client/ws_client.hpp>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdexcept>
#include <sys/time.h>
#include <unistd.h>

namespace weir::bench {
namespace {

constexpr timeval patience{10, 0};

[[noreturn]] void fail(std::string const& what) {
    throw std::runtime_error(what + ": " + std::strerror(errno));
}

std::string request_to(std::string const& authority, std::string const& target,
                       std::string const& token) {
    auto request = "GET " + target + " HTTP/1.1\r\nHost: " + authority +
                   "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                   "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                   "Sec-WebSocket-Protocol: weir.v1.json\r\n";
    if (!token.empty()) request += "Authorization: Bearer " + token + "\r\n";
    return request + "\r\n";
}

std::shared_ptr<ssl_ctx_st> client_context(bool verify) {
    std::shared_ptr<ssl_ctx_st> context(SSL_CTX_new(TLS_client_method()), end_tls());
    if (!context) throw std::runtime_error("no TLS");
    SSL_CTX_set_mode(context.get(),
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    if (verify) {
        SSL_CTX_set_default_verify_paths(context.get());
        SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    }
    return context;
}

bool is_of_loopback(sockaddr_storage const& a) {
    if (a.ss_family != AF_INET) return false;
    sockaddr_in in{};
    std::memcpy(&in, &a, sizeof in);
    return (ntohl(in.sin_addr.s_addr) >> 24U) == 127;
}

}  // namespace

void end_tls::operator()(ssl_ctx_st* context) const noexcept {
    SSL_CTX_free(context);
}
void end_tls::operator()(ssl_st* connection) const noexcept {
    SSL_free(connection);
}

endpoint endpoint::on_loopback(std::uint16_t port) {
    endpoint e;
    auto const a = loopback(port);
    std::memcpy(&e.address_, &a, sizeof a);
    e.size_ = sizeof a;
    e.request_ = request_to("127.0.0.1:" + std::to_string(port), "/v1/ws", {});
    return e;
}

endpoint endpoint::of_url(std::string const& url, std::string const& token, bool verify) {
    auto const parsed = parse_ws_url(url);
    if (!parsed) throw std::runtime_error(parsed.error().message);
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    auto const port = std::to_string(parsed->port);
    if (int const error = ::getaddrinfo(parsed->host.c_str(), port.c_str(), &hints, &found)) {
        throw std::runtime_error(parsed->host + ": " + ::gai_strerror(error));
    }
    endpoint e;
    std::memcpy(&e.address_, found->ai_addr, found->ai_addrlen);
    e.size_ = found->ai_addrlen;
    ::freeaddrinfo(found);
    e.loopback_ = is_of_loopback(e.address_);
    e.host_ = parsed->host;
    e.request_ = request_to(parsed->authority(), parsed->target, token);
    if (parsed->secure) e.context_ = client_context(verify);
    return e;
}

int endpoint::connect(std::size_t source, std::uint8_t block) const {
    int const kind = SOCK_STREAM | SOCK_CLOEXEC | (has_tls() ? 0 : SOCK_NONBLOCK);
    int const fd = ::socket(address_.ss_family, kind, 0);
    if (fd < 0) fail("socket (raise the descriptor limit?)");
    int const on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (loopback_) {
        // Without this each bind would take a port of its own for good, from all addresses
        // together.
        ::setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
        auto const from = loopback(0, 0x7f000001U + (static_cast<std::uint32_t>(block) << 16U) +
                                          static_cast<std::uint32_t>(source));
        if (::bind(fd, reinterpret_cast<sockaddr const*>(&from), sizeof from) != 0) {
            ::close(fd);
            fail("bind");
        }
    }
    if (::connect(fd, reinterpret_cast<sockaddr const*>(&address_), size_) != 0 && has_tls()) {
        ::close(fd);
        fail("connect");
    }
    return fd;
}

tls_connection endpoint::start_tls(int fd) const {
    tls_connection tls(SSL_new(context_.get()));
    if (!tls) throw std::runtime_error("no TLS");
    SSL_set_fd(tls.get(), fd);
    // An address stands in the certificate as an address, and is no server name.
    if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls.get()), host_.c_str()) != 1) {
        SSL_set_tlsext_host_name(tls.get(), host_.c_str());
        SSL_set1_host(tls.get(), host_.c_str());
    }
    ERR_clear_error();
    if (SSL_connect(tls.get()) != 1) {
        auto const verdict = SSL_get_verify_result(tls.get());
        throw std::runtime_error("TLS with " + host_ + " failed: " +
                                 (verdict != X509_V_OK
                                      ? std::string(X509_verify_cert_error_string(verdict)) +
                                            " (--insecure accepts any certificate)"
                                      : "no handshake"));
    }
    ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
    return tls;
}

}  // namespace weir::bench
