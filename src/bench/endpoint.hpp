#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <sys/socket.h>

struct ssl_ctx_st;
struct ssl_st;

namespace weir::bench {

struct end_tls {
    void operator()(ssl_ctx_st* context) const noexcept;
    void operator()(ssl_st* connection) const noexcept;
};
using tls_connection = std::unique_ptr<ssl_st, end_tls>;

/// Where connections of the load go: a port on loopback, or a server that the user named by a URL.
/// Sources of connections to 127.0.0.0/8 are spread over it, so that neither ports nor limits by
/// address run out.
class endpoint {
public:
    static endpoint on_loopback(std::uint16_t port);
    /// ws://… or wss://…; `verify` false accepts any certificate. Throws std::runtime_error with a
    /// sentence.
    static endpoint of_url(std::string const& url, std::string const& token, bool verify);

    bool is_loopback() const noexcept { return loopback_; }
    bool has_tls() const noexcept { return context_ != nullptr; }
    /// The opening handshake of one connection.
    std::string const& request() const noexcept { return request_; }

    /// A socket whose connect() has begun: non-blocking, or with TLS connected and blocking.
    /// Sources count from 0, a few connections each; `block` keeps apart those of several users of
    /// a port. Throws std::runtime_error; but a plain connection that is refused is found by using
    /// it.
    int connect(std::size_t source, std::uint8_t block) const;
    /// The handshake on a blocking socket, which is non-blocking then. Throws std::runtime_error.
    tls_connection start_tls(int fd) const;

private:
    sockaddr_storage address_{};
    socklen_t size_ = 0;
    bool loopback_ = true;
    std::string host_;
    std::string request_;
    std::shared_ptr<ssl_ctx_st> context_;
};

}  // namespace weir::bench
