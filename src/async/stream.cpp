#include "async/socket_wait.hpp"

#include <weir/async/stream.hpp>

#include <boost/asio/error.hpp>
#include <openssl/ssl.h>

#include <cerrno>
#include <sys/socket.h>
#include <unistd.h>

namespace weir {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

raw_socket::~raw_socket() {
    if (tls_ != nullptr) SSL_free(tls_);
    if (descriptor_ >= 0) ::close(descriptor_);
}

namespace {

bool would_block(ssize_t n) noexcept {
    return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

error_code last_error() noexcept {
    return {errno, boost::system::system_category()};
}

class plain_stream final : public stream {
public:
    explicit plain_stream(tcp::socket socket) : socket_(std::move(socket)) {
        error_code ignored;
        peer_ = socket_.remote_endpoint(ignored);
        socket_.native_non_blocking(true, ignored);
    }

    asio::awaitable<std::pair<error_code, std::size_t>> read_some(std::span<char> into,
                                                                  mono_time deadline) override {
        co_await reading_.take(socket_);
        for (;;) {
            auto const n = ::recv(socket_.native_handle(), into.data(), into.size(), 0);
            if (n > 0) co_return std::pair{error_code{}, static_cast<std::size_t>(n)};
            if (n == 0) co_return std::pair{error_code{asio::error::eof}, std::size_t{0}};
            if (!would_block(n) && errno != EINTR)
                co_return std::pair{last_error(), std::size_t{0}};
            error_code const ec = co_await wait_ready(socket_, tcp::socket::wait_read, deadline);
            if (ec) co_return std::pair{ec, std::size_t{0}};
        }
    }

    asio::awaitable<error_code> write_all(std::string_view bytes, mono_time deadline) override {
        co_await writing_.take(socket_);
        while (!bytes.empty()) {
            auto const n =
                ::send(socket_.native_handle(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (n >= 0) {
                bytes.remove_prefix(static_cast<std::size_t>(n));
                continue;
            }
            if (!would_block(n) && errno != EINTR) co_return last_error();
            error_code const ec = co_await wait_ready(socket_, tcp::socket::wait_write, deadline);
            if (ec) co_return ec;
        }
        co_return error_code{};
    }

    asio::awaitable<void> shutdown(mono_time) override {
        error_code ignored;
        socket_.shutdown(tcp::socket::shutdown_send, ignored);
        co_return;
    }

    raw_socket release() override {
        error_code ec;
        int const descriptor = socket_.release(ec);
        return ec ? raw_socket() : raw_socket(descriptor, nullptr);
    }

    void cancel() override {
        error_code ignored;
        socket_.cancel(ignored);
    }

    tcp::endpoint peer() const override { return peer_; }

private:
    tcp::socket socket_;
    tcp::endpoint peer_;
    loop_share reading_;
    loop_share writing_;
};

}  // namespace

std::unique_ptr<stream> make_plain_stream(tcp::socket socket) {
    return std::make_unique<plain_stream>(std::move(socket));
}

}  // namespace weir
