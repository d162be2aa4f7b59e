#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

/// A client that sends whatever bytes a case wants, and reads frames without the project's decoder:
/// what is tested must not be its own judge.
namespace weir::conformance {

/// The echo target in a process of its own, one for each test binary.
std::uint16_t target_port();

struct frame_seen {
    int op = 0;
    bool fin = true;
    bool rsv1 = false;
    std::string payload;
};

class peer {
public:
    /// Connects and upgrades; `extensions` is the header's value, empty for none.
    explicit peer(std::string_view extensions = {});
    peer(peer const&) = delete;
    peer& operator=(peer const&) = delete;
    ~peer();

    std::string const& negotiated() const noexcept { return negotiated_; }

    /// `chop`: in pieces of so many bytes, each a segment of its own.
    void send(std::string_view bytes, std::size_t chop = 0);
    /// The next frame; none: the server closed the connection.
    std::optional<frame_seen> read();
    /// True when the server has ended the connection and nothing else came.
    bool ended();

private:
    bool fill(std::size_t bytes);
    int fd_;
    std::string buffer_;
    std::string negotiated_;
};

/// A client's frame, masked.
std::string frame(int op, std::string_view payload, bool fin = true, int rsv = 0);
inline std::string text(std::string_view payload, bool fin = true) {
    return frame(1, payload, fin);
}
inline std::string binary(std::string_view payload, bool fin = true) {
    return frame(2, payload, fin);
}
inline std::string more(std::string_view payload, bool fin) {
    return frame(0, payload, fin);
}
inline std::string ping(std::string_view payload) {
    return frame(9, payload);
}
inline std::string close_payload(int code, std::string_view reason = {}) {
    std::string p{static_cast<char>(code >> 8), static_cast<char>(code & 0xff)};
    return p.append(reason);
}

struct expected {
    int op;
    std::string payload;
};

/// One case: what goes out, and the one outcome that is right. With `close` 0 the connection must
/// be usable afterwards: the client closes with 1000 and gets 1000 back. Otherwise the server must
/// send a close frame with that code (1005: without a code) and end the connection.
struct conformance_case {
    std::string name;
    std::string out;
    std::vector<expected> answers;
    int close = 0;
    std::size_t chop = 0;
};

void check(conformance_case const& c);
void check_all(std::vector<conformance_case> const& cases);

}  // namespace weir::conformance
