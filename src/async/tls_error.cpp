#include "async/tls_error.hpp"

#include <boost/asio/error.hpp>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <cerrno>

namespace weir {
namespace {

// Boost's base class has no virtual destructor, and needs none: categories live for ever.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"

// OpenSSL packs library and reason into 32 bits; the value of the code is that word.
class tls_category final : public boost::system::error_category {
public:
    char const* name() const noexcept override { return "weir.tls"; }
    std::string message(int value) const override {
        char const* const words = ERR_reason_error_string(static_cast<unsigned int>(value));
        return words != nullptr ? words : "TLS error";
    }
};

#pragma GCC diagnostic pop

boost::system::error_category const& category() noexcept {
    static tls_category const one;
    return one;
}

}  // namespace

tls_outcome tls_outcome_of(ssl_st* tls, int returned) noexcept {
    int const system_error = errno;
    switch (SSL_get_error(tls, returned)) {
        case SSL_ERROR_WANT_READ:
            return {tls_want::read, {}};
        case SSL_ERROR_WANT_WRITE:
            return {tls_want::write, {}};
        case SSL_ERROR_ZERO_RETURN:
            return {tls_want::nothing, boost::asio::error::eof};
        case SSL_ERROR_SYSCALL:
            if (system_error != 0) {
                return {tls_want::nothing, {system_error, boost::system::system_category()}};
            }
            return {tls_want::nothing, boost::asio::error::connection_reset};
        default: {
            auto const newest = ERR_peek_last_error();
            ERR_clear_error();
            // The peer hung up without close_notify.
            if (newest == 0 || ERR_GET_REASON(newest) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
                return {tls_want::nothing, boost::asio::error::connection_reset};
            }
            return {tls_want::nothing, {static_cast<int>(newest), category()}};
        }
    }
}

std::string tls_last_words() {
    auto const newest = ERR_peek_last_error();
    ERR_clear_error();
    char const* const words = ERR_reason_error_string(newest);
    return words != nullptr ? words : "unknown error";
}

}  // namespace weir
