#pragma once

#include <arpa/inet.h>
#include <cstdint>
#include <netinet/in.h>

namespace weir::bench {

/// An address of this machine; nothing here ever names another. `host` is one of 127.0.0.0/8.
inline sockaddr_in loopback(std::uint16_t port, std::uint32_t host = INADDR_LOOPBACK) noexcept {
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_port = htons(port);
    a.sin_addr.s_addr = htonl(host);
    return a;
}

}  // namespace weir::bench
