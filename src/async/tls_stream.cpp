#include "async/socket_wait.hpp"
#include "async/tls_error.hpp"

#include <weir/async/stream.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cerrno>
#include <sys/socket.h>

namespace weir {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

// OpenSSL counts in int.
constexpr std::size_t operation_bytes_max = std::size_t{1} << 30;

int bounded(std::size_t size) noexcept {
    return static_cast<int>(std::min(size, operation_bytes_max));
}

struct tls_free {
    void operator()(SSL* s) const noexcept { SSL_free(s); }
};

using tls_call = int (*)(SSL* tls, void* bytes, int size);

int call_handshake(SSL* tls, void*, int) {
    return SSL_do_handshake(tls);
}
int call_read(SSL* tls, void* bytes, int size) {
    return SSL_read(tls, bytes, size);
}
int call_write(SSL* tls, void* bytes, int size) {
    return SSL_write(tls, bytes, size);
}
// 0 is: ours is sent, the peer's not come yet. That is all that is wanted.
int call_shutdown(SSL* tls, void*, int) {
    return SSL_shutdown(tls) < 0 ? -1 : 1;
}

class tls_stream final : public stream {
public:
    tls_stream(tcp::socket socket, SSL_CTX& context)
        : socket_(std::move(socket)), tls_(SSL_new(&context)) {
        error_code ignored;
        peer_ = socket_.remote_endpoint(ignored);
        socket_.native_non_blocking(true, ignored);
        if (tls_ && SSL_set_fd(tls_.get(), socket_.native_handle()) != 1) tls_.reset();
    }

    /// One that was established before and came back.
    tls_stream(tcp::socket socket, SSL* established)
        : socket_(std::move(socket)), tls_(established) {
        error_code ignored;
        peer_ = socket_.remote_endpoint(ignored);
        socket_.native_non_blocking(true, ignored);
    }

    SSL* tls() noexcept { return tls_.get(); }

    asio::awaitable<error_code> handshake(mono_time deadline) {
        auto const done = co_await run(call_handshake, nullptr, 0, deadline);
        co_return done.first;
    }

    asio::awaitable<std::pair<error_code, std::size_t>> read_some(std::span<char> into,
                                                                  mono_time deadline) override {
        co_await reading_.take(socket_);
        co_return co_await run(call_read, into.data(), bounded(into.size()), deadline);
    }

    asio::awaitable<error_code> write_all(std::string_view bytes, mono_time deadline) override {
        while (!bytes.empty()) {
            co_await writing_.take(socket_);
            // SSL_write takes void const*; one signature for all calls is worth the cast.
            void* const first = const_cast<char*>(bytes.data());
            auto const [ec, n] = co_await run(call_write, first, bounded(bytes.size()), deadline);
            if (ec) co_return ec;
            bytes.remove_prefix(n);
        }
        co_return error_code{};
    }

    asio::awaitable<void> shutdown(mono_time deadline) override {
        // After a fatal error SSL_shutdown must not be called; it then fails by itself.
        co_await run(call_shutdown, nullptr, 0, deadline);
        error_code ignored;
        socket_.shutdown(tcp::socket::shutdown_send, ignored);
    }

    raw_socket release() override {
        error_code ec;
        int const descriptor = socket_.release(ec);
        return ec ? raw_socket() : raw_socket(descriptor, tls_.release());
    }

    void cancel() override {
        error_code ignored;
        socket_.cancel(ignored);
    }

    tcp::endpoint peer() const override { return peer_; }

private:
    // Repeats one operation, with the same arguments as OpenSSL asks, until it is done or failed.
    asio::awaitable<std::pair<error_code, std::size_t>> run(tls_call call, void* bytes, int size,
                                                            mono_time deadline) {
        for (;;) {
            ERR_clear_error();
            errno = 0;
            int const n = call(tls_.get(), bytes, size);
            if (n > 0) co_return std::pair{error_code{}, static_cast<std::size_t>(n)};
            tls_outcome const outcome = tls_outcome_of(tls_.get(), n);
            if (outcome.want == tls_want::nothing) {
                co_return std::pair{outcome.error, std::size_t{0}};
            }
            auto const what =
                outcome.want == tls_want::read ? tcp::socket::wait_read : tcp::socket::wait_write;
            error_code const ec = co_await wait_ready(socket_, what, deadline);
            if (ec) co_return std::pair{ec, std::size_t{0}};
        }
    }

    tcp::socket socket_;
    std::unique_ptr<SSL, tls_free> tls_;
    tcp::endpoint peer_;
    loop_share reading_;
    loop_share writing_;
};

using opened = std::pair<error_code, std::unique_ptr<stream>>;

// An IP address is checked as one, and is never sent as a server name (RFC 6066 section 3).
bool expect_host(SSL* tls, std::string const& host, bool verify) {
    error_code not_an_address;
    asio::ip::make_address(host, not_an_address);
    // SSL_set_tlsext_host_name() without the casts of the macro; the name is copied.
    if (not_an_address && SSL_ctrl(tls, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                                   const_cast<char*>(host.c_str())) != 1) {
        return false;
    }
    if (!verify) return true;
    SSL_set_verify(tls, SSL_VERIFY_PEER, nullptr);
    if (not_an_address) {
        SSL_set_hostflags(tls, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
        return SSL_set1_host(tls, host.c_str()) == 1;
    }
    return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls), host.c_str()) == 1;
}

}  // namespace

std::unique_ptr<stream> make_stream(asio::any_io_executor executor, raw_socket raw) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    if (::getsockname(raw.descriptor(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
        return {};
    tcp::socket socket(executor);
    error_code ec;
    socket.assign(address.ss_family == AF_INET6 ? tcp::v6() : tcp::v4(), raw.descriptor(), ec);
    if (ec) return {};
    SSL* const tls = raw.release().second;
    if (tls == nullptr) return make_plain_stream(std::move(socket));
    return std::make_unique<tls_stream>(std::move(socket), tls);
}

asio::awaitable<opened> tls_accept(tcp::socket socket, ssl_ctx_st& context, mono_time deadline) {
    auto made = std::make_unique<tls_stream>(std::move(socket), context);
    if (made->tls() == nullptr) co_return opened{asio::error::no_memory, nullptr};
    SSL_set_accept_state(made->tls());
    error_code const ec = co_await made->handshake(deadline);
    if (ec) co_return opened{ec, nullptr};
    co_return opened{error_code{}, std::move(made)};
}

asio::awaitable<opened> accept_stream(tcp::socket socket, std::shared_ptr<ssl_ctx_st> context) {
    if (!context) co_return opened{error_code{}, make_plain_stream(std::move(socket))};
    auto const deadline = std::chrono::steady_clock::now() + seconds(10);
    co_return co_await tls_accept(std::move(socket), *context, deadline);
}

asio::awaitable<opened> tls_connect(tcp::socket socket, ssl_ctx_st& context, std::string host,
                                    bool verify, mono_time deadline) {
    auto made = std::make_unique<tls_stream>(std::move(socket), context);
    if (made->tls() == nullptr) co_return opened{asio::error::no_memory, nullptr};
    SSL_set_connect_state(made->tls());
    if (!expect_host(made->tls(), host, verify)) {
        co_return opened{asio::error::invalid_argument, nullptr};
    }
    error_code const ec = co_await made->handshake(deadline);
    if (ec) co_return opened{ec, nullptr};
    co_return opened{error_code{}, std::move(made)};
}

}  // namespace weir
