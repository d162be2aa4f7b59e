#pragma once

#include <weir/base/clock.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

struct ssl_st;
struct ssl_ctx_st;

namespace weir {

/// A connected descriptor that left Asio, with its TLS state where it has one. Move-only.
class raw_socket {
public:
    raw_socket() = default;
    raw_socket(int descriptor, ssl_st* tls) noexcept : descriptor_(descriptor), tls_(tls) {}
    raw_socket(raw_socket&& o) noexcept
        : descriptor_(std::exchange(o.descriptor_, -1)), tls_(std::exchange(o.tls_, nullptr)) {}
    raw_socket& operator=(raw_socket&& o) noexcept {
        std::swap(descriptor_, o.descriptor_);
        std::swap(tls_, o.tls_);
        return *this;
    }
    ~raw_socket();  ///< frees TLS, closes

    int descriptor() const noexcept { return descriptor_; }
    ssl_st* tls() const noexcept { return tls_; }  ///< null: plain
    /// Gives both away.
    std::pair<int, ssl_st*> release() noexcept {
        return {std::exchange(descriptor_, -1), std::exchange(tls_, nullptr)};
    }

private:
    int descriptor_ = -1;
    ssl_st* tls_ = nullptr;
};

/// Bytes both ways for the coroutines that run before and beside the data path: HTTP, handshakes,
/// the CLI's client. Plain and TLS behind one face. Every wait ends at the deadline with
/// boost::asio::error::timed_out. One read and one write at a time; on its executor only.
class stream {
public:
    virtual ~stream() = default;
    /// At least one byte, or an error (eof included).
    virtual boost::asio::awaitable<std::pair<boost::system::error_code, std::size_t>> read_some(
        std::span<char> into, mono_time deadline) = 0;
    /// All of it, or an error.
    virtual boost::asio::awaitable<boost::system::error_code> write_all(std::string_view bytes,
                                                                        mono_time deadline) = 0;
    /// Ends the sending side (TLS close_notify and FIN); the rest by destruction.
    virtual boost::asio::awaitable<void> shutdown(mono_time deadline) = 0;
    /// Takes the descriptor out of Asio, for the poller. The stream is spent.
    virtual raw_socket release() = 0;
    /// Ends any wait under way with operation_aborted.
    virtual void cancel() = 0;
    virtual boost::asio::ip::tcp::endpoint peer() const = 0;
};

std::unique_ptr<stream> make_plain_stream(boost::asio::ip::tcp::socket socket);

/// The way back from release(): plain or TLS, as the socket is. Null when the descriptor cannot be
/// taken into Asio.
std::unique_ptr<stream> make_stream(boost::asio::any_io_executor executor, raw_socket socket);

/// TLS over the raw descriptor (SSL_set_fd), so that it can leave with its descriptor. Performs the
/// handshake. Null and an error on failure.
boost::asio::awaitable<std::pair<boost::system::error_code, std::unique_ptr<stream>>> tls_accept(
    boost::asio::ip::tcp::socket socket, ssl_ctx_st& context, mono_time deadline);
/// What a listener makes of a connection: TLS where `context` is set, else plain. The handshake has
/// ten seconds.
boost::asio::awaitable<std::pair<boost::system::error_code, std::unique_ptr<stream>>> accept_stream(
    boost::asio::ip::tcp::socket socket, std::shared_ptr<ssl_ctx_st> context);
/// Client side: `host` for SNI and, with `verify`, for the certificate check.
boost::asio::awaitable<std::pair<boost::system::error_code, std::unique_ptr<stream>>> tls_connect(
    boost::asio::ip::tcp::socket socket, ssl_ctx_st& context, std::string host, bool verify,
    mono_time deadline);

}  // namespace weir
